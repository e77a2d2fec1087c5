// The whole state machine as data: what every action makes of every transaction that can exist.
#include "payment/transition.h"

#include <gtest/gtest.h>

#include "payment/model.h"
#include "payment/samples.h"

namespace batal::payment {
namespace {

using namespace samples;

struct Row {
  Kind kind;
  State state;
  std::string_view answers;  // one letter for each of kActions
};

// Upper case: what the transaction becomes. Lower case: refused, for that is what it is already.
//   C cancelled   P paid   k captured   R refunded   F failed   E expired   - refused, wrong state
constexpr std::array kTable{
    //                                        create cancel capture pay fail refund expire query
    Row{Kind::Debit, State::Pending, "-C-PF-E-"},
    Row{Kind::Debit, State::Paid, "pppppRpp"},
    Row{Kind::Debit, State::Refunded, "rrrrrrrr"},
    Row{Kind::Debit, State::Cancelled, "cccccccc"},
    Row{Kind::Debit, State::Failed, "ffffffff"},
    Row{Kind::Debit, State::Expired, "eeeeeeee"},
    Row{Kind::Qris, State::Pending, "-C-PF-E-"},
    Row{Kind::Qris, State::Paid, "pppppRpp"},
    Row{Kind::Qris, State::Refunded, "rrrrrrrr"},
    Row{Kind::Qris, State::Cancelled, "cccccccc"},
    Row{Kind::Qris, State::Failed, "ffffffff"},
    Row{Kind::Qris, State::Expired, "eeeeeeee"},
    Row{Kind::Hold, State::Authorised, "-CP-F-E-"},
    Row{Kind::Hold, State::Paid, "kkkkkRkk"},
    Row{Kind::Hold, State::Refunded, "rrrrrrrr"},
    Row{Kind::Hold, State::Cancelled, "cccccccc"},
    Row{Kind::Hold, State::Failed, "ffffffff"},
    Row{Kind::Hold, State::Expired, "eeeeeeee"},
    Row{Kind::VirtualAccount, State::Pending, "-C-PF-E-"},
    Row{Kind::VirtualAccount, State::Paid, "pppppRpp"},
    Row{Kind::VirtualAccount, State::Refunded, "rrrrrrrr"},
    Row{Kind::VirtualAccount, State::Cancelled, "cccccccc"},
    Row{Kind::VirtualAccount, State::Failed, "ffffffff"},
    Row{Kind::VirtualAccount, State::Expired, "eeeeeeee"},
};

std::string text_of(char letter) {
  switch (letter) {
    case 'C':
      return "accepted cancelled";
    case 'P':
      return "accepted paid";
    case 'R':
      return "accepted refunded";
    case 'F':
      return "accepted failed";
    case 'E':
      return "accepted expired";
    case 'p':
      return "refused: already paid";
    case 'k':
      return "refused: already captured";
    case 'r':
      return "refused: already refunded";
    case 'c':
      return "refused: already cancelled";
    case 'f':
      return "refused: failed";
    case 'e':
      return "refused: expired";
    default:
      return "refused: not in this state";
  }
}

std::string text_of(const Transition& transition) {
  if (transition.next) return "accepted " + std::string(name_of(*transition.next));
  return "refused: " + std::string(name_of(transition.refusal));
}

std::string text_of(const Row& row, Action action) {
  return std::string(name_of(action)) + " of a " + std::string(name_of(row.state)) + " " +
         std::string(name_of(row.kind));
}

TEST(Transition, AnswersEveryActionInEveryState) {
  for (const Row& row : kTable) {
    for (std::size_t i = 0; i < kActions.size(); ++i) {
      EXPECT_EQ(text_of(transition(row.kind, row.state, kActions[i])), text_of(row.answers[i]))
          << text_of(row, kActions[i]);
    }
  }
}

TEST(Transition, TableHasEveryStateThatAKindCanBeIn) {
  for (const Kind kind : kKinds) {
    for (const State state : kStates) {
      const bool exists = state != (kind == Kind::Hold ? State::Pending : State::Authorised);
      const auto rows = std::ranges::count_if(
          kTable, [&](const Row& row) { return row.kind == kind && row.state == state; });
      EXPECT_EQ(rows, exists ? 1 : 0) << name_of(kind) << " " << name_of(state);
    }
  }
}

// The commands that bring the sample "a" from its creation to a state.
std::vector<Command> way_to(Kind kind, State state) {
  const Command paid = kind == Kind::Hold ? capture("a") : provider(Action::Pay, "a");
  switch (state) {
    case State::Paid:
      return {create(kind, "a"), paid};
    case State::Refunded:
      return {create(kind, "a"), paid, provider(Action::Refund, "a")};
    case State::Cancelled:
      return {create(kind, "a"), cancel(kind, "a")};
    case State::Failed:
      return {create(kind, "a"), provider(Action::Fail, "a")};
    case State::Expired:
      return {create(kind, "a"), provider(Action::Expire, "a")};
    case State::Pending:
    case State::Authorised:
      break;
  }
  return {create(kind, "a")};
}

Command command_for(Kind kind, Action action) {
  if (action == Action::Cancel) return cancel(kind, "a");
  if (action == Action::Capture) return capture("a");
  return provider(action, "a");
}

// A capture of anything but a hold is the capture of a hold that does not exist.
std::string decided_text(const Row& row, Action action, char letter) {
  if (action == Action::Capture && row.kind != Kind::Hold) return "refused: not found";
  return text_of(letter);
}

TEST(Decide, FollowsTheTableInEveryStateThatIsReached) {
  for (const Row& row : kTable) {
    for (std::size_t i = 1; i + 1 < kActions.size(); ++i) {  // all but create and query
      Model model;
      for (const Command& step : way_to(row.kind, row.state)) model.submit(step, kStart);
      ASSERT_EQ(model.transaction(kPartner, "R-a")->state, row.state);
      Command command = command_for(row.kind, kActions[i]);
      command.call.external_id = "another call";
      const Decision decision = model.submit(command, kStart + kTick);
      EXPECT_EQ(told(decision), decided_text(row, kActions[i], row.answers[i]))
          << text_of(row, kActions[i]);
    }
  }
}

}  // namespace
}  // namespace batal::payment
