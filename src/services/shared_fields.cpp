#include "services/shared_fields.h"

#include <boost/algorithm/string/case_conv.hpp>

#include "snap/amount.h"
#include "snap/identifier.h"
#include "snap/minify.h"
#include "snap/time.h"

namespace batal::services {

using snap::Case;
using snap::Problem;

constexpr std::string_view kIdr = "IDR";

namespace {

// ISO 4217, whichever letters it came in.
std::string currency_of(std::string_view text) {
  return boost::to_upper_copy(std::string(text), std::locale::classic());
}

}  // namespace

void name_original(const snap::Fields& fields, std::string_view external_id_path,
                   payment::Target& target) {
  target.reference_no = fields.text("originalReferenceNo");
  target.external_id = fields.text(external_id_path);
  target.partner_reference_no = fields.text("originalPartnerReferenceNo");
  target.merchant_id = fields.text("merchantId");
}

void claim_account(const snap::Fields& fields, payment::Target& target) {
  target.merchant_id = fields.text(kVaMerchantId.path);
  target.partner_service_id = fields.text(kPartnerServiceId.path);
  target.customer_no = fields.text(kCustomerNo.path);
  target.virtual_account_no = fields.text(kVirtualAccountNo.path);
}

void claim_amount(const snap::Fields& fields, std::string_view value_path,
                  std::string_view currency_path, payment::Target& target) {
  target.amount_hundredths = snap::parse_amount(fields.text(value_path));
  target.currency = currency_of(fields.text(currency_path));
  if (target.amount_hundredths && target.currency.empty()) target.currency = kIdr;
}

std::expected<payment::Money, Problem> price_of(const snap::Fields& fields,
                                                std::string_view value_path,
                                                std::string_view currency_path) {
  const std::int64_t hundredths = snap::parse_loose_amount(fields.text(value_path)).value_or(0);
  if (hundredths == 0) {
    return std::unexpected(Problem{Case::InvalidFieldFormat, std::string(value_path)});
  }
  std::string currency = currency_of(fields.text(currency_path));
  return payment::Money{hundredths, currency.empty() ? std::string(kIdr) : std::move(currency)};
}

std::expected<void, Problem> begin_draft(const Asked& asked, std::string_view value_path,
                                         std::string_view currency_path,
                                         payment::Transaction& draft) {
  auto price = price_of(asked.fields, value_path, currency_path);
  if (!price) return std::unexpected(std::move(price).error());
  draft.amount = *std::move(price);
  draft.reference_no = snap::new_reference_no(asked.now);
  draft.partner_reference_no = asked.fields.text("partnerReferenceNo");
  draft.merchant_id = asked.fields.text("merchantId");
  return {};
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

void write_status(const payment::Transaction& transaction, payment::State state,
                  snap::JsonWriter& json) {
  const std::string service = std::to_string(payment::creation_service(transaction.kind));
  json.member("originalReferenceNo", transaction.reference_no)
      .known("originalPartnerReferenceNo", transaction.partner_reference_no)
      .known("originalExternalId", transaction.external_id)
      .member("serviceCode", service)
      .member("latestTransactionStatus", latest_transaction_status(state))
      .member("transactionStatusDesc", payment::name_of(state));
}

void write_refund_history(const payment::Transaction& transaction, snap::JsonWriter& json) {
  if (!transaction.refunded_at) return;
  json.begin_array("refundHistory")
      .begin_object()
      .known("refundNo", transaction.refund_no)
      .known("partnerReferenceNo", transaction.partner_reference_no)
      .member("refundStatus", "00");
  write_amount(json, "refundAmount", transaction.amount);
  write_time(json, "refundDate", *transaction.refunded_at);
  json.end_object().end_array();
}

std::string details_of(const snap::Fields& fields, std::initializer_list<std::string_view> paths) {
  std::string details;
  std::string minified;
  snap::JsonWriter json(details);
  json.begin_object();
  for (const std::string_view path : paths) {
    const snap::JsonValue* value = fields.find(path);
    if (value == nullptr) continue;
    const std::string_view key = path.substr(path.rfind('.') + 1);
    if (value->kind == snap::JsonKind::String) {
      json.member(key, value->text);
    } else {
      snap::minify(value->text, minified);
      json.raw(key, minified);
    }
  }
  json.end_object();
  return details == "{}" ? std::string() : details;
}

void repeat_member(std::string_view object, std::string_view key, snap::JsonWriter& json) {
  thread_local snap::Document document;
  if (!object.contains(key)) return;  // most objects do not hold it, and need no parsing
  document.parse(object);
  const snap::JsonValue* value = document.find(key);
  if (value == nullptr || snap::is_absent(*value)) return;
  if (value->kind == snap::JsonKind::String) {
    json.member(key, value->text);
  } else {
    json.raw(key, value->text);
  }
}

void write_account(const payment::Transaction& account, snap::JsonWriter& json) {
  json.member("partnerServiceId", account.partner_service_id)
      .member("customerNo", account.customer_no)
      .member("virtualAccountNo", account.virtual_account_no);
}

void write_account_merchant(const payment::Transaction& account, snap::JsonWriter& json) {
  json.begin_object("additionalInfo").member("merchantId", account.merchant_id).end_object();
}

}  // namespace batal::services
