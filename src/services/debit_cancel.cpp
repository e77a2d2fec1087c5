// Service 57: cancels a debit payment. Pending -> cancelled.
//
// Source page: "Initiating cancel for GoPay and GoPay Tokenization (non Pre-Auth) transaction".
#include "services/declarations.h"
#include "services/shared_fields.h"

namespace batal::services {
namespace {

using snap::FieldType;
using snap::Presence;

constexpr snap::Field kRequest[] = {
    kOriginalReferenceNo,
    kOriginalExternalId,
    kOriginalPartnerReferenceNo,
};

// The official clients' samples leave originalPartnerReferenceNo out.
constexpr snap::Field kLenientRequest[] = {
    kOriginalReferenceNo,
    kOriginalExternalId,
    optional(kOriginalPartnerReferenceNo),
};

constexpr snap::Field kAnswer[] = {
    {"originalReferenceNo", FieldType::String, 256, Presence::Mandatory,
     "The provider's reference number"},
    {"cancelTime", FieldType::Timestamp, 25, Presence::Conditional,
     "Sent when the transaction was cancelled"},
};

std::expected<void, snap::Problem> to_command(const Asked& asked, payment::Command& command) {
  name_original(asked.fields, "originalExternalId", command.target);
  return {};
}

void render(const payment::Event& event, snap::JsonWriter& json) {
  json.member("originalReferenceNo", event.transaction->reference_no);
  write_time(json, "cancelTime", event.at);
}

}  // namespace

constexpr Service kDebitCancel{
    .code = "57",
    .number = 57,
    .path = "/v1.0/debit/cancel",
    .title = "Cancel a debit payment",
    .kind = payment::Kind::Debit,
    .action = payment::Action::Cancel,
    .request = kRequest,
    .answer = kAnswer,
    .to_command = to_command,
    .render_event = render,
    .render_refusal = render_original_reference_no,
    .lenient_request = kLenientRequest,
};

}  // namespace batal::services
