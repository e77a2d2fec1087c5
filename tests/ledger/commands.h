// Commands and records for the ledger's tests: a debit payment, its cancel, its query.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "payment/command.h"
#include "payment/decide.h"
#include "payment/keys.h"

namespace batal::ledger {

inline constexpr payment::Time kNoon{std::chrono::hours(500'000)};

inline std::string reference_no(int number) {
  return fmt::format("A1{:026}", number);
}

// Keys of partner P1. A key is a view: what it looks at is kept until the end of the tests.
inline std::string_view kept(std::string_view text) {
  static std::set<std::string, std::less<>> all;
  return *all.emplace(text).first;
}
inline payment::Key by_reference(std::string_view id) {
  return {payment::Key::By::Reference, 0, "P1", kept(id)};
}
inline payment::Key by_call(std::uint8_t service, std::string_view id) {
  return {payment::Key::By::Call, service, "P1", kept(id)};
}

inline payment::Call call_of(std::uint8_t service, std::string external_id) {
  payment::Call call{.service = service,
                     .external_id = std::move(external_id),
                     .fingerprint = {},
                     .request = R"({"amount":{"value":"1500.00"}})"};
  call.fingerprint.fill(service);
  return call;
}

// Creates debit payment `number` under the external id "create-{number}".
inline payment::Command create(int number) {
  payment::Command command;
  command.action = payment::Action::Create;
  command.partner = "P1";
  command.kind = payment::Kind::Debit;
  command.call = call_of(54, fmt::format("create-{}", number));
  command.draft.reference_no = reference_no(number);
  command.draft.partner_reference_no = fmt::format("order-{}", number);
  command.draft.kind = payment::Kind::Debit;
  command.draft.amount = {150'000, "IDR"};
  return command;
}

inline payment::Command query(int number) {
  payment::Command command;
  command.partner = "P1";
  command.kind = payment::Kind::Debit;
  command.target.reference_no = reference_no(number);
  return command;
}

// Cancels debit payment `number` by its reference number.
inline payment::Command cancel(int number, std::string external_id = "") {
  payment::Command command = query(number);
  command.action = payment::Action::Cancel;
  command.call =
      call_of(57, external_id.empty() ? fmt::format("cancel-{}", number) : std::move(external_id));
  return command;
}

// Cancels by the external id of the creation.
inline payment::Command cancel_by_call(int number, std::string external_id) {
  payment::Command command = cancel(number, std::move(external_id));
  command.target = {};
  command.target.external_id = fmt::format("create-{}", number);
  return command;
}

// The provider's word on what the payer did.
inline payment::Command provider(payment::Action action, int number, std::string key) {
  payment::Command command = query(number);
  command.action = action;
  command.kind.reset();
  command.call = call_of(payment::kProviderService, std::move(key));
  return command;
}

// A virtual account whose trxId and number are made of `account`, which many may share.
inline payment::Command create_va(int number, int account) {
  payment::Command command = create(number);
  command.kind = command.draft.kind = payment::Kind::VirtualAccount;
  command.call = call_of(27, fmt::format("create-{}", number));
  command.draft.trx_id = fmt::format("trx-{}", account);
  command.draft.partner_service_id = "   12345";
  command.draft.customer_no = fmt::format("{}", account % 2);
  command.draft.virtual_account_no = command.draft.partner_service_id + command.draft.customer_no;
  return command;
}

inline payment::Command delete_va(int account, std::string external_id) {
  payment::Command command;
  command.action = payment::Action::Cancel;
  command.partner = "P1";
  command.kind = payment::Kind::VirtualAccount;
  command.call = call_of(31, std::move(external_id));
  command.target.trx_id = fmt::format("trx-{}", account);
  return command;
}

// The event of creating debit payment `number`.
inline payment::EventPtr created(int number, payment::Time at = kNoon) {
  return payment::decide({}, create(number), at, {}).outcome.event;
}

}  // namespace batal::ledger
