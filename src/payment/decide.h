// The decision: what becomes of a command, given what stands behind its keys. Pure: the same view,
// command, time and rules give the same decision, on every engine and on every node.
//
// Source: docs/protocol.md, the order of checks from step 12 on, retries and refusals.
#pragma once

#include <optional>
#include <vector>

#include "payment/command.h"
#include "payment/keys.h"
#include "payment/record.h"
#include "payment/transaction.h"

namespace batal::payment {

// The settings that decisions depend on.
struct Rules {
  std::chrono::microseconds identity_kept = std::chrono::days(7);
  std::chrono::microseconds not_found_kept = std::chrono::seconds(605);  // 2 x window + deadline
  // How long a transaction is kept after its end (end_of); after that it is as if it had never
  // been. Not less than identity_kept. None: for ever.
  std::optional<std::chrono::microseconds> transaction_kept{};
  std::chrono::microseconds life_min = std::chrono::seconds(20);
  std::chrono::microseconds life_max = std::chrono::days(180);
};

// How long a transaction lives when its creation does not say.
std::chrono::microseconds default_life(Kind kind);

// What stands behind one key. All null: nothing does.
struct Standing {
  EventPtr event;              // the newest record under the key, where that is an event
  TransactionPtr transaction;  // the transaction it belongs to, as it stands now
  std::optional<NotFoundYet> not_found_yet;  // the newest record under the key, where it is this
};

// What stands behind the keys of a command, part by part as keys_of() gave them.
// For a key by Reference, `event` may be left null: decisions read only its transaction.
struct View {
  Standing identity;
  boost::container::static_vector<Standing, 4> transaction;
  Standing trx_id;
  Standing va_number;
  Time last_record_at{};  // of the last record in the log, this batch included
};

enum class Refusal : std::uint8_t {
  Conflict,  // the identity was used for another body
  InvalidMerchant,
  NotFound,
  IdentifiersDisagree,
  InvalidAmount,
  AlreadyCancelled,
  AlreadyPaid,
  AlreadyCaptured,
  AlreadyRefunded,
  Expired,
  Failed,
  WrongState,  // provider API: the state does not allow it, and no reason above says why
  VaNumberPending,
  DuplicateTrxId,
  InvalidExpiry,  // Create: valid_until is too near or too far
};
inline constexpr std::size_t kRefusalCount = 15;
std::string_view name_of(Refusal refusal);  // "already cancelled", ...: the reasons of 403xx15

struct Outcome {
  enum class Result : std::uint8_t { Accepted, Replayed, Found, Refused };
  Result result = Result::Refused;
  Refusal refusal = Refusal::NotFound;  // Refused
  EventPtr event{};                     // Accepted, Replayed: what the answer is rendered from
  TransactionPtr transaction{};         // Found, and Refused where one was found
  State state = State::Pending;         // of `transaction`, at decision time
};

struct Decision {
  Outcome outcome;
  std::optional<Record> record;  // to be durable before the outcome is told
};

Decision decide(const View& view, const Command& command, Time now, const Rules& rules);

}  // namespace batal::payment
