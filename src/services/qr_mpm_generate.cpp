// Service 47: creates a QRIS. -> pending.
#include "services/declarations.h"
#include "services/qr_content.h"
#include "services/shared_fields.h"

namespace batal::services {
namespace {

using snap::FieldType;
using snap::Presence;

constexpr auto kRequest =
    join(std::array{kPartnerReferenceNo}, price("amount", "amount.value", "amount.currency"),
         std::array{
             kMerchantId,
             snap::Field{"subMerchantId", FieldType::String, 32, Presence::Optional, "Kept"},
             snap::Field{"storeId", FieldType::String, 64, Presence::Optional, "Kept"},
             snap::Field{"terminalId", FieldType::String, 16, Presence::Optional, "Repeated by 51"},
             snap::Field{"validityPeriod", FieldType::Timestamp, 0, Presence::Optional,
                         "When it expires: from 20 s to 180 days ahead; 15 minutes if absent"},
             kAdditionalInfo,
         });

constexpr snap::Field kAnswer[] = {
    {"referenceNo", FieldType::String, 64, Presence::Conditional,
     "The provider's reference number"},
    {"partnerReferenceNo", FieldType::String, 64, Presence::Optional, "The request's"},
    {"qrContent", FieldType::String, 512, Presence::Conditional,
     "The text of the QR code; a code of no real network"},
    {"additionalInfo.validityPeriod", FieldType::Timestamp, 25, Presence::Optional,
     "When it expires"},
};

std::expected<void, snap::Problem> to_command(const Asked& asked, payment::Command& command) {
  if (auto begun = begin_draft(asked, "amount.value", "amount.currency", command.draft); !begun)
    return begun;
  command.draft.details = details_of(asked.fields, {"terminalId"});
  command.valid_until = time_of(asked.fields, "validityPeriod");
  return {};
}

void render(const payment::Event& event, snap::JsonWriter& json) {
  const payment::Transaction& transaction = *event.transaction;
  json.member("referenceNo", transaction.reference_no)
      .member("partnerReferenceNo", transaction.partner_reference_no)
      .member("qrContent", qr_content(transaction))
      .begin_object("additionalInfo");
  write_time(json, "validityPeriod", transaction.expires_at);
  json.end_object();
}

}  // namespace

constexpr Service kQrMpmGenerate{
    .code = "47",
    .number = 47,
    .path = "/v1.0/qr/qr-mpm-generate",
    .title = "Create a QRIS",
    .kind = payment::Kind::Qris,
    .action = payment::Action::Create,
    .request = kRequest,
    .answer = kAnswer,
    .to_command = to_command,
    .render_event = render,
    .expiry_field = "validityPeriod",
};

}  // namespace batal::services
