// Service 63: holds an amount. -> authorised.
#include "services/declarations.h"
#include "services/shared_fields.h"

namespace batal::services {
namespace {

using snap::FieldType;
using snap::Presence;

constexpr auto kRequest =
    join(std::array{kPartnerReferenceNo, kMerchantId},
         price("amount", "amount.value", "amount.currency"),
         std::array{
             snap::Field{"title", FieldType::String, 256, Presence::Optional, "Kept"},
             snap::Field{"validUpTo",
                         FieldType::Timestamp,
                         0,
                         Presence::Optional,
                         "When it expires: from 20 s to 180 days ahead; 7 days if absent",
                         {"additionalInfo.validUpTo"}},
             kAdditionalInfo,
         });

constexpr snap::Field kAnswer[] = {
    {"referenceNo", FieldType::String, 256, Presence::Conditional,
     "The provider's reference number"},
    {"partnerReferenceNo", FieldType::String, 64, Presence::Optional, "The request's"},
    {"additionalInfo.transactionStatus", FieldType::String, 2, Presence::Optional,
     "01: authorised"},
    {"additionalInfo.validUpTo", FieldType::Timestamp, 25, Presence::Optional, "When it expires"},
};

std::expected<void, snap::Problem> to_command(const Asked& asked, payment::Command& command) {
  if (auto begun = begin_draft(asked, "amount.value", "amount.currency", command.draft); !begun)
    return begun;
  command.valid_until = time_of(asked.fields, "validUpTo");
  return {};
}

void render(const payment::Event& event, snap::JsonWriter& json) {
  const payment::Transaction& transaction = *event.transaction;
  json.member("referenceNo", transaction.reference_no)
      .member("partnerReferenceNo", transaction.partner_reference_no)
      .begin_object("additionalInfo")
      .member("transactionStatus", latest_transaction_status(transaction.state));
  write_time(json, "validUpTo", transaction.expires_at);
  json.end_object();
}

}  // namespace

constexpr Service kAuthPayment{
    .code = "63",
    .number = 63,
    .path = "/v1.0/auth/payment",
    .title = "Hold an amount",
    .kind = payment::Kind::Hold,
    .action = payment::Action::Create,
    .request = kRequest,
    .answer = kAnswer,
    .to_command = to_command,
    .render_event = render,
    .expiry_field = "validUpTo",
};

}  // namespace batal::services
