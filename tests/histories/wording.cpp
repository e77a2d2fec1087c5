#include "histories/wording.h"

#include <fmt/format.h>

#include "snap/json_writer.h"
#include "snap/signature.h"

namespace batal::histories {
namespace {

using payment::Action;
using payment::Kind;
using snap::JsonWriter;

constexpr std::string_view kNobodysMerchant = "M-nobody";
constexpr std::size_t kBulkBytes = 60'000;
constexpr std::int64_t kOtherAmountHundredths = 99'900;

Kind kind_of(int service) {
  switch (service) {
    case 54:
    case 55:
    case 57:
      return Kind::Debit;
    case 47:
    case 51:
    case 77:
      return Kind::Qris;
    case 63:
    case 64:
    case 65:
    case 67:
      return Kind::Hold;
    default:
      return Kind::VirtualAccount;
  }
}

std::string partner_reference_no(const Call& call, const Subject& subject) {
  return call.claim == Claim::OtherReference ? "another" : subject.partner_reference_no;
}

std::string merchant(const Call& call, const PartnerNames& partner) {
  if (call.claim == Claim::NobodysMerchant) return std::string(kNobodysMerchant);
  return call.claim == Claim::OtherMerchant ? partner.other_merchant : partner.merchant;
}

std::int64_t claimed_amount(const Call& call, const Subject& subject) {
  return call.claim == Claim::Amount ? kOtherAmountHundredths : subject.amount_hundredths;
}

std::string amount_text(std::int64_t hundredths) {
  return fmt::format("{}.{:02}", hundredths / 100, hundredths % 100);
}

std::string partner_action_no(const Call& call) {
  return fmt::format("action-{}", call.variant);
}

void write_amount(JsonWriter& json, std::string_view key, std::int64_t hundredths) {
  json.begin_object(key).member("value", amount_text(hundredths)).end_object();
}

void write_account(JsonWriter& json, const Circumstances& now) {
  const std::string number = now.partner.service_id + now.subject.customer_no;
  json.member("partnerServiceId", now.partner.service_id)
      .member("customerNo", now.subject.customer_no)
      .member("virtualAccountNo", number);
}

void write_info(JsonWriter& json, std::string_view key, std::string_view text) {
  json.begin_object("additionalInfo").member(key, text).end_object();
}

void write_expiry(JsonWriter& json, std::string_view key, const Circumstances& now) {
  if (now.subject.short_lived) json.member(key, snap::timestamp(now.short_life_end));
}

void write_creation(JsonWriter& json, const Call& call, const Circumstances& now) {
  const Subject& subject = now.subject;
  const std::int64_t amount = subject.amount_hundredths;
  if (call.service == 27) {
    write_account(json, now);
    json.member("trxId", subject.trx_id);
    write_amount(json, "totalAmount", amount);
    write_expiry(json, "expiredDate", now);
    return write_info(json, "merchantId", now.partner.merchant);
  }
  json.member("partnerReferenceNo", subject.partner_reference_no);
  json.member("merchantId", now.partner.merchant);
  if (call.service == 54) {
    json.begin_array("payOptionDetails").begin_object();
    write_amount(json, "transAmount", amount);
    json.end_object().end_array();
  } else {
    write_amount(json, "amount", amount);
  }
  write_expiry(json, call.service == 47 ? "validityPeriod" : "validUpTo", now);
}

// The transaction that is meant, as all but the services of virtual accounts name it.
void write_original(JsonWriter& json, const Call& call, const Circumstances& now) {
  const bool in_info = kind_of(call.service) == Kind::Hold;
  if (!now.reference_no.empty()) {
    json.member("originalReferenceNo", now.reference_no);
  } else if (in_info) {
    write_info(json, "originalExternalId", call.target_id);
  } else {
    json.member("originalExternalId", call.target_id);
  }
  if (call.action == Action::Query) return;
  json.member("originalPartnerReferenceNo", partner_reference_no(call, now.subject));
  if (call.service != 57) json.member("merchantId", merchant(call, now.partner));
}

void write_change(JsonWriter& json, const Call& call, const Circumstances& now) {
  if (call.service == 31) {
    write_account(json, now);
    json.member("trxId", call.target_id);
    return write_info(json, "merchantId", merchant(call, now.partner));
  }
  write_original(json, call, now);
  if (call.service == 77) {
    json.member("reason", "a history");
    write_amount(json, "amount", claimed_amount(call, now.subject));
  } else if (call.service == 67) {
    json.member("partnerVoidNo", partner_action_no(call));
  } else if (call.service == 65) {
    json.member("partnerCaptureNo", partner_action_no(call));
    write_amount(json, "captureAmount", claimed_amount(call, now.subject));
  }
}

payment::Transaction draft_of(const Call& call, const Circumstances& now) {
  payment::Transaction draft;
  draft.kind = kind_of(call.service);
  draft.partner_reference_no = now.subject.partner_reference_no;
  draft.merchant_id = now.partner.merchant;
  draft.amount = {now.subject.amount_hundredths, "IDR"};
  if (draft.kind != Kind::VirtualAccount) return draft;
  draft.partner_reference_no.clear();
  draft.trx_id = now.subject.trx_id;
  draft.partner_service_id = now.partner.service_id;
  draft.customer_no = now.subject.customer_no;
  draft.virtual_account_no = now.partner.service_id + now.subject.customer_no;
  return draft;
}

void claim_account(payment::Target& target, const Call& call, const Circumstances& now) {
  target.trx_id = call.target_id;
  target.merchant_id = merchant(call, now.partner);
  target.partner_service_id = now.partner.service_id;
  target.customer_no = now.subject.customer_no;
  target.virtual_account_no = now.partner.service_id + now.subject.customer_no;
}

payment::Target target_of(const Call& call, const Circumstances& now) {
  payment::Target target;
  target.reference_no = now.reference_no;
  if (call.service == 0) return target;
  if (call.service == 26) {
    target.trx_id = target.external_id = call.target_id;
    target.reference_no.clear();
    return target;
  }
  if (call.service == 31) {
    target.reference_no.clear();
    claim_account(target, call, now);
    return target;
  }
  if (target.reference_no.empty()) target.external_id = call.target_id;
  if (call.action == Action::Query) return target;
  target.partner_reference_no = partner_reference_no(call, now.subject);
  if (call.service != 57) target.merchant_id = merchant(call, now.partner);
  if (call.service == 77 || call.service == 65) {
    target.amount_hundredths = claimed_amount(call, now.subject);
    target.currency = "IDR";
  }
  return target;
}

bool names_nobodys_merchant(const Call& call) {
  const bool names_one =
      call.service == 77 || call.service == 67 || call.service == 65 || call.service == 31;
  return names_one && call.claim == Claim::NobodysMerchant;
}

}  // namespace

std::string service_code(int service) {
  return fmt::format("{:02}", service);
}

std::string body_of(const Call& call, const Circumstances& now) {
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  if (call.service == 26) {
    json.member("inquiryRequestId", call.target_id);
  } else if (call.action == Action::Query) {
    write_original(json, call, now);
  } else if (call.action == Action::Create) {
    write_creation(json, call, now);
  } else {
    write_change(json, call, now);
  }
  const std::string bulk(now.bulky ? kBulkBytes : 0, '.');
  json.member("note", fmt::format("variant {}{}", call.variant, bulk)).end_object();
  return body;
}

std::string provider_path(const Call& call, const Circumstances& now) {
  return fmt::format("/provider/v1/partners/{}/transactions/{}/{}", now.partner.client_id,
                     now.reference_no, payment::name_of(call.action));
}

payment::Command command_of(const Call& call, const Circumstances& now, const std::string& bytes) {
  payment::Command command;
  command.action = call.action;
  command.partner = now.partner.client_id;
  if (call.service != 0) command.kind = kind_of(call.service);
  command.merchant_known = !names_nobodys_merchant(call);
  if (call.action != Action::Query) {
    command.call.service = static_cast<std::uint8_t>(call.service);
    command.call.external_id = call.external_id;
    command.call.fingerprint = snap::sha256(bytes);
  }
  if (call.action == Action::Create) {
    command.draft = draft_of(call, now);
    if (now.subject.short_lived) command.valid_until = kModelShortLifeEnd;
  } else {
    command.target = target_of(call, now);
  }
  command.partner_action_no = partner_action_no(call);
  return command;
}

}  // namespace batal::histories
