// What the ledger keeps, in order, until it is pruned: the records of the event log.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "payment/command.h"
#include "payment/transaction.h"

namespace batal::payment {

// How answers are rendered from an event. Raised when the rendering of new events changes; the
// old renderings stay, so that a replayed answer is the first one byte for byte.
inline constexpr std::uint8_t kRendering = 1;

// One accepted change of one transaction. It is also what makes a retry of its call harmless, and
// the answer to that call is rendered from it alone.
struct Event {
  Time at{};  // decision time
  Action action = Action::Create;
  Call call;                      // external_id empty: the sweeper's expiry
  std::string action_no;          // voidNo, captureNo
  std::string partner_action_no;  // partnerVoidNo, partnerCaptureNo
  std::uint8_t rendering = kRendering;
  TransactionPtr transaction;  // as it stands after this event; never null

  bool operator==(const Event& other) const;
};
using EventPtr = std::shared_ptr<const Event>;

// A cancel named a creation that has not arrived (docs/protocol.md). Until `until`, a creation
// under that identifier is refused as already cancelled.
struct NotFoundYet {
  Time at{};
  Time until{};
  std::string partner{};
  std::uint8_t service = 0;  // creating service, of external_id; 0 when trx_id identifies
  std::string external_id{};
  std::string trx_id{};

  bool operator==(const NotFoundYet&) const = default;
};

// "It was at least this late": makes an answer that rests on an expiry durable.
struct TimeMark {
  Time at{};

  bool operator==(const TimeMark&) const = default;
};

using Record = std::variant<EventPtr, NotFoundYet, TimeMark>;

Time time_of(const Record& record);

}  // namespace batal::payment
