// Service 65: captures a hold in full. Authorised -> paid.
#include "services/declarations.h"
#include "services/shared_fields.h"
#include "snap/identifier.h"

namespace batal::services {
namespace {

using snap::FieldType;
using snap::Presence;

constexpr snap::Field kRequest[] = {
    kOriginalReferenceNo,
    kNestedOriginalExternalId,
    kOriginalPartnerReferenceNo,
    kMerchantId,
    {"partnerCaptureNo", FieldType::String, 64, Presence::Mandatory,
     "The partner's identifier of the capture; echoed, no key"},
    {"title", FieldType::String, 256, Presence::Optional, "Kept"},
    {"captureAmount", FieldType::Object, 0, Presence::Optional,
     "Must be the hold's, if given: captures are in full"},
    {"captureAmount.value", FieldType::Amount, 17, Presence::WithParent,
     "Digits with two decimals"},
    {"captureAmount.currency", FieldType::Currency, 3, Presence::Optional, "IDR if absent"},
    kAdditionalInfo,
};

constexpr snap::Field kAnswer[] = {
    {"originalReferenceNo", FieldType::String, 256, Presence::Optional,
     "The provider's reference number"},
    {"originalPartnerReferenceNo", FieldType::String, 64, Presence::Optional,
     "The merchant's own identifier"},
    {"captureNo", FieldType::String, 64, Presence::Conditional,
     "The provider's identifier of the capture"},
    {"partnerCaptureNo", FieldType::String, 64, Presence::Mandatory, "The request's"},
    {"captureAmount", FieldType::Object, 0, Presence::Optional, "What was captured"},
    {"captureAmount.value", FieldType::Amount, 17, Presence::Optional, "Digits with two decimals"},
    {"captureAmount.currency", FieldType::Currency, 3, Presence::Optional, "IDR"},
    {"captureTime", FieldType::Timestamp, 25, Presence::Conditional,
     "Sent when the hold was captured"},
};

std::expected<void, snap::Problem> to_command(const Asked& asked, payment::Command& command) {
  command.target.reference_no = asked.fields.text("originalReferenceNo");
  command.target.external_id = asked.fields.text("additionalInfo.originalExternalId");
  command.target.partner_reference_no = asked.fields.text("originalPartnerReferenceNo");
  command.target.merchant_id = asked.fields.text("merchantId");
  command.target.amount = amount_of(asked.fields, "captureAmount.value", "captureAmount.currency");
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
