// Calls about what lies in sealed segments: looked up beside the ledger's thread, and yet in order.
#include <gtest/gtest.h>

#include <algorithm>

#include "ledger/embedded_ledger_fixture.h"

namespace batal::ledger {
namespace {

using payment::Action;
using payment::Command;
using payment::Refusal;
using payment::State;
using Result = payment::Outcome::Result;

// What a look-up is needed for: the log goes on through segments until the index has the first.
class SealedTest : public EmbeddedLedgerTest {
 protected:
  // A ledger that has only just started, so that all it holds but the last segment is sealed.
  std::unique_ptr<EmbeddedLedger> with_sealed(std::vector<Command> commands) {
    constexpr int kFillers = 120;
    for (int i = 0; i < kFillers; ++i) commands.push_back(create(9000 + i));
    auto ledger = started();
    Calls(std::move(commands)).run(*ledger);
    ledger.reset();
    auto again = open();
    EXPECT_GT(again->recovery().segments, 2U);
    return again;
  }

  std::vector<Submission*> order_of(Calls& calls, EmbeddedLedger& ledger) {
    calls.submit_to(ledger);
    ledger.start();
    calls.collector.wait_for(calls.size());
    std::vector<Submission*> order;
    for (const auto& delivery : calls.collector.deliveries())
      order.insert(order.end(), delivery.begin(), delivery.end());
    return order;
  }
};

TEST_F(SealedTest, FindsWhatIsSealedByEveryName) {
  auto ledger = with_sealed({create(1), cancel(1), create_va(2, 7), delete_va(7, "gone"), create(3),
                             provider(Action::Pay, 3, "paid")});
  Command by_cancel = query(1);
  by_cancel.target = {};
  by_cancel.target.external_id = "cancel-1";
  Command by_trx_id = delete_va(7, "again");
  Calls calls({cancel(1), query(1), by_cancel, by_trx_id, create(1), cancel_by_call(1, "late"),
               provider(Action::Refund, 3, "refunded"), query(3)});
  order_of(calls, *ledger);
  EXPECT_EQ(calls[0].outcome.result, Result::Replayed);
  EXPECT_EQ(calls[1].outcome.state, State::Cancelled);
  EXPECT_EQ(calls[2].outcome.state, State::Cancelled);
  EXPECT_EQ(calls[3].outcome.refusal, Refusal::AlreadyCancelled);
  EXPECT_EQ(calls[4].outcome.result, Result::Replayed);
  EXPECT_EQ(calls[5].outcome.refusal, Refusal::AlreadyCancelled);
  EXPECT_EQ(calls[6].outcome.result, Result::Accepted);
  EXPECT_EQ(calls[7].outcome.state, State::Refunded);
}

TEST_F(SealedTest, CallsAboutOneThingKeepTheirOrderAndOthersOvertake) {
  auto ledger = with_sealed({create(1), cancel(1)});
  Calls calls({cancel(1, "first"), query(1), create(2), query(2), cancel(2), cancel(1, "first")});
  const auto order = order_of(calls, *ledger);
  ASSERT_EQ(order.size(), calls.size());
  const auto place = [&](std::size_t i) { return std::ranges::find(order, &calls[i]); };
  EXPECT_LT(place(0), place(1)) << "both about the cancelled transaction";
  EXPECT_LT(place(1), place(5));
  EXPECT_LT(place(2), place(3));
  EXPECT_LT(place(3), place(4));
  EXPECT_LT(place(4), place(0)) << "what needs no look-up does not wait for one";
}

TEST_F(SealedTest, DropsWhatWaitedTooLongForALookUp) {
  auto ledger = with_sealed({create(1), cancel(1)});
  Calls calls({query(1)});
  calls[0].deadline = std::chrono::steady_clock::now();
  order_of(calls, *ledger);
  EXPECT_EQ(calls[0].verdict, Verdict::TooLate);
}

TEST_F(SealedTest, GivesNoAnswerWhereTheRecordCannotBeRead) {
  auto ledger = with_sealed({create(1), cancel(1)});
  const Path path = kFolder / segment_name(1);
  Bytes segment = disk.content(path);
  for (std::size_t at = kSegmentHeaderBytes + 200; at < segment.size(); at += 100) segment[at] ^= 1;
  disk.put(path, segment);
  Calls calls({query(1), query(9119), create(2)});
  order_of(calls, *ledger);
  EXPECT_EQ(calls[0].verdict, Verdict::Unknown);
  EXPECT_EQ(calls[1].outcome.result, Result::Found);
  EXPECT_EQ(calls[2].outcome.result, Result::Accepted);
  EXPECT_TRUE(ledger->healthy());
}

// What stands there at the positions of the index is whole, and of somebody else.
TEST_F(SealedTest, GivesNoAnswerFromAnotherSegmentsFile) {
  for (const bool of_another_ledger : {false, true}) {
    auto ledger = with_sealed({create(1), cancel(1)});
    Bytes segment = disk.content(kFolder / segment_name(of_another_ledger ? 1 : 2));
    if (of_another_ledger) {
      SegmentHeader header = decode_header(segment).value();
      header.ledger.fill(7);
      std::ranges::copy(encode(header), segment.begin());
    }
    const Bytes before = disk.content(kFolder / segment_name(1));
    disk.put(kFolder / segment_name(1), segment);
    Calls calls({create(1), cancel(1), query(1)});
    order_of(calls, *ledger);
    for (std::size_t i = 0; i < calls.size(); ++i)
      EXPECT_EQ(calls[i].verdict, Verdict::Unknown) << i;
    EXPECT_TRUE(ledger->healthy());
    ledger.reset();
    disk.put(kFolder / segment_name(1), before);
  }
}

TEST_F(SealedTest, DeliversWhatIsParkedWhenTheLogFails) {
  auto ledger = with_sealed({create(1), cancel(1)});
  Calls calls({query(1), create(2), query(1)});
  disk.fail_at(1, 1000);
  order_of(calls, *ledger);
  for (std::size_t i = 0; i < calls.size(); ++i) EXPECT_EQ(calls[i].verdict, Verdict::Unknown) << i;
}

}  // namespace
}  // namespace batal::ledger
