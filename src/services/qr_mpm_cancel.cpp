// Service 77: cancels a QRIS. Pending -> cancelled.
//
// Source page: "Initiating cancel for GoPay QRIS transaction".
#include "services/declarations.h"
#include "services/shared_fields.h"
#include "snap/time.h"

namespace batal::services {
namespace {

using snap::FieldType;
using snap::Presence;

constexpr auto kRequest = join(
    std::array{
        optional(kOriginalPartnerReferenceNo),
        kOriginalReferenceNo,
        kOriginalExternalId,
        kMerchantId,
        snap::Field{"subMerchantId", FieldType::String, 32, Presence::Optional, "Kept"},
        snap::Field{"externalStoreId", FieldType::String, 64, Presence::Optional, "Kept"},
        snap::Field{"reason", FieldType::String, 256, Presence::Mandatory, "Why; kept"},
    },
    claimed_amount("amount", "amount.value", "amount.currency"), std::array{kAdditionalInfo});

constexpr snap::Field kAnswer[] = {
    {"originalPartnerReferenceNo", FieldType::String, 64, Presence::Optional,
     "The merchant's own identifier"},
    {"originalReferenceNo", FieldType::String, 64, Presence::Conditional,
     "The provider's reference number"},
    {"originalExternalId", FieldType::String, 32, Presence::Optional,
     "X-EXTERNAL-ID of the creation; left out if it is longer"},
    {"cancelTime", FieldType::Timestamp, 25, Presence::Conditional,
     "Sent when the transaction was cancelled"},
    {"transactionDate", FieldType::Digits, 14, Presence::Optional,
     "yyyyMMddHHmmss, UTC+7: when the transaction was created"},
    {"additionalInfo", FieldType::Object, 0, Presence::Optional, "The request's"},
};

std::expected<void, snap::Problem> to_command(const Asked& asked, payment::Command& command) {
  name_original(asked.fields, "originalExternalId", command.target);
  claim_amount(asked.fields, "amount.value", "amount.currency", command.target);
  return {};
}

void render(const payment::Event& event, snap::JsonWriter& json) {
  const payment::Transaction& transaction = *event.transaction;
  json.known("originalPartnerReferenceNo", transaction.partner_reference_no)
      .member("originalReferenceNo", transaction.reference_no);
  write_if_fits(json, "originalExternalId", transaction.external_id, 32);
  write_time(json, "cancelTime", event.at);
  json.member("transactionDate", snap::compact_local(transaction.created_at));
  repeat_member(event.call.request, "additionalInfo", json);
}

}  // namespace

constexpr Service kQrMpmCancel{
    .code = "77",
    .number = 77,
    .path = "/v1.0/qr/qr-mpm-cancel",
    .title = "Cancel a QRIS",
    .kind = payment::Kind::Qris,
    .action = payment::Action::Cancel,
    .request = kRequest,
    .answer = kAnswer,
    .to_command = to_command,
    .render_event = render,
    .render_refusal = render_original_reference_no,
};

}  // namespace batal::services
