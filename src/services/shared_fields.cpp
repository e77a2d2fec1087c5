#include "services/shared_fields.h"

#include "snap/amount.h"
#include "snap/time.h"

namespace batal::services {

using snap::Case;
using snap::Problem;

std::optional<payment::Money> amount_of(const snap::Fields& fields, std::string_view value_path,
                                        std::string_view currency_path) {
  const auto hundredths = snap::parse_loose_amount(fields.text(value_path));
  if (!hundredths) return std::nullopt;
  const std::string_view currency = fields.text(currency_path);
  return payment::Money{*hundredths, std::string(currency.empty() ? "IDR" : currency)};
}

std::expected<payment::Money, Problem> price_of(const snap::Fields& fields,
                                                std::string_view value_path,
                                                std::string_view currency_path) {
  auto price = amount_of(fields, value_path, currency_path);
  if (!price || price->hundredths == 0) {
    return std::unexpected(Problem{Case::InvalidFieldFormat, std::string(value_path)});
  }
  return *std::move(price);
}

std::optional<snap::Time> time_of(const snap::Fields& fields, std::string_view path) {
  const std::string_view text = fields.text(path);
  return text.empty() ? std::nullopt : snap::parse_timestamp(text);
}

std::expected<void, Problem> check_virtual_account(const snap::Fields& fields) {
  const std::string_view number = fields.text("virtualAccountNo");
  const std::string_view service_id = fields.text("partnerServiceId");
  if (!number.starts_with(service_id) ||
      number.substr(service_id.size()) != fields.text("customerNo")) {
    return std::unexpected(Problem{Case::InvalidFieldFormat, "virtualAccountNo"});
  }
  return {};
}

std::string amount_text(const payment::Money& amount) {
  std::string text;
  snap::append_amount(text, amount.hundredths);
  return text;
}

void write_amount(snap::JsonWriter& json, std::string_view key, const payment::Money& amount) {
  json.begin_object(key)
      .member("value", amount_text(amount))
      .member("currency", amount.currency)
      .end_object();
}

void write_time(snap::JsonWriter& json, std::string_view key, snap::Time time) {
  json.member(key, snap::timestamp(time));
}

void write_if_fits(snap::JsonWriter& json, std::string_view key, std::string_view text,
                   std::size_t length_max) {
  if (snap::code_points(text) <= length_max) json.known(key, text);
}

void render_original_reference_no(const payment::Outcome& outcome, const payment::Command&,
                                  snap::JsonWriter& json) {
  if (outcome.transaction) json.member("originalReferenceNo", outcome.transaction->reference_no);
}

std::string_view latest_transaction_status(payment::State state) {
  switch (state) {
    case payment::State::Paid:
      return "00";
    case payment::State::Authorised:
      return "01";
    case payment::State::Pending:
      return "03";
    case payment::State::Refunded:
      return "04";
    case payment::State::Cancelled:
      return "05";
    case payment::State::Failed:
      return "06";
    case payment::State::Expired:
      return "08";
  }
  return "07";
}

void render_status(const payment::Transaction& transaction, payment::State state,
                   std::string_view amount_key, std::string_view expiry_key,
                   snap::JsonWriter& json) {
  const char code[] = {static_cast<char>('0' + payment::creation_service(transaction.kind) / 10),
                       static_cast<char>('0' + payment::creation_service(transaction.kind) % 10)};
  json.member("originalReferenceNo", transaction.reference_no)
      .known("originalPartnerReferenceNo", transaction.partner_reference_no)
      .known("originalExternalId", transaction.external_id)
      .member("serviceCode", {code, sizeof code})
      .member("latestTransactionStatus", latest_transaction_status(state))
      .member("transactionStatusDesc", payment::name_of(state));
  write_amount(json, amount_key, transaction.amount);
  if (transaction.paid_at) write_time(json, "paidTime", *transaction.paid_at);
  if (transaction.refunded_at) {
    json.begin_array("refundHistory").begin_object().known("refundNo", transaction.refund_no);
    json.member("refundStatus", "00");
    write_amount(json, "refundAmount", transaction.amount);
    write_time(json, "refundDate", *transaction.refunded_at);
    json.end_object().end_array();
  }
  json.begin_object("additionalInfo");
  write_time(json, expiry_key, transaction.expires_at);
  json.end_object();
}

}  // namespace batal::services
