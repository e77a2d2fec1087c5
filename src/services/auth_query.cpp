// Service 64: tells how a hold stands.
#include "services/declarations.h"
#include "services/shared_fields.h"

namespace batal::services {
namespace {

constexpr snap::Field kRequest[] = {
    kOriginalReferenceNo,
    kNestedOriginalExternalId,
    optional(kOriginalPartnerReferenceNo),
    optional(kMerchantId),
    kServiceCode,
    kAdditionalInfo,
};

constexpr auto kAnswer =
    status_answer("amount", "amount.value", "amount.currency", "additionalInfo.validUpTo");

std::expected<void, snap::Problem> to_command(const Asked& asked, payment::Command& command) {
  command.target.reference_no = asked.fields.text("originalReferenceNo");
  command.target.external_id = asked.fields.text("additionalInfo.originalExternalId");
  command.target.partner_reference_no = asked.fields.text("originalPartnerReferenceNo");
  command.target.merchant_id = asked.fields.text("merchantId");
  return {};
}

void render(const payment::Transaction& transaction, payment::State state, snap::JsonWriter& json) {
  render_status(transaction, state, "amount", "validUpTo", json);
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
