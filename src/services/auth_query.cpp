// Service 64: tells how a hold stands.
#include "services/declarations.h"
#include "services/shared_fields.h"

namespace batal::services {
namespace {

using snap::FieldType;
using snap::Presence;

constexpr snap::Field kRequest[] = {
    kOriginalReferenceNo,
    kNestedOriginalExternalId,
    optional(kOriginalPartnerReferenceNo),
    optional(kMerchantId),
    kServiceCode,
    kAdditionalInfo,
};

constexpr auto kAnswer = join(
    kStatusAnswer, told_amount("amount", "amount.value", "amount.currency", Presence::Mandatory),
    std::array{
        kPaidTime,
        snap::Field{"refundHistory", FieldType::Array, 0, Presence::Conditional, kRefundHistory},
        snap::Field{"additionalInfo.validUpTo", FieldType::Timestamp, 25, Presence::Optional,
                    "When it expires"},
    });

std::expected<void, snap::Problem> to_command(const Asked& asked, payment::Command& command) {
  name_original(asked.fields, "additionalInfo.originalExternalId", command.target);
  return {};
}

void render(const payment::Transaction& transaction, payment::State state, snap::JsonWriter& json) {
  write_status(transaction, state, json);
  write_amount(json, "amount", transaction.amount);
  if (transaction.paid_at) write_time(json, "paidTime", *transaction.paid_at);
  write_refund_history(transaction, json);
  json.begin_object("additionalInfo");
  write_time(json, "validUpTo", transaction.expires_at);
  json.end_object();
}

}  // namespace

constexpr Service kAuthQuery{
    .code = "64",
    .number = 64,
    .path = "/v1.0/auth/query",
    .title = "Query a hold",
    .kind = payment::Kind::Hold,
    .action = payment::Action::Query,
    .request = kRequest,
    .answer = kAnswer,
    .to_command = to_command,
    .render_state = render,
};

}  // namespace batal::services
