// Service 27: creates a virtual account. -> pending. It keeps the number it is given.
#include "services/declarations.h"
#include "services/shared_fields.h"

namespace batal::services {
namespace {

using snap::FieldType;
using snap::Presence;

constexpr auto kRequest = join(
    std::array{
        kPartnerServiceId,
        kCustomerNo,
        kVirtualAccountNo,
        snap::Field{"virtualAccountName", FieldType::String, 255, Presence::Optional,
                    "Whose it is"},
        snap::Field{"virtualAccountEmail", FieldType::String, 255, Presence::Optional, "Kept"},
        snap::Field{"virtualAccountPhone", FieldType::String, 30, Presence::Optional, "Kept"},
        kTrxId,
    },
    price("totalAmount", "totalAmount.value", "totalAmount.currency"),
    std::array{
        snap::Field{"expiredDate", FieldType::Timestamp, 0, Presence::Optional,
                    "When it expires: from 20 s to 180 days ahead; 24 hours if absent"},
        kAdditionalInfo,
        kVaMerchantId,
    });

constexpr snap::Field kAnswer[] = {
    {"virtualAccountData.partnerServiceId", FieldType::PaddedDigits, 8, Presence::Mandatory,
     "The request's"},
    {"virtualAccountData.customerNo", FieldType::Digits, 20, Presence::Mandatory, "The request's"},
    {"virtualAccountData.virtualAccountNo", FieldType::String, 28, Presence::Mandatory,
     "The request's"},
    {"virtualAccountData.virtualAccountName", FieldType::String, 255, Presence::Optional,
     "The request's"},
    {"virtualAccountData.trxId", FieldType::String, 64, Presence::Mandatory, "The request's"},
    {"virtualAccountData.totalAmount", FieldType::Object, 0, Presence::Mandatory, "The amount"},
    {"virtualAccountData.expiredDate", FieldType::Timestamp, 25, Presence::Mandatory,
     "When it expires"},
    {"virtualAccountData.additionalInfo.merchantId", FieldType::String, 64, Presence::Mandatory,
     "The request's"},
};

std::expected<void, snap::Problem> to_command(const Asked& asked, payment::Command& command) {
  if (auto checked = check_virtual_account(asked.fields); !checked) return checked;
  payment::Transaction& account = command.draft;
  auto begun = begin_draft(asked, "totalAmount.value", "totalAmount.currency", account);
  if (!begun) return begun;
  account.merchant_id = asked.fields.text("additionalInfo.merchantId");
  account.trx_id = asked.fields.text("trxId");
  account.partner_service_id = asked.fields.text("partnerServiceId");
  account.customer_no = asked.fields.text("customerNo");
  account.virtual_account_no = asked.fields.text("virtualAccountNo");
  account.virtual_account_name = asked.fields.text("virtualAccountName");
  command.valid_until = time_of(asked.fields, "expiredDate");
  return {};
}

void render(const payment::Event& event, snap::JsonWriter& json) {
  const payment::Transaction& account = *event.transaction;
  json.begin_object("virtualAccountData");
  write_account(account, json);
  json.known("virtualAccountName", account.virtual_account_name).member("trxId", account.trx_id);
  write_amount(json, "totalAmount", account.amount);
  write_time(json, "expiredDate", account.expires_at);
  write_account_merchant(account, json);
  json.end_object();
}

}  // namespace

constexpr Service kCreateVa{
    .code = "27",
    .number = 27,
    .path = "/v1.0/transfer-va/create-va",
    .title = "Create a virtual account",
    .kind = payment::Kind::VirtualAccount,
    .action = payment::Action::Create,
    .request = kRequest,
    .answer = kAnswer,
    .to_command = to_command,
    .render_event = render,
    .expiry_field = "expiredDate",
};

}  // namespace batal::services
