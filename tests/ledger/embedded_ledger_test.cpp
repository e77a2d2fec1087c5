#include "ledger/embedded/embedded_ledger.h"

#include <gtest/gtest.h>

#include <future>

#include "ledger/caught_log.h"
#include "ledger/embedded_ledger_fixture.h"

namespace batal::ledger {
namespace {

using payment::Action;
using payment::Command;
using payment::EventPtr;
using payment::Outcome;
using payment::Refusal;
using payment::State;
using payment::Time;
using payment::TimeMark;
using Result = Outcome::Result;

TEST_F(EmbeddedLedgerTest, DecidesInOrderOfArrival) {
  auto ledger = started();
  Calls calls({query(1), create(1), query(1), cancel(1), cancel(1), cancel(1, "another")});
  calls.run(*ledger);
  EXPECT_EQ(calls[0].outcome.refusal, Refusal::NotFound);
  EXPECT_EQ(calls[1].outcome.result, Result::Accepted);
  EXPECT_EQ(calls[2].outcome.state, State::Pending);
  EXPECT_EQ(calls[3].outcome.event->transaction->state, State::Cancelled);
  EXPECT_EQ(calls[4].outcome.result, Result::Replayed);
  EXPECT_EQ(*calls[4].outcome.event, *calls[3].outcome.event);
  EXPECT_EQ(calls[5].outcome.refusal, Refusal::AlreadyCancelled);
}

TEST_F(EmbeddedLedgerTest, RemembersOverRestarts) {
  answer(*started(), create(1));
  const auto first = answer(*started(), cancel(1));
  disk.crash();
  auto ledger = started();
  EXPECT_EQ(ledger->recovery().records, 2U);
  const auto again = answer(*ledger, cancel(1));
  EXPECT_EQ(again.result, Result::Replayed);
  EXPECT_EQ(*again.event, *first.event);
}

TEST_F(EmbeddedLedgerTest, WorksOnTheRealDisk) {
  const testing::TempFolder folder;
  EmbeddedOptions settings{.audit_key = test_key()};
  settings.log.folder = folder / "ledger";
  settings.log.segment_bytes = 2 << 20;
  for (const auto result : {Result::Accepted, Result::Replayed}) {
    EmbeddedLedger ledger(settings);
    ledger.start();
    answer(ledger, create(1));
    EXPECT_EQ(answer(ledger, cancel(1)).result, result);
    EXPECT_THROW(EmbeddedLedger{settings}, LedgerError) << "the folder is in use";
  }
}

TEST_F(EmbeddedLedgerTest, RefusesSizesThatDoNotFit) {
  auto settings = options();
  settings.log.record_bytes_max = settings.log.batch_bytes_max;
  EXPECT_THROW(EmbeddedLedger(settings, disk), LedgerError);
  settings = options();
  settings.log.segment_bytes = settings.log.batch_bytes_max;
  EXPECT_THROW(EmbeddedLedger(settings, disk), LedgerError);
}

TEST_F(EmbeddedLedgerTest, CancelsOnceHoweverOftenItIsAsked) {
  auto ledger = started();
  answer(*ledger, create(1));
  constexpr std::size_t kCallers = 50;
  std::deque<Calls> calls;
  for (std::size_t i = 0; i < kCallers; ++i) calls.emplace_back(std::vector{cancel(1)});
  std::vector<std::future<void>> callers;
  for (auto& call : calls)
    callers.push_back(std::async(std::launch::async, [&] { call.run(*ledger); }));
  for (auto& caller : callers) caller.get();

  std::size_t accepted = 0;
  for (auto& call : calls) {
    accepted += call[0].outcome.result == Result::Accepted;
    EXPECT_TRUE(call[0].outcome.result == Result::Accepted ||
                call[0].outcome.result == Result::Replayed);
    EXPECT_EQ(*call[0].outcome.event, *calls[0][0].outcome.event);
  }
  EXPECT_EQ(accepted, 1U);
  EXPECT_EQ(log().size(), 2U);
}

TEST_F(EmbeddedLedgerTest, DeliversNothingBeforeItsSync) {
  auto ledger = open();
  Calls calls({create(1), query(1), query(2), cancel(1), cancel(1)});
  std::size_t told_at_sync = 0;
  bool unsynced_at_delivery = false;
  disk.on_segment_sync([&] { told_at_sync += calls.collector.count(); });
  calls.collector.on_delivery = [&] { unsynced_at_delivery |= disk.has_unsynced_segment(); };
  EXPECT_EQ(calls.submit_to(*ledger), 5U);
  ledger->start();
  calls.collector.wait_for(5);
  ledger->stop();
  EXPECT_EQ(told_at_sync, 0U) << "refusals and queries of the batch wait too";
  EXPECT_FALSE(unsynced_at_delivery);
  EXPECT_EQ(calls.collector.deliveries().size(), 1U) << "one delivery per commit";
}

TEST_F(EmbeddedLedgerTest, DeliversToEachOutboxOnce) {
  auto ledger = open();
  Calls mine({create(1), query(1)});
  Calls others({create(2), query(1), query(3)});
  mine.submit_to(*ledger);
  others.submit_to(*ledger);
  ledger->start();
  ledger->stop();
  ASSERT_EQ(mine.collector.deliveries().size(), 1U);
  ASSERT_EQ(others.collector.deliveries().size(), 1U);
  EXPECT_EQ(mine.collector.deliveries()[0], (std::vector{&mine[0], &mine[1]}));
  EXPECT_EQ(others.collector.deliveries()[0], (std::vector{&others[0], &others[1], &others[2]}));
}

TEST_F(EmbeddedLedgerTest, SyncsNothingForABatchWithoutARecord) {
  auto ledger = started();
  answer(*ledger, create(1));
  std::atomic<int> syncs = 0;
  disk.on_segment_sync([&] { ++syncs; });
  answer(*ledger, query(1));
  EXPECT_EQ(syncs, 0);
  answer(*ledger, cancel(1));
  EXPECT_EQ(syncs, 1);
}

TEST_F(EmbeddedLedgerTest, DropsWhatComesToItsTurnTooLate) {
  auto ledger = open();
  Calls calls({create(1), create(2)});
  calls[0].deadline = std::chrono::steady_clock::now() - std::chrono::milliseconds(1);
  calls.submit_to(*ledger);
  ledger->start();
  ledger->stop();
  EXPECT_EQ(calls[0].verdict, Verdict::TooLate);
  EXPECT_EQ(calls[1].verdict, Verdict::Decided);
  EXPECT_EQ(log().size(), 1U);
}

TEST_F(EmbeddedLedgerTest, TakesNoMoreThanItsQueueHolds) {
  auto settings = options();
  settings.queue_commands_max = 3;
  EmbeddedLedger ledger(settings, disk);
  Calls calls({create(1), create(2), create(3), create(4)});
  EXPECT_EQ(calls.submit_to(ledger), 3U);
  EXPECT_EQ(calls.submit_to(ledger), 0U);
  ledger.start();
  calls.collector.wait_for(3);
  EXPECT_EQ(answer(ledger, query(4)).refusal, Refusal::NotFound) << "there is room again";
}

TEST_F(EmbeddedLedgerTest, StopDecidesWhatHasQueuedAndTakesNoMore) {
  for (const bool start : {true, false}) {
    auto ledger = open();
    Calls calls({create(1), query(1), cancel(1)});
    calls.submit_to(*ledger);
    if (start) ledger->start();
    ledger->stop();
    EXPECT_EQ(calls.collector.count(), 3U);
    EXPECT_EQ(calls.submit_to(*ledger), 0U);
    EXPECT_TRUE(ledger->healthy());
  }
}

TEST_F(EmbeddedLedgerTest, GoesOnThroughManySegments) {
  constexpr int kPayments = 300;
  for (int round = 0; round < 3; ++round) {
    auto ledger = started();
    std::vector<Command> commands;
    for (int i = round * kPayments; i < (round + 1) * kPayments; ++i) {
      commands.push_back(create(i));
      commands.push_back(cancel(i));
    }
    Calls calls(std::move(commands));
    calls.run(*ledger);
    for (std::size_t i = 0; i < calls.size(); ++i)
      ASSERT_EQ(calls[i].outcome.result, Result::Accepted) << i;
  }
  auto ledger = started();
  EXPECT_GT(ledger->recovery().segments, 20U);
  EXPECT_EQ(log().size(), 6U * kPayments);
  for (int i = 0; i < 3 * kPayments; i += 7) {
    EXPECT_EQ(answer(*ledger, cancel(i)).result, Result::Replayed) << i;
    EXPECT_EQ(answer(*ledger, query(i)).state, State::Cancelled) << i;
  }
}

TEST_F(EmbeddedLedgerTest, StoresNoRecordThatIsTooLargeAndGoesOn) {
  auto ledger = started();
  Command large = create(1);
  large.call.request.assign(2000, 'x');
  Calls calls({large, query(1), create(2)});
  calls.run(*ledger);
  EXPECT_EQ(calls[0].verdict, Verdict::NotStored);
  EXPECT_EQ(calls[1].outcome.refusal, Refusal::NotFound);
  EXPECT_EQ(calls[2].outcome.result, Result::Accepted);
  ledger.reset();
  ledger = started();
  EXPECT_FALSE(ledger->recovery().cut) << "none of it is in the log";
  EXPECT_EQ(answer(*ledger, query(2)).result, Result::Found);
}

TEST_F(EmbeddedLedgerTest, StoresNothingOnAFullDiskAndGoesOnWhenThereIsRoom) {
  auto ledger = started();
  answer(*ledger, create(0));
  disk.set_full(true);
  int number = 1;
  for (Verdict verdict = Verdict::Decided; verdict == Verdict::Decided; ++number) {
    Calls calls({create(number), query(number), query(0)});
    calls.run(*ledger);
    verdict = calls[0].verdict;
    if (verdict == Verdict::Decided) continue;
    EXPECT_EQ(verdict, Verdict::NotStored);
    EXPECT_EQ(calls[1].outcome.refusal, Refusal::NotFound) << "no trace of it is left";
    EXPECT_EQ(calls[2].outcome.result, Result::Found) << "what needs no record is answered";
    ASSERT_LT(number, 1000);
  }
  EXPECT_TRUE(ledger->healthy());
  disk.set_full(false);
  Verdict verdict = Verdict::NotStored;
  while (verdict == Verdict::NotStored) {
    steady = steady.load() + std::chrono::seconds(1);
    Calls calls({create(number++)});
    calls.run(*ledger);
    verdict = calls[0].verdict;
  }
  EXPECT_EQ(verdict, Verdict::Decided);
}

TEST_F(EmbeddedLedgerTest, TellsNothingAfterAFailedWriteOrSync) {
  for (const bool at_sync : {false, true}) {
    auto ledger = open();
    ledger->start();
    const int first = at_sync ? 10 : 20;
    answer(*ledger, create(first));
    // The next segment is complete by now or fails to be made, neither of which is told here.
    Calls calls({query(first), cancel(first), create(first + 1), query(first)});
    if (at_sync)
      disk.on_segment_sync([this] { disk.fail_at(1, 1000); });
    else
      disk.fail_at(1, 1000);
    calls.run(*ledger);
    disk.on_segment_sync(nullptr);
    for (std::size_t i = 0; i < calls.size(); ++i) {
      EXPECT_EQ(calls[i].verdict, Verdict::Unknown) << i;
      EXPECT_FALSE(calls[i].outcome.event || calls[i].outcome.transaction) << i;
    }
    EXPECT_FALSE(ledger->healthy());
    EXPECT_EQ(calls.submit_to(*ledger), 0U);
    ledger.reset();
    EXPECT_EQ(failures, at_sync ? 2 : 1);

    disk.heal();
    disk.crash();
    ledger = started();
    EXPECT_EQ(answer(*ledger, query(first)).result, Result::Found) << "it was told before";
  }
}

TEST_F(EmbeddedLedgerTest, NeverGoesBackInTime) {
  auto ledger = started();
  set_clock(std::chrono::minutes(10));
  answer(*ledger, create(1));
  set_clock(std::chrono::minutes(5));
  EXPECT_EQ(answer(*ledger, create(2)).event->at, kNoon + std::chrono::minutes(10));
  ledger.reset();
  ledger = started();
  EXPECT_EQ(answer(*ledger, create(3)).event->at, kNoon + std::chrono::minutes(10));

  set_clock(std::chrono::minutes(12));
  answer(*ledger, query(1));
  set_clock(std::chrono::minutes(11));
  EXPECT_EQ(answer(*ledger, create(4)).event->at, kNoon + std::chrono::minutes(12))
      << "a query's time counts too";
}

TEST_F(EmbeddedLedgerTest, WarnsAtTheStartOfAClockBehindTheLog) {
  set_clock(std::chrono::minutes(10));
  answer(*started(), create(1));
  const std::pair<std::chrono::milliseconds, std::string> cases[] = {
      {std::chrono::minutes(10), ""},
      {std::chrono::minutes(11), ""},
      {std::chrono::seconds(599),
       "warning ledger: the last record is 1 s ahead of the clock: expiries stand still until the "
       "clock has caught up\n"},
      {{},
       "warning ledger: the last record is 600 s ahead of the clock: expiries stand still until "
       "the clock has caught up\n"},
  };
  for (const auto& [since_noon, expected] : cases) {
    set_clock(since_noon);
    const CaughtLog caught;
    open();
    EXPECT_EQ(caught.text(), expected) << since_noon.count();
  }
}

TEST_F(EmbeddedLedgerTest, RevivesNothingThatWasToldToBeExpired) {
  auto ledger = started();
  answer(*ledger, create(1));
  set_clock(std::chrono::minutes(15));
  EXPECT_EQ(answer(*ledger, query(1)).state, State::Expired);
  ledger.reset();
  disk.crash();
  set_clock(std::chrono::minutes(1));
  ledger = started();
  EXPECT_EQ(answer(*ledger, query(1)).state, State::Expired);
  EXPECT_EQ(answer(*ledger, cancel(1)).refusal, Refusal::Expired);
}

TEST_F(EmbeddedLedgerTest, MarksTheTimeThenSweeps) {
  auto ledger = started();
  answer(*ledger, create(1));
  answer(*ledger, create(2));
  set_clock(std::chrono::minutes(15));
  answer(*ledger, query(1));
  const auto records = log();
  ASSERT_EQ(records.size(), 5U);
  EXPECT_EQ(std::get<TimeMark>(records[2]).at, kNoon + std::chrono::minutes(15));
  for (const std::size_t i : {3U, 4U}) {
    const auto& event = *std::get<EventPtr>(records[i]);
    EXPECT_EQ(event.action, Action::Expire);
    EXPECT_EQ(event.call.external_id, "");
    EXPECT_EQ(event.transaction->state, State::Expired);
    EXPECT_EQ(event.at, kNoon + std::chrono::minutes(15));
  }
}

TEST_F(EmbeddedLedgerTest, SweepsManyInPortions) {
  constexpr int kPayments = 500;
  std::vector<Command> commands;
  for (int i = 0; i < kPayments; ++i) commands.push_back(create(i));
  auto ledger = started();
  Calls(std::move(commands)).run(*ledger);
  set_clock(std::chrono::hours(1));
  // Only a queue that has run dry lets a ledger rest: after that, nothing is left to sweep.
  for (std::size_t swept = 0; swept < kPayments;) {
    answer(*ledger, query(kPayments + 1));
    const auto records = log();
    swept = static_cast<std::size_t>(std::ranges::count_if(records, [](const auto& record) {
      const auto* event = std::get_if<EventPtr>(&record);
      return event && (*event)->action == Action::Expire;
    }));
  }
}

TEST_F(EmbeddedLedgerTest, SweepsWithoutBeingAsked) {
  auto settings = options();
  settings.clock = system_time;
  settings.rules.life_min = std::chrono::microseconds(1);
  EmbeddedLedger ledger(settings, disk);
  std::promise<void> swept;
  std::atomic<int> syncs = 0;
  disk.on_segment_sync([&] {
    if (++syncs == 2) swept.set_value();
  });
  ledger.start();
  Command command = create(1);
  command.valid_until = system_time() + std::chrono::milliseconds(50);
  answer(ledger, command);
  swept.get_future().wait();
  ledger.stop();
  const auto records = log();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(std::get<EventPtr>(records[1])->action, Action::Expire);
}

TEST_F(EmbeddedLedgerTest, CanBeReadWhileItRuns) {
  auto ledger = started();
  Reader early(kFolder, disk);
  EXPECT_EQ(early.format().mode, Mode::Sandbox);
  EXPECT_FALSE(early.next());
  for (int i = 0; i < 200; ++i) answer(*ledger, create(i));
  Reader reader(kFolder, disk);
  for (int i = 0; i < 200; ++i) {
    const auto entry = reader.next();
    ASSERT_TRUE(entry) << i;
    EXPECT_EQ(entry->stored.sequence, static_cast<std::uint64_t>(i) + 1);
    EXPECT_EQ(std::get<EventPtr>(entry->stored.record)->transaction->reference_no, reference_no(i));
  }
  EXPECT_FALSE(reader.next());
  EXPECT_THROW(Reader("/elsewhere", disk), LedgerError);
}

}  // namespace
}  // namespace batal::ledger
