// Service 54: creates a debit payment. -> pending.
#include "services/declarations.h"
#include "services/shared_fields.h"

namespace batal::services {
namespace {

using snap::FieldType;
using snap::Presence;

constexpr std::string_view kValue = "payOptionDetails.transAmount.value";
constexpr std::string_view kCurrency = "payOptionDetails.transAmount.currency";

constexpr snap::Field kRequest[] = {
    kPartnerReferenceNo,
    {"payOptionDetails", FieldType::Array, 1, Presence::Optional,
     "How it is paid: one element; repeated by 55"},
    {kValue,
     FieldType::LooseAmount,
     17,
     Presence::Mandatory,
     "1500 or 1500.00, more than zero",
     {"amount.value"}},
    {kCurrency, FieldType::Currency, 3, Presence::Optional, "IDR if absent", {"amount.currency"}},
    {"chargeToken", FieldType::String, 40, Presence::Optional, "Kept"},
    optional(kMerchantId),
    {"validUpTo", FieldType::Timestamp, 0, Presence::Optional,
     "When it expires: from 20 s to 180 days ahead; 15 minutes if absent"},
    {"urlParam", FieldType::Any, 0, Presence::Optional, "Kept"},
    {"urlParams", FieldType::Any, 0, Presence::Optional, "Kept"},
    kAdditionalInfo,
    {"additionalInfo.metadata", FieldType::Any, 0, Presence::Optional, "Repeated by 55"},
};

constexpr snap::Field kAnswer[] = {
    {"referenceNo", FieldType::String, 256, Presence::Conditional,
     "The provider's reference number"},
    {"partnerReferenceNo", FieldType::String, 64, Presence::Optional, "The request's"},
    {"additionalInfo.grossAmount", FieldType::Amount, 17, Presence::Optional, "The amount"},
    {"additionalInfo.transactionTime", FieldType::Timestamp, 25, Presence::Optional,
     "When it was created"},
    {"additionalInfo.validUpTo", FieldType::Timestamp, 25, Presence::Optional, "When it expires"},
};

std::expected<void, snap::Problem> to_command(const Asked& asked, payment::Command& command) {
  if (auto begun = begin_draft(asked, kValue, kCurrency, command.draft); !begun) return begun;
  command.draft.details = details_of(asked.fields, {"payOptionDetails", "additionalInfo.metadata"});
  command.valid_until = time_of(asked.fields, "validUpTo");
  return {};
}

void render(const payment::Event& event, snap::JsonWriter& json) {
  const payment::Transaction& transaction = *event.transaction;
  json.member("referenceNo", transaction.reference_no)
      .member("partnerReferenceNo", transaction.partner_reference_no)
      .begin_object("additionalInfo")
      .member("grossAmount", amount_text(transaction.amount));
  write_time(json, "transactionTime", transaction.created_at);
  write_time(json, "validUpTo", transaction.expires_at);
  json.end_object();
}

}  // namespace

constexpr Service kDebitPayment{
    .code = "54",
    .number = 54,
    .path = "/v1.0/debit/payment-host-to-host",
    .title = "Create a debit payment",
    .kind = payment::Kind::Debit,
    .action = payment::Action::Create,
    .request = kRequest,
    .answer = kAnswer,
    .to_command = to_command,
    .render_event = render,
    .expiry_field = "validUpTo",
};

}  // namespace batal::services
