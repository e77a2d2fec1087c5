// Service 26: tells how a virtual account stands.
#include "services/declarations.h"
#include "services/shared_fields.h"

namespace batal::services {
namespace {

using snap::FieldType;
using snap::Presence;

constexpr snap::Field kRequest[] = {
    {"inquiryRequestId", FieldType::String, 64, Presence::Mandatory,
     "trxId of the virtual account, or X-EXTERNAL-ID of its creation or deletion"},
    optional(kPartnerServiceId),
    optional(kCustomerNo),
    optional(kVirtualAccountNo),
    kAdditionalInfo,
    optional(kVaMerchantId),
};

constexpr snap::Field kAnswer[] = {
    {"virtualAccountData.paymentFlagStatus", FieldType::String, 2, Presence::Mandatory,
     "00 paid, 03 pending, 04 refunded, 05 cancelled, 06 failed, 08 expired"},
    {"virtualAccountData.partnerServiceId", FieldType::PaddedDigits, 8, Presence::Mandatory,
     "Company code, left-padded with spaces"},
    {"virtualAccountData.customerNo", FieldType::Digits, 20, Presence::Mandatory, "Unique number"},
    {"virtualAccountData.virtualAccountNo", FieldType::String, 28, Presence::Mandatory,
     "partnerServiceId + customerNo"},
    {"virtualAccountData.inquiryRequestId", FieldType::String, 64, Presence::Mandatory,
     "trxId of the virtual account"},
    {"virtualAccountData.paymentRequestId", FieldType::String, 64, Presence::Optional,
     "The provider's reference number"},
    {"virtualAccountData.totalAmount", FieldType::Object, 0, Presence::Mandatory, "The amount"},
    {"virtualAccountData.trxDateTime", FieldType::Timestamp, 25, Presence::Optional,
     "When it was created"},
    {"virtualAccountData.transactionDate", FieldType::Timestamp, 25, Presence::Conditional,
     "When it was paid"},
    {"virtualAccountData.additionalInfo.merchantId", FieldType::String, 64, Presence::Optional,
     "Whose it is"},
};

std::expected<void, snap::Problem> to_command(const Asked& asked, payment::Command& command) {
  command.target.trx_id = asked.fields.text("inquiryRequestId");
  command.target.external_id = command.target.trx_id;
  claim_account(asked.fields, command.target);
  return {};
}

void render(const payment::Transaction& account, payment::State state, snap::JsonWriter& json) {
  json.begin_object("virtualAccountData")
      .member("paymentFlagStatus", latest_transaction_status(state));
  write_account(account, json);
  json.member("inquiryRequestId", account.trx_id).member("paymentRequestId", account.reference_no);
  write_amount(json, "totalAmount", account.amount);
  write_time(json, "trxDateTime", account.created_at);
  if (account.paid_at) write_time(json, "transactionDate", *account.paid_at);
  write_account_merchant(account, json);
  json.end_object();
}

}  // namespace

constexpr Service kVaStatus{
    .code = "26",
    .number = 26,
    .path = "/v1.0/transfer-va/status",
    .title = "Query a virtual account",
    .kind = payment::Kind::VirtualAccount,
    .action = payment::Action::Query,
    .request = kRequest,
    .answer = kAnswer,
    .to_command = to_command,
    .render_state = render,
};

}  // namespace batal::services
