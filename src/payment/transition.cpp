#include "payment/transition.h"

namespace batal::payment {
namespace {

// What a row allows, beside the state it starts from.
struct Row {
  State from;
  Action action;
  State to;
};

// A kind that a row does not fit has no transaction in the row's state: only holds are authorised,
// and holds are never pending. Capture is for holds alone by that, and pay for the others.
constexpr std::array kTable{
    Row{State::Pending, Action::Cancel, State::Cancelled},
    Row{State::Authorised, Action::Cancel, State::Cancelled},
    Row{State::Authorised, Action::Capture, State::Paid},
    Row{State::Pending, Action::Pay, State::Paid},
    Row{State::Pending, Action::Fail, State::Failed},
    Row{State::Authorised, Action::Fail, State::Failed},
    Row{State::Paid, Action::Refund, State::Refunded},
    Row{State::Pending, Action::Expire, State::Expired},
    Row{State::Authorised, Action::Expire, State::Expired},
};

Refusal refusal_of(Kind kind, State state) {
  switch (state) {
    case State::Paid:
      return kind == Kind::Hold ? Refusal::AlreadyCaptured : Refusal::AlreadyPaid;
    case State::Refunded:
      return Refusal::AlreadyRefunded;
    case State::Cancelled:
      return Refusal::AlreadyCancelled;
    case State::Failed:
      return Refusal::Failed;
    case State::Expired:
      return Refusal::Expired;
    case State::Pending:
    case State::Authorised:
      break;
  }
  return Refusal::WrongState;
}

}  // namespace

Transition transition(Kind kind, State state, Action action) {
  for (const Row& row : kTable) {
    if (row.from == state && row.action == action) return {.next = row.to};
  }
  return {.next = std::nullopt, .refusal = refusal_of(kind, state)};
}

}  // namespace batal::payment
