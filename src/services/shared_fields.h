// What several services declare, take and answer alike.
#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "payment/command.h"
#include "payment/transaction.h"
#include "services/service.h"
#include "snap/field.h"
#include "snap/json_writer.h"
#include "snap/time.h"

namespace batal::services {

// Fields with the same meaning and limits wherever they are declared.
inline constexpr snap::Field kOriginalReferenceNo{
    "originalReferenceNo", snap::FieldType::String, 64, snap::Presence::OneOf,
    "The provider's reference number. Identifies, if originalExternalId is given as well"};
inline constexpr snap::Field kOriginalExternalId{
    "originalExternalId", snap::FieldType::String, 36, snap::Presence::OneOf,
    "X-EXTERNAL-ID of the call that created the transaction"};
// Pre-auth services have it under additionalInfo; the source page's sample shows a second spelling.
inline constexpr snap::Field kNestedOriginalExternalId{
    "additionalInfo.originalExternalId",
    snap::FieldType::String,
    36,
    snap::Presence::OneOf,
    "X-EXTERNAL-ID of the call that created the hold",
    {"additionalData.originalExternalId", "originalExternalId"}};
inline constexpr snap::Field kOriginalPartnerReferenceNo{
    "originalPartnerReferenceNo", snap::FieldType::String, 64, snap::Presence::Mandatory,
    "The merchant's own identifier; must agree with the transaction's"};
inline constexpr snap::Field kPartnerReferenceNo{
    "partnerReferenceNo", snap::FieldType::String, 64, snap::Presence::Mandatory,
    "The merchant's own identifier; need not be unique"};
inline constexpr snap::Field kMerchantId{"merchantId", snap::FieldType::String, 64,
                                         snap::Presence::Mandatory,
                                         "One of the partner's merchants"};
inline constexpr snap::Field kServiceCode{"serviceCode", snap::FieldType::String, 2,
                                          snap::Presence::Optional,
                                          "Service code of the creation; not compared"};
inline constexpr snap::Field kAdditionalInfo{"additionalInfo", snap::FieldType::Object, 0,
                                             snap::Presence::Optional, "Anything else; kept"};

// The virtual account's four.
inline constexpr snap::Field kPartnerServiceId{
    "partnerServiceId", snap::FieldType::PaddedDigits, 8, snap::Presence::Mandatory,
    "Company code, 8 characters, left-padded with spaces"};
inline constexpr snap::Field kCustomerNo{"customerNo", snap::FieldType::Digits, 20,
                                         snap::Presence::Mandatory, "Unique number"};
inline constexpr snap::Field kVirtualAccountNo{"virtualAccountNo", snap::FieldType::String, 28,
                                               snap::Presence::Mandatory,
                                               "partnerServiceId + customerNo"};
inline constexpr snap::Field kTrxId{"trxId", snap::FieldType::String, 64, snap::Presence::Mandatory,
                                    "The partner's identifier of the virtual account; unique"};
inline constexpr snap::Field kVaMerchantId{
    "additionalInfo.merchantId", snap::FieldType::String,          64,
    snap::Presence::Mandatory,   "One of the partner's merchants", {"additionalInfo.merchant_id"}};

constexpr snap::Field optional(snap::Field field) {
  field.presence = snap::Presence::Optional;
  return field;
}
constexpr snap::Field mandatory(snap::Field field) {
  field.presence = snap::Presence::Mandatory;
  return field;
}

// Joins field tables.
template <std::size_t... Sizes>
constexpr auto join(const std::array<snap::Field, Sizes>&... tables) {
  std::array<snap::Field, (Sizes + ...)> joined{};
  auto end = joined.begin();
  ((end = std::ranges::copy(tables, end).out), ...);
  return joined;
}

// An amount that the caller may name to be sure of it.
constexpr std::array<snap::Field, 3> claimed_amount(std::string_view object, std::string_view value,
                                                    std::string_view currency) {
  using snap::FieldType;
  using snap::Presence;
  return {{
      {object, FieldType::Object, 0, Presence::Optional, "Must be the transaction's, if given"},
      {value, FieldType::Amount, 17, Presence::Optional, "Digits with two decimals"},
      {currency, FieldType::Currency, 3, Presence::Optional, "IDR if a value is given without it"},
  }};
}

// What a creation is priced at.
constexpr std::array<snap::Field, 3> price(std::string_view object, std::string_view value,
                                           std::string_view currency) {
  using snap::FieldType;
  using snap::Presence;
  return {{
      {object, FieldType::Object, 0, Presence::Optional, "The price"},
      {value, FieldType::LooseAmount, 17, Presence::Mandatory, "1500 or 1500.00, more than zero"},
      {currency, FieldType::Currency, 3, Presence::Optional, "IDR if absent"},
  }};
}

// An amount in an answer.
constexpr std::array<snap::Field, 3> told_amount(std::string_view object, std::string_view value,
                                                 std::string_view currency,
                                                 snap::Presence presence) {
  using snap::FieldType;
  return {{
      {object, FieldType::Object, 0, presence, "The transaction's amount"},
      {value, FieldType::Amount, 17, presence, "Digits with two decimals"},
      {currency, FieldType::Currency, 3, presence, "IDR"},
  }};
}

// The original transaction as 57, 77, 67, 65 and the queries name it: the fields that a service
// does not declare are not given.
void name_original(const snap::Fields& fields, std::string_view external_id_path,
                   payment::Target& target);

// What a caller says a virtual account is.
void claim_account(const snap::Fields& fields, payment::Target& target);

void claim_amount(const snap::Fields& fields, std::string_view value_path,
                  std::string_view currency_path, payment::Target& target);

// A creation's amount: no currency means IDR; not nothing (InvalidFieldFormat otherwise).
std::expected<payment::Money, snap::Problem> price_of(const snap::Fields& fields,
                                                      std::string_view value_path,
                                                      std::string_view currency_path);

// What all creations begin with: the price, a new reference number, and, where the service declares
// them, partnerReferenceNo and merchantId.
std::expected<void, snap::Problem> begin_draft(const Asked& asked, std::string_view value_path,
                                               std::string_view currency_path,
                                               payment::Transaction& draft);

std::optional<snap::Time> time_of(const snap::Fields& fields, std::string_view path);

// 27 and 31: the number is made of the two others, and their service id is the partner's.
std::expected<void, snap::Problem> check_virtual_account(const snap::Fields& fields);

void write_amount(snap::JsonWriter& json, std::string_view key, const payment::Money& amount);
std::string amount_text(const payment::Money& amount);  // 1500.00
void write_time(snap::JsonWriter& json, std::string_view key, snap::Time time);

// An optional identifier that does not fit its column in the answer is left out, never cut.
void write_if_fits(snap::JsonWriter& json, std::string_view key, std::string_view text,
                   std::size_t length_max);

// 403xx15 of 57, 77 and 67.
void render_original_reference_no(const payment::Outcome& outcome, const payment::Command& command,
                                  snap::JsonWriter& json);

// What 55, 51 and 64 answer first, and what they declare of it.
void write_status(const payment::Transaction& transaction, payment::State state,
                  snap::JsonWriter& json);
inline constexpr std::array<snap::Field, 6> kStatusAnswer{{
    {"originalReferenceNo", snap::FieldType::String, 64, snap::Presence::Conditional,
     "The provider's reference number"},
    {"originalPartnerReferenceNo", snap::FieldType::String, 64, snap::Presence::Optional,
     "The merchant's own identifier"},
    {"originalExternalId", snap::FieldType::String, 36, snap::Presence::Optional,
     "X-EXTERNAL-ID of the creation"},
    {"serviceCode", snap::FieldType::String, 2, snap::Presence::Mandatory,
     "Service code of the creation"},
    {"latestTransactionStatus", snap::FieldType::String, 2, snap::Presence::Mandatory,
     "00 paid, 01 authorised, 03 pending, 04 refunded, 05 cancelled, 06 failed, 08 expired"},
    {"transactionStatusDesc", snap::FieldType::String, 50, snap::Presence::Optional,
     "The same in a word"},
}};
inline constexpr snap::Field kPaidTime{"paidTime", snap::FieldType::Timestamp, 25,
                                       snap::Presence::Conditional, "When it was paid or captured"};

// The refund, in a list of one; nothing if there was none.
void write_refund_history(const payment::Transaction& transaction, snap::JsonWriter& json);
inline constexpr std::string_view kRefundHistory =
    "When refunded: refundNo, partnerReferenceNo, refundStatus, refundAmount, refundDate";

// Members of a request, by path, as one JSON object under their last names; empty if none is given.
std::string details_of(const snap::Fields& fields, std::initializer_list<std::string_view> paths);

// Writes the member of a JSON object, if it is there and neither null, "" nor {}.
void repeat_member(std::string_view object, std::string_view key, snap::JsonWriter& json);

// The first members of virtualAccountData in 27 and 31, and its additionalInfo.
void write_account(const payment::Transaction& account, snap::JsonWriter& json);
void write_account_merchant(const payment::Transaction& account, snap::JsonWriter& json);

// 00 paid, 01 authorised, 03 pending, 04 refunded, 05 cancelled, 06 failed, 08 expired.
std::string_view latest_transaction_status(payment::State state);

}  // namespace batal::services
