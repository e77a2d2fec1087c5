// Service 67: releases a hold. Authorised -> cancelled.
//
// Source page: "Initiating cancel for GoPay Tokenization (Pre Auth) transaction".
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
    {"partnerVoidNo", FieldType::String, 64, Presence::Mandatory,
     "The partner's identifier of the void; echoed, no key"},
    {"reason", FieldType::String, 256, Presence::Optional, "Why; kept"},
    kAdditionalInfo,
};

constexpr auto kAnswer = join(
    std::array{
        snap::Field{"originalReferenceNo", FieldType::String, 256, Presence::Optional,
                    "The provider's reference number"},
        snap::Field{"originalPartnerReferenceNo", FieldType::String, 32, Presence::Optional,
                    "The merchant's own identifier; left out if it is longer"},
        snap::Field{"voidNo", FieldType::String, 64, Presence::Conditional,
                    "The provider's identifier of the void"},
        snap::Field{"partnerVoidNo", FieldType::String, 64, Presence::Mandatory, "The request's"},
    },
    told_amount("voidAmount", "voidAmount.value", "voidAmount.currency", Presence::Optional),
    std::array{snap::Field{"voidTime", FieldType::Timestamp, 25, Presence::Conditional,
                           "Sent when the hold was released"}});

std::expected<void, snap::Problem> to_command(const Asked& asked, payment::Command& command) {
  name_original(asked.fields, "additionalInfo.originalExternalId", command.target);
  command.partner_action_no = asked.fields.text("partnerVoidNo");
  command.action_no = snap::new_reference_no(asked.now);
  return {};
}

void render(const payment::Event& event, snap::JsonWriter& json) {
  const payment::Transaction& transaction = *event.transaction;
  json.member("originalReferenceNo", transaction.reference_no);
  write_if_fits(json, "originalPartnerReferenceNo", transaction.partner_reference_no, 32);
  json.member("voidNo", event.action_no).member("partnerVoidNo", event.partner_action_no);
  write_amount(json, "voidAmount", transaction.amount);
  write_time(json, "voidTime", event.at);
}

void render_refusal(const payment::Outcome& outcome, const payment::Command& command,
                    snap::JsonWriter& json) {
  render_original_reference_no(outcome, command, json);
  json.member("partnerVoidNo", command.partner_action_no);
}

}  // namespace

constexpr Service kAuthVoid{
    .code = "67",
    .number = 67,
    .path = "/v1.0/auth/void",
    .title = "Release a hold",
    .kind = payment::Kind::Hold,
    .action = payment::Action::Cancel,
    .request = kRequest,
    .answer = kAnswer,
    .to_command = to_command,
    .render_event = render,
    .render_refusal = render_refusal,
};

}  // namespace batal::services
