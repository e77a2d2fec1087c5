// What several services declare, take and answer alike.
#pragma once

#include <array>
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

// The amount at `path`.value and `path`.currency; no currency means IDR. None if absent.
std::optional<payment::Money> amount_of(const snap::Fields& fields, std::string_view value_path,
                                        std::string_view currency_path);

// A creation's amount: as above, and more than nothing (InvalidFieldFormat otherwise).
std::expected<payment::Money, snap::Problem> price_of(const snap::Fields& fields,
                                                      std::string_view value_path,
                                                      std::string_view currency_path);

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

// 55, 51 and 64 answer alike, but for the name of the amount.
void render_status(const payment::Transaction& transaction, payment::State state,
                   std::string_view amount_key, std::string_view expiry_key,
                   snap::JsonWriter& json);

// What they declare to answer.
constexpr std::array<snap::Field, 13> status_answer(std::string_view amount, std::string_view value,
                                                    std::string_view currency,
                                                    std::string_view expiry) {
  using snap::FieldType;
  using snap::Presence;
  return {{
      {"originalReferenceNo", FieldType::String, 64, Presence::Conditional,
       "The provider's reference number"},
      {"originalPartnerReferenceNo", FieldType::String, 64, Presence::Optional,
       "The merchant's own identifier"},
      {"originalExternalId", FieldType::String, 36, Presence::Optional,
       "X-EXTERNAL-ID of the creation"},
      {"serviceCode", FieldType::String, 2, Presence::Mandatory, "Service code of the creation"},
      {"latestTransactionStatus", FieldType::String, 2, Presence::Mandatory,
       "00 paid, 01 authorised, 03 pending, 04 refunded, 05 cancelled, 06 failed, 08 expired"},
      {"transactionStatusDesc", FieldType::String, 50, Presence::Optional, "The same in a word"},
      {amount, FieldType::Object, 0, Presence::Mandatory, "The amount"},
      {value, FieldType::Amount, 17, Presence::Mandatory, "Digits with two decimals"},
      {currency, FieldType::Currency, 3, Presence::Mandatory, "IDR"},
      {"paidTime", FieldType::Timestamp, 25, Presence::Conditional, "When it was paid or captured"},
      {"refundHistory", FieldType::Array, 0, Presence::Conditional,
       "When refunded: refundNo, refundStatus, refundAmount, refundDate"},
      {"additionalInfo", FieldType::Object, 0, Presence::Optional, "When it expires"},
      {expiry, FieldType::Timestamp, 25, Presence::Optional, "When it expires"},
  }};
}

// 00 paid, 01 authorised, 03 pending, 04 refunded, 05 cancelled, 06 failed, 08 expired.
std::string_view latest_transaction_status(payment::State state);

}  // namespace batal::services
