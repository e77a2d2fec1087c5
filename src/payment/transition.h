// The state machine, in one table (docs/protocol.md, services and refusals).
#pragma once

#include <optional>

#include "payment/command.h"
#include "payment/decide.h"
#include "payment/transaction.h"

namespace batal::payment {

// What an action makes of a transaction in a state: the next state, or why not.
struct Transition {
  std::optional<State> next;
  Refusal refusal = Refusal::WrongState;  // where next is empty
};

// Every (kind, state, action) has an answer; Create and Query are no transitions and are refused.
Transition transition(Kind kind, State state, Action action);

}  // namespace batal::payment
