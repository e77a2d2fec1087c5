// The checker on histories written by hand: what can be explained and what can not.
#include "histories/checker.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "histories/wording.h"
#include "ledger/commands.h"

namespace batal::histories {
namespace {

using payment::Action;
using payment::Command;

constexpr std::string_view kCancelled = "2005700 Success";
constexpr std::string_view kAlreadyCancelled =
    "4035715 Transaction Not Permitted.[already cancelled].";
constexpr std::string_view kAlreadyPaid = "4035715 Transaction Not Permitted.[already paid].";
constexpr std::string_view kExpired = "4035715 Transaction Not Permitted.[expired].";

// An operation called and answered at these ticks, and the words of its answer. What else it tells
// is set below.
Operation heard(int service, Command command, Tick called, Tick answered, std::string_view said) {
  Operation operation{.service = service, .command = std::move(command)};
  operation.called = called;
  operation.answered = answered;
  operation.known = true;
  operation.heard.said = said;
  return operation;
}

Operation telling(Operation operation, std::string reference_no, std::string body = {},
                  std::int64_t at_s = 0) {
  operation.heard.reference_no = std::move(reference_no);
  operation.heard.body = std::move(body);
  operation.heard.at_s = at_s;
  return operation;
}

// The payments of these histories bear the numbers that the commands of the ledger's tests use.
std::string number(int payment) {
  return ledger::reference_no(payment);
}

Operation created(int payment, Tick called, Tick answered, std::int64_t at_s = 0) {
  return telling(heard(54, ledger::create(payment), called, answered, "2005400 Success"),
                 number(payment), "created " + std::to_string(payment), at_s);
}

Operation cancelled(int payment, std::string id, Tick called, Tick answered,
                    std::string_view said = kCancelled, std::string body = "cancelled") {
  return telling(heard(57, ledger::cancel(payment, std::move(id)), called, answered, said),
                 number(payment), std::move(body));
}

Operation queried(int payment, Tick called, Tick answered, std::string status) {
  const std::string body = "status " + status;
  auto query = telling(heard(55, ledger::query(payment), called, answered, "2005500 Success"),
                       number(payment), body);
  query.heard.status = std::move(status);
  return query;
}

Operation reported(Action action, int payment, std::string key, Tick called, Tick answered,
                   std::string_view said) {
  return telling(
      heard(0, ledger::provider(action, payment, std::move(key)), called, answered, said),
      said.starts_with("200") ? number(payment) : "", std::string(said));
}

// Nobody heard what became of it; `answered`: from when on it can not happen any more.
Operation lost(Operation operation, Tick answered = kNever) {
  operation.known = false;
  operation.answered = answered;
  return operation;
}

Operation moved(Tick called, Tick answered) {
  Operation operation{.advance = kAdvance};
  operation.called = called;
  operation.answered = answered;
  operation.known = true;
  return operation;
}

bool holds(const History& history) {
  return check(history).linearisable;
}

TEST(Checker, ExplainsOneCallAfterTheOther) {
  EXPECT_TRUE(holds({}));
  EXPECT_TRUE(holds({created(1, 0, 1), queried(1, 2, 3, "03"), cancelled(1, "c", 4, 5),
                     queried(1, 6, 7, "05"), cancelled(1, "d", 8, 9, kAlreadyCancelled, "no")}));
}

TEST(Checker, LetsOneOfTwoWinARace) {
  EXPECT_TRUE(holds({created(1, 0, 1), cancelled(1, "c", 2, 5),
                     reported(Action::Pay, 1, "k", 3, 4, "409 cancelled")}));
  EXPECT_TRUE(holds({created(1, 0, 1), cancelled(1, "c", 2, 5, kAlreadyPaid, "no"),
                     reported(Action::Pay, 1, "k", 3, 4, "200 paid")}));
}

TEST(Checker, LetsNotBothWin) {
  EXPECT_FALSE(holds({created(1, 0, 1), cancelled(1, "c", 2, 5),
                      reported(Action::Pay, 1, "k", 3, 4, "200 paid")}));
  EXPECT_FALSE(holds({created(1, 0, 1), cancelled(1, "c", 2, 5), cancelled(1, "d", 3, 4)}));
}

TEST(Checker, LetsNotBothLose) {
  EXPECT_FALSE(holds({created(1, 0, 1), cancelled(1, "c", 2, 5, kAlreadyPaid, "no"),
                      reported(Action::Pay, 1, "k", 3, 4, "409 cancelled")}));
}

TEST(Checker, KeepsToTheOrderOfRealTime) {
  EXPECT_TRUE(holds({created(1, 0, 1), cancelled(1, "c", 2, 5), queried(1, 3, 4, "03")}));
  EXPECT_TRUE(holds({created(1, 0, 1), cancelled(1, "c", 2, 5), queried(1, 3, 4, "05")}));
  EXPECT_FALSE(holds({created(1, 0, 1), cancelled(1, "c", 2, 3), queried(1, 4, 5, "03")}));
  EXPECT_FALSE(holds({created(1, 0, 1), queried(1, 2, 3, "05"), cancelled(1, "c", 4, 5)}));
}

TEST(Checker, WantsTheSameBytesForTheSameCall) {
  const auto first = cancelled(1, "c", 2, 3, kCancelled, "at noon");
  EXPECT_TRUE(holds({created(1, 0, 1), first, cancelled(1, "c", 4, 5, kCancelled, "at noon")}));
  EXPECT_FALSE(holds({created(1, 0, 1), first, cancelled(1, "c", 4, 5, kCancelled, "at one")}));
}

TEST(Checker, WantsAConflictForAnotherBody) {
  auto other = cancelled(1, "c", 4, 5, "4095700 Conflict", "no");
  other.heard.reference_no.clear();
  EXPECT_FALSE(holds({created(1, 0, 1), cancelled(1, "c", 2, 3), other}));
  other.command.call.fingerprint.fill(1);
  EXPECT_TRUE(holds({created(1, 0, 1), cancelled(1, "c", 2, 3), other}));
  other.heard = cancelled(1, "c", 2, 3).heard;
  EXPECT_FALSE(holds({created(1, 0, 1), cancelled(1, "c", 2, 3), other}));
}

TEST(Checker, KnowsTransactionsByTheirNumbers) {
  EXPECT_TRUE(holds({created(1, 0, 1), created(2, 2, 3)}));
  auto again = created(2, 2, 3);
  again.heard.reference_no = number(1);
  EXPECT_FALSE(holds({created(1, 0, 1), again})) << "two transactions, one number";
  auto other = queried(1, 4, 5, "03");
  other.heard.reference_no = number(2);
  EXPECT_FALSE(holds({created(1, 0, 1), created(2, 2, 3), other})) << "another's number";
  EXPECT_FALSE(holds({created(1, 0, 1), cancelled(2, "c", 2, 3)})) << "a number never heard of";
}

TEST(Checker, WantsEqualAnswersAboutAnUnchangedTransaction) {
  auto other = queried(1, 4, 5, "03");
  EXPECT_TRUE(holds({created(1, 0, 1), queried(1, 2, 3, "03"), other}));
  other.heard.body = "something else";
  EXPECT_FALSE(holds({created(1, 0, 1), queried(1, 2, 3, "03"), other}));
}

TEST(Checker, LetsNoTimeGoBack) {
  EXPECT_TRUE(holds({created(1, 0, 1, 100), created(2, 2, 3, 100), created(3, 4, 5, 101)}));
  EXPECT_FALSE(holds({created(1, 0, 1, 100), created(2, 2, 3, 99)}));
  EXPECT_TRUE(holds({created(1, 0, 3, 100), created(2, 1, 2, 99)})) << "the other way round";
}

TEST(Checker, LetsWhatIsUnknownHappenOrNot) {
  const auto cancel = lost(cancelled(1, "c", 2, 0));
  EXPECT_TRUE(holds({created(1, 0, 1), cancel, queried(1, 3, 4, "03")}));
  EXPECT_TRUE(holds({created(1, 0, 1), cancel, queried(1, 3, 4, "05")}));
  EXPECT_TRUE(holds({created(1, 0, 1), cancel, queried(1, 3, 4, "03"), queried(1, 5, 6, "05")}));
  EXPECT_FALSE(holds({created(1, 0, 1), cancel, queried(1, 3, 4, "05"), queried(1, 5, 6, "03")}));
  EXPECT_FALSE(holds({created(1, 0, 1), queried(1, 2, 3, "05"), lost(cancelled(1, "c", 4, 0))}));
}

TEST(Checker, LetsNothingHappenAfterTheKillThatWasCalledBefore) {
  const auto cancel = lost(cancelled(1, "c", 2, 0), 3);
  EXPECT_TRUE(holds({created(1, 0, 1), cancel, queried(1, 4, 5, "03"), queried(1, 6, 7, "03")}));
  EXPECT_TRUE(holds({created(1, 0, 1), cancel, queried(1, 4, 5, "05"), queried(1, 6, 7, "05")}));
  EXPECT_FALSE(holds({created(1, 0, 1), cancel, queried(1, 4, 5, "03"), queried(1, 6, 7, "05")}));
}

TEST(Checker, DoesWhatNobodyHeardOfBeforeWhatChangesNothing) {
  // The second query of payment 2 changes nothing and may be done at once, but not before the
  // cancel that was lost in the kill: the cancel would come too late then.
  EXPECT_TRUE(
      holds({created(1, 0, 1), created(2, 2, 3), queried(2, 4, 5, "03"),
             lost(cancelled(1, "c", 6, 0), 7), queried(2, 8, 11, "03"), queried(1, 9, 10, "05")}));
}

TEST(Checker, FindsAnAnswerThatWasLostInTheKill) {
  EXPECT_FALSE(holds({created(1, 0, 1), cancelled(1, "c", 2, 3), lost(queried(1, 4, 0, "03"), 5),
                      cancelled(1, "c", 6, 7, kCancelled, "done again")}));
}

TEST(Checker, LetsNoOvertakenCreationLive) {
  auto cancel = heard(57, ledger::cancel_by_call(1, "c"), 0, 1, "4045701 Transaction Not Found");
  EXPECT_FALSE(holds({cancel, created(1, 2, 3)}));
  const auto refused =
      heard(54, ledger::create(1), 2, 3, "4035415 Transaction Not Permitted.[already cancelled].");
  EXPECT_TRUE(holds({cancel, refused}));
  EXPECT_FALSE(holds({refused}));
  cancel.answered = 5;
  EXPECT_FALSE(holds({cancel, created(1, 2, 3)})) << "the cancel would have found it";
}

TEST(Checker, MovesTheClockAtSomeInstantOfItsMovement) {
  auto create = created(1, 0, 1);
  create.command.valid_until = kModelShortLifeEnd;
  const auto expired = [](Tick called, Tick answered) {
    return cancelled(1, "c", called, answered, kExpired, "no");
  };
  EXPECT_TRUE(holds({create, moved(2, 3), expired(4, 5)}));
  EXPECT_FALSE(holds({create, moved(2, 3), cancelled(1, "c", 4, 5)}));
  EXPECT_FALSE(holds({create, expired(2, 3), moved(4, 5)}));
  EXPECT_TRUE(holds({create, moved(2, 5), expired(3, 4)}));
  EXPECT_TRUE(holds({create, moved(2, 5), cancelled(1, "c", 3, 4)}));
}

TEST(Checker, SaysWhereItGotStuck) {
  const History history{created(1, 0, 1), cancelled(1, "c", 2, 3), queried(1, 4, 5, "03")};
  const Verdict verdict = check(history);
  EXPECT_EQ(verdict.longest, (std::vector<std::size_t>{0, 1}));
  EXPECT_FALSE(verdict.gave_up);
  EXPECT_NE(describe(history, verdict).find("Not in it: 2"), std::string::npos);
}

TEST(Checker, EntersNoStateTwice) {
  // Twelve payments created at once, and one answer that nothing explains: without a memory that
  // would be every order of twelve.
  History history;
  for (int payment = 0; payment < 12; ++payment) history.push_back(created(payment, 0, 20));
  history.push_back(queried(11, 21, 22, "05"));
  const Verdict verdict = check(history);
  EXPECT_FALSE(verdict.linearisable);
  EXPECT_FALSE(verdict.gave_up);
  EXPECT_LE(verdict.states, std::size_t{1} << 12);
}

TEST(Checker, TakesNoMoreThanItCanCount) {
  EXPECT_THROW(check(History(kOperationsMax + 1)), std::invalid_argument);
}

}  // namespace
}  // namespace batal::histories
