// Service 31: deletes a virtual account. Pending -> cancelled.
//
// Source page: "Initiating cancel for bank transfer (virtual account) transaction".
#include "services/declarations.h"
#include "services/shared_fields.h"

namespace batal::services {
namespace {

using snap::FieldType;
using snap::Presence;

constexpr snap::Field kRequest[] = {
    kPartnerServiceId, kCustomerNo, kVirtualAccountNo, kTrxId, kAdditionalInfo, kVaMerchantId,
};

constexpr snap::Field kAnswer[] = {
    {"virtualAccountData.partnerServiceId", FieldType::PaddedDigits, 8, Presence::Mandatory,
     "Company code, left-padded with spaces"},
    {"virtualAccountData.customerNo", FieldType::Digits, 20, Presence::Mandatory, "Unique number"},
    {"virtualAccountData.virtualAccountNo", FieldType::String, 28, Presence::Mandatory,
     "partnerServiceId + customerNo"},
    {"virtualAccountData.trxId", FieldType::String, 64, Presence::Mandatory,
     "The partner's identifier"},
    {"virtualAccountData.additionalInfo", FieldType::Object, 0, Presence::Optional, "merchantId"},
};

std::expected<void, snap::Problem> to_command(const Asked& asked, payment::Command& command) {
  command.target.trx_id = asked.fields.text("trxId");
  claim_account(asked.fields, command.target);
  return check_virtual_account(asked.fields);
}

void render(const payment::Event& event, snap::JsonWriter& json) {
  const payment::Transaction& account = *event.transaction;
  json.begin_object("virtualAccountData");
  write_account(account, json);
  json.member("trxId", account.trx_id);
  write_account_merchant(account, json);
  json.end_object();
}

}  // namespace

constexpr Service kDeleteVa{
    .code = "31",
    .number = 31,
    .path = "/v1.0/transfer-va/delete-va",
    .title = "Delete a virtual account",
    .kind = payment::Kind::VirtualAccount,
    .action = payment::Action::Cancel,
    .request = kRequest,
    .answer = kAnswer,
    .to_command = to_command,
    .render_event = render,
};

}  // namespace batal::services
