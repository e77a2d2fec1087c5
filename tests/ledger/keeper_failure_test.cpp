// The keeper on a disk that refuses, and what it prunes.
#include <gtest/gtest.h>

#include <algorithm>

#include "ledger/caught_log.h"
#include "ledger/keeper_fixture.h"

namespace batal::ledger {
namespace {

using payment::Time;
using std::chrono::hours;
using std::chrono::minutes;

int count_of(const std::string& text, std::string_view part) {
  int count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

class FailingKeeperTest : public KeeperFixture {
 protected:
  std::vector<Checkpoint> checkpoints() {
    return read_checkpoints(disk, kLedgerFolder, log.key.public_key(), log.format.id);
  }

  // Counts the attempts to make a file of this name.
  void count_attempts(const std::string& name) {
    disk.on_open([this, name](const Path& path, OpenFor purpose) {
      if (purpose == OpenFor::Creating && path.filename() == name) ++attempts;
    });
  }

  CaughtLog caught;
  std::atomic<int> attempts = 0;
};

TEST_F(FailingKeeperTest, TriesACheckpointAgainAndTellsOnce) {
  count_attempts("checkpoints.tmp");
  open();
  log.run(create(1));
  commit();
  disk.set_full(true);
  keeper->start();
  ASSERT_TRUE(comes_true([this] { return attempts >= 3; }));
  disk.set_full(false);
  ASSERT_TRUE(comes_true([this] { return !checkpoints().empty(); }));
  keeper->stop();
  EXPECT_EQ(checkpoints().front().sequence, 1U);
  EXPECT_EQ(count_of(caught.text(),
                     "error ledger: cannot write a checkpoint: cannot make "
                     "/ledger/checkpoints.tmp: No space left on device\n"),
            1);
  EXPECT_EQ(count_of(caught.text(), "ledger: cannot"), 1);
}

TEST_F(FailingKeeperTest, TellsThatItWorksAgain) {
  count_attempts("checkpoints.tmp");
  open();
  log.run(create(1));
  commit();
  disk.set_full(true);
  keeper->start();
  ASSERT_TRUE(comes_true([this] { return attempts >= 1; }));
  disk.set_full(false);
  ASSERT_TRUE(comes_true([this] { return !checkpoints().empty(); }));
  const int made = attempts;
  log.run(create(2));
  log.seal();
  commit();
  ASSERT_TRUE(comes_true([this] { return through() == 1; }));
  keeper->stop();
  EXPECT_EQ(count_of(caught.text(), "info ledger: it works again to write a checkpoint\n"), 1);
  EXPECT_GT(made, 1) << "once it failed, once it did not";
}

TEST_F(FailingKeeperTest, MakesUpForTheCheckpointOfASegmentThatIsSealed) {
  count_attempts("checkpoints.tmp");
  open();
  keeper->start();
  log.run(create(1));
  log.seal();
  disk.set_full(true);
  commit();
  ASSERT_TRUE(comes_true([this] { return attempts >= 3; }));
  EXPECT_EQ(through(), 1U);
  disk.set_full(false);
  ASSERT_TRUE(comes_true([this] { return !checkpoints().empty(); }));
  keeper->stop();
  const auto facts = read_sealed(disk, kLedgerFolder, log.expected(1), hash).facts;
  ASSERT_EQ(checkpoints().size(), 1U);
  EXPECT_EQ(checkpoints().front().segment, 1U);
  EXPECT_EQ(checkpoints().front().sequence, 1U);
  EXPECT_EQ(checkpoints().front().digest, facts.digest);
  EXPECT_EQ(count_of(caught.text(), "error ledger: cannot write a checkpoint: "), 1);
  EXPECT_EQ(count_of(caught.text(), "info ledger: it works again to write a checkpoint\n"), 1);
  EXPECT_EQ(count_of(caught.text(), "index a segment"), 0) << "that was no failure";
}

// The program ended after it had indexed them, before it signed them.
TEST_F(FailingKeeperTest, SignsAtItsStartTheSealedSegmentsThatNoCheckpointCovers) {
  add_segment(1);
  add_segment(2);
  open();
  open();
  commit();
  keeper->start();
  ASSERT_TRUE(comes_true([this] { return !checkpoints().empty(); }));
  keeper->stop();
  Digest chain{};
  ASSERT_EQ(checkpoints().size(), 2U) << "none of the last segment, which is empty";
  for (const std::uint32_t segment : {1U, 2U}) {
    const auto facts = read_sealed(disk, kLedgerFolder, log.expected(segment), hash).facts;
    const Checkpoint checkpoint = checkpoints()[segment - 1];
    EXPECT_EQ(checkpoint.segment, segment);
    EXPECT_EQ(checkpoint.sequence, 2 * segment);
    EXPECT_EQ(checkpoint.digest, facts.digest);
    EXPECT_EQ(checkpoint.chain, chain);
    chain = chained(chain, facts);
  }
}

TEST_F(FailingKeeperTest, TriesASnapshotAgainAndTellsOnce) {
  options.snapshot_segments = 2;
  count_attempts("live.tmp");
  add_segment(1);
  log.run(create(2));
  log.seal();
  open();
  commit();
  disk.set_full(true);
  keeper->start();
  ASSERT_TRUE(comes_true([this] { return attempts >= 2; }));
  disk.set_full(false);
  ASSERT_TRUE(comes_true([this] { return disk.has(kLedgerFolder / kSnapshotName); }));
  keeper->stop();
  EXPECT_EQ(count_of(caught.text(), "error ledger: cannot write a snapshot"), 1);
}

// Somebody removed the snapshot, or the disk spoilt it, while the ledger runs: the next is made
// from the log.
TEST_F(FailingKeeperTest, MakesASnapshotFromTheLogWhereTheLastOneIsDamaged) {
  options.snapshot_segments = 1;
  const Path snapshot = kLedgerFolder / kSnapshotName;
  log.run(create(1));
  log.seal();
  open();
  commit();
  keeper->start();
  ASSERT_TRUE(comes_true([&] { return disk.has(snapshot); }));
  disk.put(snapshot, "damaged");
  log.run(create(2));
  log.seal();
  commit();
  EXPECT_TRUE(comes_true([&] {
    const auto file = disk.open(snapshot, OpenFor::Reading);  // it may be gone for a moment
    return file && (*file)->size().value() > 100;
  }));
  keeper->stop();
  open();
  Image image([](Position) -> StoredRecord { throw std::logic_error("read"); }, hash);
  keeper->load(image);
  EXPECT_EQ(image.live_count(), 2U);
}

TEST_F(FailingKeeperTest, TriesASealedSegmentAgainThatItCouldNotRead) {
  open();
  keeper->start();
  log.run(create(1));
  const Path first = segment_path(1);
  log.seal();
  const Bytes whole = disk.content(first);
  Bytes broken = whole;
  broken[kSegmentHeaderBytes + 70] ^= 1;
  disk.put(first, broken);
  std::atomic<int> looks = 0;
  disk.on_open([&](const Path& path, OpenFor) { looks += path == first ? 1 : 0; });
  commit();
  ASSERT_TRUE(comes_true([&] { return looks >= 2; }));
  EXPECT_EQ(through(), 0U);
  disk.put(first, whole);
  EXPECT_TRUE(comes_true([this] { return through() == 1; }));
  keeper->stop();
  EXPECT_EQ(count_of(caught.text(),
                     "error ledger: cannot index a segment: "
                     "/ledger/0000000001.segment is corrupt"),
            1);
}

// Pruning.

class PruningKeeperTest : public KeeperFixture {
 protected:
  PruningKeeperTest() {
    options.identity_kept = hours(24);
    options.transaction_kept = hours(48);
  }

  void run_until(const std::function<bool()>& condition, Time now, Time next_expiry = Time::max()) {
    live();
    commit(now, next_expiry);
    keeper->start();
    EXPECT_TRUE(comes_true(condition));
    keeper->stop();
  }
  bool is_pruned(std::uint32_t segment) const {
    return disk.has(kLedgerFolder / pruned_name(segment));
  }
  // A checkpoint is what the keeper does before it prunes: after the second it has looked twice.
  void run_twice(Time now, Time next_expiry = Time::max()) {
    std::atomic<std::chrono::steady_clock::time_point> steady{};
    std::atomic<int> looks = 0;
    options.steady_clock = [&] {
      ++looks;
      return steady.load();
    };
    run_until([&] { return looks >= 2; }, now, next_expiry);
    options.steady_clock = std::chrono::steady_clock::now;
  }

  std::size_t live() {
    open();
    Image image([](Position) -> StoredRecord { throw std::logic_error("read"); }, hash);
    keeper->load(image);
    return image.live_count();
  }

  const Time late = kNoon + hours(1'000);
};

TEST_F(PruningKeeperTest, PutsASignedWordInTheSegmentsPlace) {
  const CaughtLog caught;
  add_segment(1);
  add_segment(2, kNoon + hours(1));
  log.run(create(3), kNoon + hours(2));
  const Bytes first = disk.content(segment_path(1));
  run_until([this] { return is_pruned(2) && !disk.has(segment_path(2)); }, late);
  EXPECT_FALSE(disk.has(segment_path(1)));
  EXPECT_TRUE(disk.has(segment_path(3)));
  for (const auto& run : keeper->indexed().sealed->runs) EXPECT_EQ(run->keys, 0U);
  const Attestation attestation =
      read_attestation(disk, kLedgerFolder, 1, log.format.id, log.key.public_key());
  EXPECT_EQ(attestation.pruned_at, late);
  EXPECT_EQ(attestation.facts.records, 2U);
  EXPECT_EQ(attestation.facts.digest,
            digest_of(std::span(first).first(attestation.facts.end).subspan(kSegmentHeaderBytes)));
  EXPECT_NE(caught.text().find("info ledger: pruned segment 1, records 1 to 2\n"),
            std::string::npos);
}

TEST_F(PruningKeeperTest, KeepsWhatIsNotPastItsKeeping) {
  const CaughtLog caught;
  add_segment(1);
  add_segment(2, kNoon + hours(3));
  log.add(payment::TimeMark{kNoon});
  run_until([this] { return !disk.has(segment_path(1)); }, kNoon + hours(50));
  EXPECT_FALSE(is_pruned(2));
  options.transaction_kept.reset();
  run_twice(late);
  EXPECT_FALSE(is_pruned(2)) << "without a limit nothing is pruned";
}

TEST_F(PruningKeeperTest, SignsNothingOfALogThatHasNoRecordAnyMore) {
  const CaughtLog caught;
  add_segment(1);
  run_until([this] { return !disk.has(segment_path(1)); }, late);
  ASSERT_TRUE(disk.remove(kLedgerFolder / kCheckpointsName));
  run_twice(late);
  EXPECT_FALSE(disk.has(kLedgerFolder / kCheckpointsName));
}

TEST_F(PruningKeeperTest, StartsWithWhatIsLeft) {
  const CaughtLog caught;
  for (const int number : {1, 2, 3}) add_segment(number);
  payment::Command longest = create(4);
  longest.valid_until = late + hours(1);
  log.run(longest);
  log.seal();
  log.run(create(5));
  run_until([this] { return is_pruned(3) && !disk.has(segment_path(3)); }, late, late + hours(1));
  EXPECT_FALSE(is_pruned(4)) << "what it left live has not ended";
  EXPECT_EQ(open(), 8U);
  EXPECT_EQ(live(), 1U);
  std::filesystem::remove(options.index_file);
  EXPECT_EQ(open(), 8U) << "the attestations tell as much";
  EXPECT_EQ(through(), 4U);
  EXPECT_EQ(live(), 1U);
}

// A payment was cancelled at once, but its creation's segment stays, for another one's long life.
// If only the cancel were pruned, a start would find the payment alive.
TEST_F(PruningKeeperTest, NeverPrunesAnEndBeforeItsBeginning) {
  const CaughtLog caught;
  payment::Command longest = create(1);
  longest.valid_until = kNoon + hours(24 * 100);
  log.run(longest);
  log.seal();
  log.run(cancel(1));
  log.seal();
  log.add(payment::TimeMark{kNoon});
  run_twice(kNoon + hours(24 * 50));
  EXPECT_FALSE(is_pruned(1));
  EXPECT_FALSE(is_pruned(2));
  EXPECT_EQ(live(), 0U);
  run_until([this] { return is_pruned(1) && is_pruned(2); }, kNoon + hours(24 * 103));
  EXPECT_EQ(live(), 0U);
}

// A snapshot in which a payment lives is as good as its creation.
TEST_F(PruningKeeperTest, NeverPrunesAnEndThatTheSnapshotLacks) {
  const CaughtLog caught;
  log.run(create(1));
  log.seal();
  options.snapshot_segments = 1;
  run_until([this] { return disk.has(kLedgerFolder / kSnapshotName); }, kNoon);
  EXPECT_EQ(live(), 1U);
  options.snapshot_segments = 1'000;
  log.run(cancel(1));
  log.seal();
  log.run(create(2), late);
  run_until([this] { return is_pruned(2) && !disk.has(segment_path(2)); }, late);
  const auto snapshot = read_snapshot(disk, kLedgerFolder, log.format.id,
                                      [](const Link&, std::span<const std::uint8_t>) {});
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->through, 2U);
  EXPECT_EQ(live(), 0U) << "of the sealed segments";
}

// A backup that was overtaken by pruning: it has the creation's segment, and lacks the cancel's.
TEST_F(PruningKeeperTest, TakesNothingFromBeforeWhatIsPruned) {
  const CaughtLog caught;
  log.run(create(1));
  log.seal();
  log.run(cancel(1));
  log.seal();
  log.run(create(2), late);
  const Bytes first = disk.content(segment_path(1));
  run_until([this] { return is_pruned(2) && !disk.has(segment_path(2)); }, late);
  disk.put(segment_path(1), first);
  ASSERT_TRUE(disk.remove(kLedgerFolder / pruned_name(1)));
  std::filesystem::remove(options.index_file);
  EXPECT_EQ(live(), 0U);
  for (const auto& run : keeper->indexed().sealed->runs) EXPECT_EQ(run->keys, 0U);
}

TEST_F(PruningKeeperTest, TakesNoSnapshotFromBeforeWhatIsPruned) {
  const CaughtLog caught;
  log.run(create(1));
  log.seal();
  options.snapshot_segments = 1;
  run_until([this] { return disk.has(kLedgerFolder / kSnapshotName); }, kNoon);
  const Bytes snapshot = disk.content(kLedgerFolder / kSnapshotName);
  log.run(cancel(1));
  log.seal();
  log.run(create(2), late);
  run_until([this] { return is_pruned(2) && !disk.has(segment_path(2)); }, late);
  disk.put(kLedgerFolder / kSnapshotName, snapshot);
  EXPECT_EQ(live(), 0U);
}

// The clock was ahead when it was decided what may go. What was forgotten stays so.
TEST_F(PruningKeeperTest, KeepsTheTimeByWhichItPruned) {
  const CaughtLog caught;
  add_segment(1);
  log.add(payment::TimeMark{kNoon});
  run_until([this] { return !disk.has(segment_path(1)); }, late);
  open();
  Image image([](Position) -> StoredRecord { throw std::logic_error("read"); }, hash);
  keeper->load(image);
  EXPECT_EQ(image.last_record_at(), late);
}

TEST_F(PruningKeeperTest, KeepsWhatTheLedgersMemoryMayRead) {
  const CaughtLog caught;
  add_segment(1);
  add_segment(2);
  log.add(payment::TimeMark{kNoon});
  first_table = 2;
  run_until([this] { return is_pruned(1); }, late);
  EXPECT_FALSE(is_pruned(2));
}

TEST_F(PruningKeeperTest, TriesAgainAndTellsOnce) {
  const CaughtLog caught;
  add_segment(1);
  log.add(payment::TimeMark{kNoon});
  open();
  std::atomic<int> attempts = 0;
  disk.on_open([&](const Path& path, OpenFor purpose) {
    if (purpose == OpenFor::Creating && path.filename() == "0000000001.pruned.tmp") ++attempts;
  });
  commit(kNoon);
  keeper->start();
  ASSERT_TRUE(comes_true([this] { return disk.has(kLedgerFolder / kCheckpointsName); }));
  disk.set_full(true);
  commit(late);
  ASSERT_TRUE(comes_true([&] { return attempts >= 2; }));
  disk.set_full(false);
  ASSERT_TRUE(comes_true([this] { return is_pruned(1) && !disk.has(segment_path(1)); }));
  keeper->stop();
  EXPECT_EQ(count_of(caught.text(), "error ledger: cannot prune: cannot make"), 1);
}

}  // namespace
}  // namespace batal::ledger
