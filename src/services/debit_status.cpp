// Service 55: tells how a debit payment stands.
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
    kStatusAnswer,
    told_amount("transAmount", "transAmount.value", "transAmount.currency", Presence::Mandatory),
    std::array{
        kPaidTime,
        snap::Field{"refundHistory", FieldType::Array, 0, Presence::Conditional, kRefundHistory},
        snap::Field{"additionalInfo.validUpTo", FieldType::Timestamp, 25, Presence::Optional,
                    "When it expires"},
        snap::Field{"additionalInfo.payOptionDetails", FieldType::Array, 0, Presence::Optional,
                    "The creation's"},
        snap::Field{"additionalInfo.metadata", FieldType::Any, 0, Presence::Optional,
                    "The creation's"},
    });

std::expected<void, snap::Problem> to_command(const Asked& asked, payment::Command& command) {
  name_original(asked.fields, "originalExternalId", command.target);
  return {};
}

void render(const payment::Transaction& transaction, payment::State state, snap::JsonWriter& json) {
  write_status(transaction, state, json);
  write_amount(json, "transAmount", transaction.amount);
  if (transaction.paid_at) write_time(json, "paidTime", *transaction.paid_at);
  write_refund_history(transaction, json);
  json.begin_object("additionalInfo");
  write_time(json, "validUpTo", transaction.expires_at);
  repeat_member(transaction.details, "payOptionDetails", json);
  repeat_member(transaction.details, "metadata", json);
  json.end_object();
}

}  // namespace

constexpr Service kDebitStatus{
    .code = "55",
    .number = 55,
    .path = "/v1.0/debit/status",
    .title = "Query a debit payment",
    .kind = payment::Kind::Debit,
    .action = payment::Action::Query,
    .request = kRequest,
    .answer = kAnswer,
    .to_command = to_command,
    .render_state = render,
};

}  // namespace batal::services
