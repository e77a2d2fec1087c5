// Service 65: captures a hold in full. Authorised -> paid.
#include "services/declarations.h"
#include "services/shared_fields.h"
#include "snap/identifier.h"

namespace batal::services {
namespace {

using snap::FieldType;
using snap::Presence;

constexpr auto kRequest = join(
    std::array{
        kOriginalReferenceNo,
        kNestedOriginalExternalId,
        kOriginalPartnerReferenceNo,
        kMerchantId,
        snap::Field{"partnerCaptureNo", FieldType::String, 64, Presence::Mandatory,
                    "The partner's identifier of the capture; echoed, no key"},
        snap::Field{"title", FieldType::String, 256, Presence::Optional, "Kept"},
    },
    claimed_amount("captureAmount", "captureAmount.value", "captureAmount.currency"),
    std::array{kAdditionalInfo});

constexpr auto kAnswer = join(
    std::array{
        snap::Field{"originalReferenceNo", FieldType::String, 256, Presence::Optional,
                    "The provider's reference number"},
        snap::Field{"originalPartnerReferenceNo", FieldType::String, 64, Presence::Optional,
                    "The merchant's own identifier"},
        snap::Field{"captureNo", FieldType::String, 64, Presence::Conditional,
                    "The provider's identifier of the capture"},
        snap::Field{"partnerCaptureNo", FieldType::String, 64, Presence::Mandatory,
                    "The request's"},
    },
    told_amount("captureAmount", "captureAmount.value", "captureAmount.currency",
                Presence::Optional),
    std::array{snap::Field{"captureTime", FieldType::Timestamp, 25, Presence::Conditional,
                           "Sent when the hold was captured"}});

std::expected<void, snap::Problem> to_command(const Asked& asked, payment::Command& command) {
  name_original(asked.fields, "additionalInfo.originalExternalId", command.target);
  claim_amount(asked.fields, "captureAmount.value", "captureAmount.currency", command.target);
  command.partner_action_no = asked.fields.text("partnerCaptureNo");
  command.action_no = snap::new_reference_no(asked.now);
  return {};
}

void render(const payment::Event& event, snap::JsonWriter& json) {
  const payment::Transaction& transaction = *event.transaction;
  json.member("originalReferenceNo", transaction.reference_no)
      .known("originalPartnerReferenceNo", transaction.partner_reference_no)
      .member("captureNo", event.action_no)
      .member("partnerCaptureNo", event.partner_action_no);
  write_amount(json, "captureAmount", transaction.amount);
  write_time(json, "captureTime", event.at);
}

}  // namespace

constexpr Service kAuthCapture{
    .code = "65",
    .number = 65,
    .path = "/v1.0/auth/capture",
    .title = "Capture a hold in full",
    .kind = payment::Kind::Hold,
    .action = payment::Action::Capture,
    .request = kRequest,
    .answer = kAnswer,
    .to_command = to_command,
    .render_event = render,
};

}  // namespace batal::services
