// Service 51: tells how a QRIS stands.
#include "services/declarations.h"
#include "services/shared_fields.h"

namespace batal::services {
namespace {

using snap::FieldType;
using snap::Presence;

constexpr snap::Field kRequest[] = {
    kOriginalReferenceNo,  kOriginalExternalId, optional(kOriginalPartnerReferenceNo),
    optional(kMerchantId), kServiceCode,        kAdditionalInfo,
};

constexpr auto kAnswer = join(
    kStatusAnswer, told_amount("amount", "amount.value", "amount.currency", Presence::Mandatory),
    std::array{
        kPaidTime,
        snap::Field{"terminalId", FieldType::String, 16, Presence::Optional, "The creation's"},
        snap::Field{"additionalInfo.validityPeriod", FieldType::Timestamp, 25, Presence::Optional,
                    "When it expires"},
        snap::Field{"additionalInfo.refundHistory", FieldType::Array, 0, Presence::Conditional,
                    kRefundHistory},
    });

std::expected<void, snap::Problem> to_command(const Asked& asked, payment::Command& command) {
  name_original(asked.fields, "originalExternalId", command.target);
  return {};
}

void render(const payment::Transaction& transaction, payment::State state, snap::JsonWriter& json) {
  write_status(transaction, state, json);
  write_amount(json, "amount", transaction.amount);
  if (transaction.paid_at) write_time(json, "paidTime", *transaction.paid_at);
  repeat_member(transaction.details, "terminalId", json);
  json.begin_object("additionalInfo");
  write_time(json, "validityPeriod", transaction.expires_at);
  write_refund_history(transaction, json);
  json.end_object();
}

}  // namespace

constexpr Service kQrMpmQuery{
    .code = "51",
    .number = 51,
    .path = "/v1.0/qr/qr-mpm-query",
    .title = "Query a QRIS",
    .kind = payment::Kind::Qris,
    .action = payment::Action::Query,
    .request = kRequest,
    .answer = kAnswer,
    .to_command = to_command,
    .render_state = render,
};

}  // namespace batal::services
