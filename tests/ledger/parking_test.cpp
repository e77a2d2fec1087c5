// Calls that must wait for what a sealed segment knows: whom they hold up, and whom not.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <future>
#include <memory>
#include <vector>

#include "ledger/collector.h"
#include "ledger/commands.h"
#include "ledger/embedded/embedded_ledger.h"
#include "ledger/embedded/keeping/checkpoint.h"
#include "ledger/simulated_disk.h"
#include "ledger/test_key.h"
#include "support/temp_folder.h"

namespace batal::ledger {
namespace {

using payment::Action;
using payment::Command;
using Result = payment::Outcome::Result;

const Path kFolder = "/ledger";

class ParkingTest : public ::testing::Test {
 protected:
  // Payment 1 is paid and payment 2 pending, in the first segment; payment 3 is paid, in a later
  // one. A start has forgotten them all but for what lives.
  ParkingTest() {
    open();
    answer(create(1));
    answer(provider(Action::Pay, 1, "pay-1"));
    answer(create(2));
    fill(100);
    answer(create(3));
    answer(provider(Action::Pay, 3, "pay-3"));
    fill(200);
    ledger.reset();
    open();
  }
  ~ParkingTest() override { release(); }

  void open() {
    EmbeddedOptions options{.audit_key = test_key()};
    options.index_file = index_folder / "index.sqlite";
    options.log = {.folder = kFolder,
                   .mode = Mode::Sandbox,
                   .segment_bytes = kSegmentHeaderBytes + 4096,
                   .batch_bytes_max = 2048,
                   .record_bytes_max = 1024};
    options.checkpoint_every = std::chrono::hours(1);
    options.snapshot_segments = 1'000;  // would read a segment that is held
    options.rules.identity_kept = options.rules.transaction_kept.emplace(std::chrono::hours(24));
    options.clock = [this] { return kNoon + passed.load(); };
    ledger = std::make_unique<EmbeddedLedger>(std::move(options), disk);
    ledger->start();
  }

  payment::Outcome answer(Command command) {
    Calls calls({std::move(command)});
    EXPECT_EQ(calls.run(*ledger)[0].verdict, Verdict::Decided);
    return calls[0].outcome;
  }

  // Payments of no matter, more than two segments hold.
  void fill(int from) {
    for (int number = from; number < from + 30; ++number) answer(create(number));
  }

  // Creates payments from this number on, until three segments more are sealed and in the index.
  void seal_and_index(int from) {
    const auto signed_segment = [this] {
      const LedgerId id = read_format(disk, kFolder)->id;
      const auto checkpoints = read_checkpoints(disk, kFolder, test_key().public_key(), id);
      return checkpoints.empty() ? 0 : checkpoints.back().segment;
    };
    const std::uint32_t before = signed_segment();
    for (int number = from; signed_segment() < before + 3; ++number) answer(create(number));
  }

  // Who opens a segment's file to read it waits until it is released.
  void hold(std::uint32_t segment) {
    gate = std::promise<void>();
    disk.on_open([path = kFolder / segment_name(segment), open = gate.get_future().share()](
                     const Path& opened, OpenFor purpose) {
      if (opened == path && purpose == OpenFor::Reading) open.wait();
    });
    held = true;
  }
  void release() {
    if (held) gate.set_value();
    held = false;
  }

  // The segment in which payment 3 was paid.
  std::uint32_t later_segment() {
    for (std::uint32_t segment = 2;; ++segment) {
      const Bytes bytes = disk.content(kFolder / segment_name(segment));
      const std::string_view id = "pay-3";
      if (std::ranges::search(bytes, id).begin() != bytes.end()) return segment;
    }
  }

  const testing::TempFolder index_folder;
  SimulatedDisk disk;
  std::atomic<std::chrono::hours> passed = std::chrono::hours(0);  // since noon
  std::promise<void> gate;
  bool held = false;
  std::unique_ptr<EmbeddedLedger> ledger;
};

TEST_F(ParkingTest, HoldsUpWhatSharesAKeyAndNothingElse) {
  hold(1);
  // The second is about a payment in memory, but under the identity of the first.
  Calls waiting({provider(Action::Refund, 1, "same"), provider(Action::Pay, 2, "same")});
  ASSERT_EQ(waiting.submit_to(*ledger), 2U);
  EXPECT_EQ(answer(create(300)).result, Result::Accepted) << "overtakes";
  EXPECT_EQ(waiting.collector.count(), 0U);
  release();
  waiting.collector.wait_for(2);
  EXPECT_EQ(waiting[0].outcome.result, Result::Accepted);
  EXPECT_EQ(waiting[0].outcome.state, payment::State::Refunded);
  EXPECT_EQ(waiting[1].outcome.result, Result::Replayed);
  EXPECT_EQ(waiting[1].outcome.event->action, Action::Refund);
}

TEST_F(ParkingTest, HoldsUpNothingOnceItIsDecided) {
  hold(1);
  Calls first({provider(Action::Refund, 1, "same"), provider(Action::Pay, 2, "same")});
  ASSERT_EQ(first.submit_to(*ledger), 2U);
  release();
  first.collector.wait_for(2);
  hold(later_segment());
  Calls second({provider(Action::Refund, 3, "other")});
  ASSERT_EQ(second.submit_to(*ledger), 1U);
  EXPECT_EQ(answer(provider(Action::Pay, 2, "same")).result, Result::Replayed);
  EXPECT_EQ(answer(provider(Action::Pay, 2, "fresh")).result, Result::Accepted);
  EXPECT_EQ(second.collector.count(), 0U);
  release();
  second.collector.wait_for(1);
  EXPECT_EQ(second[0].outcome.result, Result::Accepted);
}

// A call waits for what an old segment says of a payment's creation. Meanwhile the payment is paid,
// and the record of that goes into the index: the call must not miss it.
TEST_F(ParkingTest, SeesWhatWasIndexedWhileItWaited) {
  hold(1);
  Calls waiting({cancel_by_call(2, "late")});
  ASSERT_EQ(waiting.submit_to(*ledger), 1U);
  EXPECT_EQ(answer(provider(Action::Pay, 2, "pay-2")).result, Result::Accepted);
  seal_and_index(400);
  answer(create(1'000));
  EXPECT_EQ(waiting.collector.count(), 0U);
  release();
  waiting.collector.wait_for(1);
  EXPECT_EQ(waiting[0].outcome.result, Result::Refused);
  EXPECT_EQ(waiting[0].outcome.refusal, payment::Refusal::AlreadyPaid);
}

// The retry of a cancel waits for what an old segment says of the payment. What memory has of the
// cancel itself is indexed by then, and its table dropped before the retry's turn has come.
TEST_F(ParkingTest, SeesWhatMemoryForgotWhileItWaited) {
  EXPECT_EQ(answer(cancel_by_call(2, "cancel-2")).result, Result::Accepted);
  hold(later_segment());
  Calls first({provider(Action::Refund, 3, "first")});
  ASSERT_EQ(first.submit_to(*ledger), 1U);
  seal_and_index(400);
  answer(create(1'000));
  std::vector<Command> commands;  // more than the look-up gives back at once
  for (int number = 0; number < 100; ++number)
    commands.push_back(cancel_by_call(1, fmt::format("late-{}", number)));
  commands.push_back(cancel_by_call(2, "cancel-2"));
  Calls waiting(std::move(commands));
  ASSERT_EQ(waiting.submit_to(*ledger), 101U);
  release();
  waiting.collector.wait_for(101);
  EXPECT_EQ(waiting[100].outcome.result, Result::Replayed);
}

// As long as it waits, memory holds the keys of all later segments, however old: they must be
// there.
TEST_F(ParkingTest, KeepsFromPruningWhatMayStillBeRead) {
  hold(1);
  Calls waiting({cancel_by_call(1, "late")});
  ASSERT_EQ(waiting.submit_to(*ledger), 1U);
  seal_and_index(400);
  const Path pruned = kFolder / pruned_name(1);
  passed = std::chrono::hours(24 * 30);
  while (!disk.has(pruned)) answer(query(1'000));
  passed = std::chrono::hours(24 * 31);
  for (int number = 400; number < 410; ++number)
    EXPECT_EQ(answer(cancel_by_call(number, fmt::format("x-{}", number))).refusal,
              payment::Refusal::NotFound);
  EXPECT_TRUE(ledger->healthy());
  release();
  waiting.collector.wait_for(1);
  EXPECT_EQ(waiting[0].outcome.refusal, payment::Refusal::NotFound);
}

TEST_F(ParkingTest, KeepsTheLedgerFromEndingBeforeItIsDecided) {
  hold(1);
  Calls waiting({provider(Action::Refund, 1, "late")});
  ASSERT_EQ(waiting.submit_to(*ledger), 1U);
  auto stopped = std::async(std::launch::async, [this] { ledger->stop(); });
  std::deque<Calls> more;  // until it takes no more
  do {
    more.emplace_back(std::vector{query(2)});
  } while (more.back().submit_to(*ledger) != 0);
  release();
  stopped.get();
  EXPECT_EQ(waiting.collector.count(), 1U);
  EXPECT_EQ(waiting[0].verdict, Verdict::Decided);
  EXPECT_EQ(waiting[0].outcome.result, Result::Accepted);
}

TEST_F(ParkingTest, KnowsNothingWhereARecordCannotBeRead) {
  Bytes broken = disk.content(kFolder / segment_name(1));
  const std::string_view id = "pay-1";
  *std::ranges::search(broken, id).begin() ^= 1;
  disk.put(kFolder / segment_name(1), broken);
  Calls calls({provider(Action::Refund, 1, "late"), create(300)});
  calls.run(*ledger);
  EXPECT_EQ(calls[0].verdict, Verdict::Unknown);
  EXPECT_EQ(calls[1].verdict, Verdict::Decided);
  EXPECT_TRUE(ledger->healthy());
}

}  // namespace
}  // namespace batal::ledger
