#include "services/pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <future>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/branch.h"
#include "services/held_ledger.h"

namespace batal::services::test {
namespace {

using ledger::Verdict;

class PipelineTest : public ::testing::Test {
 protected:
  // Cancels R-name by the call C-name.
  static void send(Caller& caller, const std::string& name) { caller.send(request(caller, name)); }
  static std::string request(Caller& caller, const std::string& name) {
    return caller.request(kCancelPath, "C-" + name, cancel_body("R-" + name));
  }
  static std::string cancelled(const std::string& name) {
    return R"({"responseCode":"2005700","responseMessage":"Success","originalReferenceNo":"R-)" +
           name + R"(","cancelTime":"2026-03-01T14:00:00+07:00"})";
  }
  // A cancel from its request to its answer; gives the submission that it was.
  ledger::Submission* cancel(Caller& caller, const std::string& name) {
    send(caller, name);
    const auto held = ledger.take(1);
    deliver_cancelled(held, kNow);
    EXPECT_EQ(caller.hear().body, cancelled(name));
    return held.front();
  }

  HeldLedger ledger;
  Branch branch{ledger};
};

TEST_F(PipelineTest, HandsOverTheWholeCall) {
  Caller caller(branch);
  const std::string body = cancel_body("R-1");
  caller.send(caller.request(kCancelPath, "C-1", " " + body + " "));
  const auto held = ledger.take(1);
  const payment::Command& command = held.front()->command;
  EXPECT_EQ(command.action, payment::Action::Cancel);
  EXPECT_EQ(command.partner, "demo");
  EXPECT_EQ(command.kind, payment::Kind::Debit);
  EXPECT_EQ(command.call, (payment::Call{57, "C-1", snap::sha256(body), body}));
  EXPECT_EQ(command.target.reference_no, "R-1");
  EXPECT_EQ(command.target.partner_reference_no, "order");
  EXPECT_TRUE(command.merchant_known);
  deliver_cancelled(held, kNow);
  EXPECT_EQ(caller.hear().body, cancelled("1"));
}

TEST_F(PipelineTest, GivesEveryCallerItsOwnAnswerInWhateverOrder) {
  std::deque<Caller> callers;
  for (int i = 0; i < 5; ++i) send(callers.emplace_back(branch), std::to_string(i));
  auto held = ledger.take(5);
  std::ranges::reverse(held);
  deliver_cancelled({held.begin(), held.begin() + 2}, kNow);
  deliver_cancelled({held.begin() + 2, held.end()}, kNow);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(callers[std::size_t(i)].hear().body, cancelled(std::to_string(i)));
  }
}

TEST_F(PipelineTest, TellsWhatIsKnownOfACallThatWasNotDecided) {
  Caller caller(branch);
  for (const auto& [verdict, body] : std::vector<std::pair<Verdict, std::string>>{
           {Verdict::NotStored,
            R"({"responseCode":"5005701","responseMessage":"Internal Server Error"})"},
           {Verdict::TooLate, R"({"responseCode":"5045700","responseMessage":"Timeout"})"},
           {Verdict::Unknown, R"({"responseCode":"5045700","responseMessage":"Timeout"})"}}) {
    send(caller, "1");
    deliver(ledger.take(1), verdict);
    EXPECT_EQ(caller.hear().body, body);
  }
}

TEST_F(PipelineTest, AnswersAtTheDeadlineAndTakesTheLateOutcomeBackInSilence) {
  Caller caller(branch);
  branch.set_deadline(0ms);
  send(caller, "late");
  const auto late = ledger.take(1);
  EXPECT_EQ(caller.hear().code, "5045700");
  branch.set_deadline(1h);

  // The ledger has it still: another call is another submission.
  send(caller, "meanwhile");
  const auto meanwhile = ledger.take(1);
  EXPECT_NE(meanwhile.front(), late.front());
  EXPECT_EQ(late.front()->command.call.external_id, "C-late");

  deliver_cancelled(late, kNow);
  branch.settle();
  deliver_cancelled(meanwhile, kNow);
  EXPECT_EQ(caller.hear().body, cancelled("meanwhile"));

  // Both are free now, and nothing of what they were is left.
  branch.settle();
  EXPECT_EQ(cancel(caller, "next"), meanwhile.front());
  Caller other(branch);
  send(caller, "one");
  send(other, "two");
  const auto both = ledger.take(2);
  EXPECT_EQ((std::set{both[0], both[1]}), (std::set{late.front(), meanwhile.front()}));
  deliver_cancelled(both, kNow);
  EXPECT_EQ(caller.hear().body, cancelled("one"));
  EXPECT_EQ(other.hear().body, cancelled("two"));
}

TEST_F(PipelineTest, LeavesNothingOfAnEarlierCallInOneThatIsUsedAgain) {
  Caller caller(branch);
  caller.send(caller.request("/v1.0/auth/void", "C-1",
                             R"({"originalReferenceNo":"R-1","originalPartnerReferenceNo":"order",
                                 "merchantId":"foreign","partnerVoidNo":"V-1"})"));
  const auto first = ledger.take(1);
  EXPECT_FALSE(first.front()->command.merchant_known);
  deliver_cancelled(first, kNow);
  EXPECT_EQ(caller.hear().code, "2006700");
  branch.settle();

  caller.send(caller.request("/v1.0/debit/status", "C-2", R"({"originalExternalId":"X-1"})"));
  const auto second = ledger.take(1);
  ASSERT_EQ(second, first);
  const payment::Command& command = second.front()->command;
  EXPECT_EQ(command.action, payment::Action::Query);
  EXPECT_EQ(command.kind, payment::Kind::Debit);
  EXPECT_EQ(command.call, payment::Call{});
  EXPECT_EQ(command.target.reference_no, "");
  EXPECT_EQ(command.target.external_id, "X-1");
  EXPECT_EQ(command.target.merchant_id, "");
  EXPECT_EQ(command.partner_action_no, "");
  EXPECT_EQ(command.action_no, "");
  EXPECT_TRUE(command.merchant_known);
  EXPECT_FALSE(second.front()->outcome.event);
}

// Sends the requests while the loop is held up, so that it finds them ready all at once.
void send_at_once(Branch& branch, std::deque<Caller>& callers,
                  const std::vector<std::string>& requests) {
  std::promise<void> held_up;
  std::promise<void> go_on;
  branch.loop().post([&] {
    held_up.set_value();
    go_on.get_future().wait();
  });
  held_up.get_future().wait();
  for (std::size_t i = 0; i < callers.size(); ++i) {
    callers[i].send(requests[i]);
    callers[i].wait_until_taken();
  }
  go_on.set_value();
}

TEST_F(PipelineTest, HandsOverInBulkWhatIsReadyAtOnce) {
  std::deque<Caller> callers;
  std::vector<std::string> requests;
  for (int i = 0; i < 16; ++i) {
    Caller& caller = callers.emplace_back(branch);
    EXPECT_EQ(caller.call("/none", "x", "{}").code, "4040000");  // it has been accepted
    requests.push_back(request(caller, std::to_string(i)));
  }
  send_at_once(branch, callers, requests);
  const auto held = ledger.take(16);
  EXPECT_EQ(ledger.batches(), std::vector<std::size_t>{16});
  deliver_cancelled(held, kNow);
  for (std::size_t i = 0; i < 16; ++i) {
    EXPECT_EQ(callers[i].hear().body, cancelled(std::to_string(i)));
  }
}

TEST_F(PipelineTest, TurnsAwayWhatTheQueueDoesNotTake) {
  ledger.set_room(3);
  std::deque<Caller> callers;
  std::vector<std::string> requests;
  for (int i = 0; i < 8; ++i) {
    Caller& caller = callers.emplace_back(branch);
    EXPECT_EQ(caller.call("/none", "x", "{}").code, "4040000");
    requests.push_back(request(caller, std::to_string(i)));
  }
  send_at_once(branch, callers, requests);
  const auto taken = ledger.take(3);
  ASSERT_EQ(taken.size(), 3U);
  deliver_cancelled(taken, kNow);
  std::set<std::string> done;
  for (const auto* submission : taken) done.insert(submission->command.call.external_id);
  for (std::size_t i = 0; i < callers.size(); ++i) {
    const std::string name = std::to_string(i);
    EXPECT_EQ(callers[i].hear().body,
              done.contains("C-" + name)
                  ? cancelled(name)
                  : R"({"responseCode":"4295700","responseMessage":"Too Many Requests"})");
  }
  ledger.set_room(1);
  cancel(callers.front(), "again");
}

TEST_F(PipelineTest, TurnsAwayAllRequestsThatOneConnectionSentTogether) {
  ledger.set_room(0);
  Caller caller(branch);
  std::string together;
  for (int i = 0; i < 20; ++i) together += request(caller, std::to_string(i));
  caller.send(together);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(caller.hear().code, "4295700") << i;
  ledger.set_room(1);
  cancel(caller, "again");
}

TEST_F(PipelineTest, SaysTimeoutOnceTheLedgerHasFailed) {
  ledger.fail();
  Caller caller(branch);
  for (int i = 0; i < 2; ++i) {
    send(caller, "1");
    EXPECT_EQ(caller.hear().body, R"({"responseCode":"5045700","responseMessage":"Timeout"})");
  }
}

// Every call is handed over so late that its deadline has passed.
class Delays final : public FaultRules {
 public:
  Fault take(std::string_view, std::string_view) override { return {FaultKind::Delay, 50ms}; }
};

TEST(Pipeline, SaysNothingMoreOfALateCallThatTheQueueDoesNotTake) {
  HeldLedger ledger;
  Delays delays;
  Branch branch(ledger, &delays);
  branch.set_deadline(0ms);
  ledger.set_room(0);
  Caller caller(branch);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(caller.call(kCancelPath, "C-1", cancel_body("R-1")).code, "5045700");
    ledger.wait_for_batches(std::size_t(i) + 1);
    branch.settle();
  }
  EXPECT_EQ(caller.call("/none", "x", "{}").code, "4040000");  // the next answer is the next call's
}

TEST_F(PipelineTest, ForgetsAPeerThatLeftBeforeTheOutcome) {
  Caller leaving(branch);
  send(leaving, "left");
  const auto left = ledger.take(1);
  leaving.leave();
  Caller caller(branch);
  const ledger::Submission* other = cancel(caller, "1");
  EXPECT_NE(other, left.front());
  deliver_cancelled(left, kNow);
  branch.settle();
  EXPECT_EQ(cancel(caller, "2"), left.front());
}

TEST_F(PipelineTest, ChangesPartnersUnderCallsInFlight) {
  Caller caller(branch);
  send(caller, "1");
  const auto held = ledger.take(1);
  branch.use({partner("second")});
  Caller old_secret(branch);
  send(old_secret, "2");
  EXPECT_EQ(old_secret.hear().code, "4015700");
  Caller new_secret(branch, "second");
  send(new_secret, "3");
  const auto more = ledger.take(1);
  branch.use({});
  Caller unknown(branch, "second");
  send(unknown, "4");
  EXPECT_EQ(unknown.hear().code, "4015701");
  deliver_cancelled({held.front(), more.front()}, kNow);
  EXPECT_EQ(caller.hear().body, cancelled("1"));
  EXPECT_EQ(new_secret.hear().body, cancelled("3"));
}

TEST_F(PipelineTest, TakesASignatureForItsTokenAndItsServiceOnly) {
  Caller first(branch);
  Caller second(branch);
  cancel(first, "1");
  cancel(second, "2");
  const auto with = [](std::string request, std::string_view part, std::string_view other) {
    return request.replace(request.find(part), part.size(), other);
  };
  const std::string signed_request = request(first, "3");
  second.send(with(signed_request, first.token(), second.token()));
  EXPECT_EQ(second.hear().code, "4015700");
  first.send(with(signed_request, kCancelPath, "/v1.0/debit/status"));
  EXPECT_EQ(first.hear().code, "4015500");
  cancel(first, "3");
}

// A partner that is made where an earlier one was must not be taken for it.
TEST_F(PipelineTest, ForgetsTheSecretsOfPartnersThatAreGone) {
  std::string earlier = "first";
  for (int i = 0; i < 8; ++i) {
    const std::string secret = "secret-" + std::to_string(i);
    branch.use({partner(secret)});
    Caller caller(branch, secret);
    cancel(caller, std::to_string(i));
    Caller old_secret(branch, std::exchange(earlier, secret));
    send(old_secret, "x");
    EXPECT_EQ(old_secret.hear().code, "4015700");
  }
}

}  // namespace
}  // namespace batal::services::test
