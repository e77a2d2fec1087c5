// Service 55: tells how a debit payment stands.
#include "services/declarations.h"
#include "services/shared_fields.h"

namespace batal::services {
namespace {

constexpr snap::Field kRequest[] = {
    kOriginalReferenceNo,  kOriginalExternalId, optional(kOriginalPartnerReferenceNo),
    optional(kMerchantId), kServiceCode,        kAdditionalInfo,
};

constexpr auto kAnswer = status_answer("transAmount", "transAmount.value", "transAmount.currency",
                                       "additionalInfo.validUpTo");

std::expected<void, snap::Problem> to_command(const Asked& asked, payment::Command& command) {
  command.target.reference_no = asked.fields.text("originalReferenceNo");
  command.target.external_id = asked.fields.text("originalExternalId");
  command.target.partner_reference_no = asked.fields.text("originalPartnerReferenceNo");
  command.target.merchant_id = asked.fields.text("merchantId");
  return {};
}

void render(const payment::Transaction& transaction, payment::State state, snap::JsonWriter& json) {
  render_status(transaction, state, "transAmount", "validUpTo", json);
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
