// Commands and times that the tests of the domain share, and decisions in one line of text.
//
// A sample is named by a short text: the sample "a" has the reference number R-a, the external id
// X-a, the partner reference number P-a and the trxId T-a. Partner and merchant are the same for
// all; a test changes what it is about.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "payment/decide.h"

namespace batal::payment {

inline void PrintTo(Kind kind, std::ostream* out) {
  *out << name_of(kind);
}
inline void PrintTo(State state, std::ostream* out) {
  *out << name_of(state);
}
inline void PrintTo(Action action, std::ostream* out) {
  *out << name_of(action);
}
inline void PrintTo(Refusal refusal, std::ostream* out) {
  *out << name_of(refusal);
}

namespace samples {

using namespace std::chrono_literals;

inline constexpr Time kStart = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1};
inline constexpr std::chrono::microseconds kTick{1};
inline constexpr Rules kRules{};

inline const std::string kPartner = "alpha";
inline const std::string kMerchant = "M1";

inline Fingerprint fingerprint(std::uint8_t body) {
  return {body};
}

// The service that cancels each kind: 57, 77, 67, 31.
inline std::uint8_t cancel_service(Kind kind) {
  return services_found_by_external_id(kind)[1];
}

inline Command command(Action action, std::optional<Kind> kind) {
  Command command;
  command.action = action;
  command.partner = kPartner;
  command.kind = kind;
  return command;
}

inline Command create(Kind kind, const std::string& name) {
  Command creation = command(Action::Create, kind);
  creation.call = {.service = creation_service(kind),
                   .external_id = "X-" + name,
                   .fingerprint = fingerprint(1),
                   .request = "create " + name};
  Transaction& draft = creation.draft;
  draft.reference_no = "R-" + name;
  draft.partner_reference_no = "P-" + name;
  draft.merchant_id = kMerchant;
  draft.kind = kind;
  draft.amount = {.hundredths = 150000, .currency = "IDR"};
  if (kind == Kind::VirtualAccount) {
    draft.trx_id = "T-" + name;
    draft.partner_service_id = "   12345";
    draft.customer_no = "77" + name;
    draft.virtual_account_no = "   1234577" + name;
    draft.virtual_account_name = "Sari";
  }
  return creation;
}

// The transaction that this creation makes at kStart, with 15 minutes to live.
inline Transaction created(Kind kind, const std::string& name) {
  Transaction transaction = create(kind, name).draft;
  transaction.partner = kPartner;
  transaction.external_id = "X-" + name;
  transaction.state = kind == Kind::Hold ? State::Authorised : State::Pending;
  transaction.created_at = kStart;
  transaction.changed_at = kStart;
  transaction.expires_at = kStart + 15min;
  return transaction;
}

// A value is equal to its copy, and to none of its copies that one of the changes was made to.
template <class T>
void expect_each_differs(const T& original, const std::vector<std::function<void(T&)>>& changes) {
  EXPECT_EQ(T(original), original);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    T changed = original;
    changes[i](changed);
    EXPECT_FALSE(changed == original) << "change " << i;
  }
}

// The event that a command would leave at kStart, with this transaction after it.
inline EventPtr event(const Command& command, const Transaction& after) {
  Event event;
  event.at = kStart;
  event.action = command.action;
  event.call = command.call;
  event.action_no = command.action_no;
  event.partner_action_no = command.partner_action_no;
  event.transaction = std::make_shared<const Transaction>(after);
  return std::make_shared<const Event>(event);
}

// A cancel by our reference number, with the external id C-name.
inline Command cancel(Kind kind, const std::string& name) {
  Command cancel = command(Action::Cancel, kind);
  cancel.call = {.service = cancel_service(kind),
                 .external_id = "C-" + name,
                 .fingerprint = fingerprint(2),
                 .request = "cancel " + name};
  cancel.target.reference_no = "R-" + name;
  if (kind == Kind::Hold) {
    cancel.action_no = "V-" + name;
    cancel.partner_action_no = "PV-" + name;
  }
  return cancel;
}

// A cancel by what the partner knows of the creation: its external id, a virtual account's trxId.
inline Command cancel_by_creation(Kind kind, const std::string& name) {
  Command by_creation = cancel(kind, name);
  Target& target = by_creation.target;
  target.reference_no.clear();
  if (kind == Kind::VirtualAccount) {
    target.trx_id = "T-" + name;
  } else {
    target.external_id = "X-" + name;
  }
  return by_creation;
}

inline Command capture(const std::string& name) {
  Command capture = cancel(Kind::Hold, name);
  capture.action = Action::Capture;
  capture.call.service = 65;
  capture.call.external_id = "K-" + name;
  capture.call.request = "capture " + name;
  return capture;
}

// Pay, Fail, Refund or Expire by the provider's own systems: any kind, named by reference number.
inline Command provider(Action action, const std::string& name) {
  Command report = command(action, std::nullopt);
  report.call = {.service = kProviderService,
                 .external_id = std::string(name_of(action)) + "-" + name,
                 .fingerprint = fingerprint(3),
                 .request = "{}"};
  report.target.reference_no = "R-" + name;
  if (action == Action::Refund) report.action_no = "F-" + name;
  return report;
}

inline Command sweep(const std::string& name) {
  Command sweep = provider(Action::Expire, name);
  sweep.call = {};
  return sweep;
}

inline Command query(Kind kind, const std::string& name) {
  Command query = command(Action::Query, kind);
  query.call.service = creation_service(kind);
  query.target.reference_no = "R-" + name;
  return query;
}

// A status query by an external id; service 26 looks for the same text as a trxId first.
inline Command query_by_external_id(Kind kind, const std::string& external_id) {
  Command lookup = query(kind, "");
  lookup.target.reference_no.clear();
  lookup.target.external_id = external_id;
  if (kind == Kind::VirtualAccount) lookup.target.trx_id = external_id;
  return lookup;
}

// What the caller is told: "accepted cancelled", "replayed", "found paid", "refused: not found".
inline std::string told(const Decision& decision) {
  const Outcome& outcome = decision.outcome;
  switch (outcome.result) {
    case Outcome::Result::Accepted:
      return "accepted " + std::string(name_of(outcome.state));
    case Outcome::Result::Replayed:
      return "replayed";
    case Outcome::Result::Found:
      return "found " + std::string(name_of(outcome.state));
    case Outcome::Result::Refused:
      break;
  }
  return "refused: " + std::string(name_of(outcome.refusal));
}

// What the ledger has to keep: "event", "not found yet", "time mark" or "nothing".
inline std::string kept(const Decision& decision) {
  if (!decision.record) return "nothing";
  if (std::holds_alternative<EventPtr>(*decision.record)) return "event";
  return std::holds_alternative<NotFoundYet>(*decision.record) ? "not found yet" : "time mark";
}

}  // namespace samples
}  // namespace batal::payment
