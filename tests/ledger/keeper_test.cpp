#include "ledger/embedded/keeping/keeper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>

#include "ledger/caught_log.h"
#include "ledger/embedded/index/sqlite.h"
#include "ledger/keeper_fixture.h"

namespace batal::ledger {
namespace {

using payment::Time;
using std::chrono::hours;
using std::chrono::minutes;

class KeeperTest : public KeeperFixture {
 protected:
  std::string refusal(const std::function<void()>& deed) {
    try {
      deed();
    } catch (const LedgerError& error) {
      return error.what();
    }
    return "none";
  }

  Image image() {
    return Image([](Position) -> StoredRecord { throw std::logic_error("read"); }, hash);
  }

  static std::chrono::steady_clock::time_point late() {
    return std::chrono::steady_clock::now() + minutes(1);
  }

  std::vector<Checkpoint> checkpoints() {
    return read_checkpoints(disk, kLedgerFolder, log.key.public_key(), log.format.id);
  }

  std::size_t segment_looks = 0;
  void count_segment_looks() {
    segment_looks = 0;
    disk.on_open([this](const Path& path, OpenFor) {
      segment_looks += path.extension() == ".segment" ? 1 : 0;
    });
  }
};

// The start.

TEST_F(KeeperTest, IndexesWhatTheIndexLacks) {
  EXPECT_EQ(open(), 1U) << "no segment is sealed";
  EXPECT_EQ(through(), 0U);
  for (const int number : {1, 2, 3}) add_segment(number);
  log.run(create(4));
  EXPECT_EQ(open(), 7U);
  EXPECT_EQ(through(), 3U);
  for (int number = 1; number <= 3; ++number) {
    const Link cancelled = log.entries[static_cast<std::size_t>(number) * 2 - 1].link;
    EXPECT_EQ(positions(by_reference(reference_no(number))), std::vector{cancelled.position});
  }
  EXPECT_EQ(positions(by_call(54, "create-4")), std::vector<Position>{}) << "it is not sealed";
}

TEST_F(KeeperTest, GoesOnWithTheIndexThatIsThere) {
  for (const int number : {1, 2, 3}) add_segment(number);
  open();
  keeper.reset();
  count_segment_looks();
  EXPECT_EQ(open(), 7U);
  EXPECT_EQ(segment_looks, 0U);
  add_segment(4);
  EXPECT_EQ(open(), 9U);
  EXPECT_EQ(segment_looks, 1U);
}

TEST_F(KeeperTest, MakesAnIndexAnewThatIsOfNoUse) {
  for (const int number : {1, 2, 3}) add_segment(number);
  open();
  const auto before = positions(by_reference(reference_no(2)));
  const auto damage = [this](std::size_t at) {
    std::string text = index_folder.read("index.sqlite");
    std::fill_n(text.begin() + std::ptrdiff_t(at), 100, 'x');
    index_folder.write("index.sqlite", text);
  };
  const std::pair<const char*, std::function<void()>> cases[] = {
      {"missing", [&] { std::filesystem::remove(options.index_file); }},
      {"foreign", [&] { index_folder.write("index.sqlite", "no database"); }},
      {"broken at its beginning", [&] { damage(0); }},
      {"broken all over",
       [&] {
         const auto size = index_folder.read("index.sqlite").size();
         for (std::size_t at = 4096; at + 4096 <= size; at += 4096) damage(at);
       }},
      {"of another ledger",
       [&] {
         std::filesystem::remove(options.index_file);
         Index(options.index_file, LedgerId{9}).add({.number = 1, .digest = {}}, {});
       }},
  };
  for (const auto& [what, spoil] : cases) {
    const CaughtLog caught;
    keeper.reset();
    spoil();
    EXPECT_EQ(open(), 7U) << what;
    EXPECT_EQ(through(), 3U) << what;
    EXPECT_EQ(positions(by_reference(reference_no(2))), before) << what;
  }
}

TEST_F(KeeperTest, RefusesALogThatLacksWhatCameAfterASegmentOfTheIndex) {
  for (const int number : {1, 2, 3}) add_segment(number);
  open();
  keeper.reset();
  ASSERT_TRUE(disk.remove(segment_path(4)));
  for (int start = 0; start < 2; ++start)
    EXPECT_EQ(refusal([&] { open(); }),
              "/ledger/0000000004.segment is missing: " + options.index_file.string() +
                  " says that it came after the last one there is");
}

// What is damaged may be noticed only when the next segment is added, and runs are merged.
TEST_F(KeeperTest, MakesAnIndexAnewThatCannotBeAddedTo) {
  for (int number = 1; number < static_cast<int>(Index::kFanOut); ++number) add_segment(number);
  open();
  keeper.reset();
  Database(options.index_file, Database::Use::Writing)
      .run("UPDATE chunks_2 SET entries = zeroblob(length(entries))");
  add_segment(Index::kFanOut);
  const CaughtLog caught;
  EXPECT_EQ(open(), 2 * Index::kFanOut + 1);
  EXPECT_EQ(through(), Index::kFanOut);
  EXPECT_EQ(positions(by_reference(reference_no(2))).size(), 1U);
}

// What was added is there all the same; whoever looks up what is damaged has it made anew.
TEST_F(KeeperTest, GoesOnWhereOnlyMergingFails) {
  const CaughtLog caught;
  for (int number = 1; number < static_cast<int>(Index::kFanOut); ++number) add_segment(number);
  open();
  commit();
  keeper->start();
  Database(options.index_file, Database::Use::Writing)
      .run("UPDATE chunks_2 SET entries = zeroblob(length(entries))");
  add_segment(Index::kFanOut);
  commit();
  EXPECT_TRUE(comes_true([this] { return through() == Index::kFanOut; }));
  keeper->stop();
  EXPECT_EQ(positions(by_reference(reference_no(3))).size(), 1U);
}

TEST_F(KeeperTest, NamesASealedSegmentThatIsBroken) {
  add_segment(1);
  add_segment(2);
  Bytes segment = disk.content(segment_path(2));
  segment[kSegmentHeaderBytes + 70] ^= 1;
  disk.put(segment_path(2), segment);
  const CaughtLog caught;
  EXPECT_EQ(refusal([&] { open(); }),
            "/ledger/0000000002.segment is corrupt: record 3 at byte 4096 is broken, and a later "
            "segment says that it was whole");
}

TEST_F(KeeperTest, LoadsWhatLivesFromTheWholeLog) {
  log.run(create(1));
  log.run(create(2));
  log.seal();
  log.run(cancel(1));
  log.add(payment::TimeMark{kNoon + minutes(9)});
  log.seal();
  log.run(create(3));
  open();
  Image empty = image();
  keeper->load(empty);
  EXPECT_EQ(empty.live_count(), 1U) << "the last segment is not the keeper's";
  EXPECT_EQ(empty.last_record_at(), kNoon + minutes(9));
  EXPECT_EQ(*empty.see(query(2)).view.transaction[0].transaction, *created(2)->transaction);
  EXPECT_EQ(empty.link_of(*created(2)->transaction), log.entries[1].link);
}

class SnapshotKeeperTest : public KeeperTest {
 protected:
  // Four segments, snapshots of two each: through the fourth.
  SnapshotKeeperTest() {
    options.snapshot_segments = 2;
    for (const int number : {1, 2, 3, 4}) {
      log.run(create(number), kNoon + minutes(number));
      if (number % 2 == 0) log.run(cancel(number), kNoon + minutes(number));
      log.seal();
    }
    open();
    commit();
    keeper->start();
    EXPECT_TRUE(comes_true([this] { return disk.has(kSnapshot); }));
    keeper->stop();
  }

  std::size_t loaded() {
    Image empty = image();
    keeper->load(empty);
    EXPECT_EQ(empty.last_record_at(), kNoon + minutes(4));
    return empty.live_count();
  }

  const Path kSnapshot = kLedgerFolder / kSnapshotName;
};

TEST_F(SnapshotKeeperTest, LoadsASnapshotAndReadsOnlyWhatCameAfter) {
  open();
  count_segment_looks();
  EXPECT_EQ(loaded(), 2U);
  EXPECT_EQ(segment_looks, 0U);
  log.run(cancel(1), kNoon + minutes(4));
  log.run(create(5), kNoon + minutes(4));
  log.run(create(6), kNoon + minutes(4));
  log.seal();
  open();
  count_segment_looks();
  EXPECT_EQ(loaded(), 3U);
  EXPECT_EQ(segment_looks, 1U);
}

TEST_F(SnapshotKeeperTest, ReadsTheLogInPlaceOfADamagedSnapshot) {
  const CaughtLog caught;
  Bytes damaged = disk.content(kSnapshot);
  damaged.back() ^= 1;
  disk.put(kSnapshot, damaged);
  open();
  EXPECT_EQ(loaded(), 2U);
}

// A first snapshot may be of years of log.
TEST_F(SnapshotKeeperTest, MakesALargeOneInSteps) {
  const Bytes at_once = disk.content(kSnapshot);
  ASSERT_TRUE(disk.remove(kSnapshot));
  options.snapshot_step_segments = 1;
  std::atomic<int> steps = 0;
  disk.on_open([&](const Path& path, OpenFor purpose) {
    if (path.filename() == "live.tmp" && purpose == OpenFor::Creating) ++steps;
  });
  open();
  commit();
  keeper->start();
  EXPECT_TRUE(
      comes_true([&] { return disk.has(kSnapshot) && disk.content(kSnapshot) == at_once; }));
  keeper->stop();
  EXPECT_EQ(steps, 4);
}

// The log was restored from an older backup than the snapshot.
TEST_F(SnapshotKeeperTest, TakesNoSnapshotThatIsAheadOfTheLog) {
  ASSERT_TRUE(disk.remove(segment_path(5)));
  std::filesystem::remove(options.index_file);
  const CaughtLog caught;
  ASSERT_TRUE(disk.remove(kLedgerFolder / kCheckpointsName));
  open();
  Image empty = image();
  keeper->load(empty);
  EXPECT_EQ(empty.live_count(), 2U);
  EXPECT_EQ(empty.last_record_at(), kNoon + minutes(3)) << "of the sealed ones";
  EXPECT_FALSE(disk.has(kSnapshot)) << "the log will grow past it";
}

TEST_F(SnapshotKeeperTest, MakesTheNextFromTheOneBefore) {
  open();
  Image empty = image();
  keeper->load(empty);
  log.run(cancel(3), kNoon + minutes(4));
  log.seal();
  log.run(create(7), kNoon + minutes(4));
  log.seal();
  const Bytes before = disk.content(kSnapshot);
  commit();
  keeper->start();
  EXPECT_TRUE(comes_true([&] { return disk.content(kSnapshot) != before; }));
  keeper->stop();
  open();
  count_segment_looks();
  EXPECT_EQ(loaded(), 2U);
  EXPECT_EQ(segment_looks, 0U);
}

TEST_F(KeeperTest, TellsHowFarCheckpointsReach) {
  log.run(create(1));
  log.run(create(2));
  open();
  EXPECT_EQ(keeper->covered(), 0U);
  commit();
  keeper->start();
  ASSERT_TRUE(comes_true([this] { return !checkpoints().empty(); }));
  keeper->stop();
  EXPECT_EQ(keeper->covered(), 2U);
  open();
  EXPECT_EQ(keeper->covered(), 2U);
}

// The running keeper.

TEST_F(KeeperTest, IndexesASegmentOnceItIsLeft) {
  open();
  keeper->start();
  for (std::uint32_t number = 1; number <= 20; ++number) {
    log.run(create(static_cast<int>(number)));
    commit();
    log.run(cancel(static_cast<int>(number)));
    log.seal();
    log.add(payment::TimeMark{kNoon});
    commit();
    ASSERT_TRUE(comes_true([&] { return through() == number; })) << number;
  }
  keeper->stop();
  EXPECT_EQ(positions(by_call(54, "create-7")).size(), 1U);
}

TEST_F(KeeperTest, SignsWhatIsDurable) {
  open();
  log.run(create(1));
  log.run(cancel(1));
  const LogEnd first = log.end();
  commit(kNoon + minutes(5));
  keeper->start();
  ASSERT_TRUE(comes_true([this] { return checkpoints().size() == 1; }));
  const Checkpoint checkpoint = checkpoints().front();
  EXPECT_EQ(checkpoint.ledger, log.format.id);
  EXPECT_EQ(checkpoint.sequence, 2U);
  EXPECT_EQ(checkpoint.segment, 1U);
  EXPECT_EQ(checkpoint.first_sequence, 1U);
  EXPECT_EQ(checkpoint.end, first.offset);
  EXPECT_EQ(checkpoint.chain, Digest{});
  const Bytes segment = disk.content(segment_path(1));
  EXPECT_EQ(checkpoint.digest,
            digest_of(std::span(segment).first(first.offset).subspan(kSegmentHeaderBytes)));
  EXPECT_EQ(checkpoint.at, kNoon + minutes(5));
}

TEST_F(KeeperTest, SignsEachSegmentAsAWholeOnceItIsSealed) {
  open();
  keeper->start();
  for (const int number : {1, 2, 3}) {
    log.run(create(number));
    log.add(payment::TimeMark{kNoon + minutes(number)});
    log.seal();
    log.add(payment::TimeMark{kNoon + minutes(number)});
    commit();
    const auto segment = static_cast<std::uint32_t>(number);
    ASSERT_TRUE(comes_true([&] { return through() == segment; }));
  }
  keeper->stop();
  const auto signed_ones = checkpoints();
  Digest chain{};
  for (std::uint32_t segment = 1; segment <= 3; ++segment) {
    const auto facts = read_sealed(disk, kLedgerFolder, log.expected(segment), hash).facts;
    const auto found = std::ranges::find(signed_ones, segment, &Checkpoint::segment);
    ASSERT_NE(found, signed_ones.end()) << segment;
    EXPECT_EQ(found->sequence, facts.first_sequence + facts.records - 1);
    EXPECT_EQ(found->digest, facts.digest);
    EXPECT_EQ(found->chain, chain);
    chain = chained(chain, facts);
  }
}

// A clock that the test moves: the keeper looks at it about once a second.
TEST_F(KeeperTest, SignsAgainWhenItIsTime) {
  std::atomic<std::chrono::steady_clock::time_point> now{};
  options.checkpoint_every = minutes(3);
  options.steady_clock = [&now] { return now.load(); };
  open();
  log.run(create(1));
  commit();
  keeper->start();
  ASSERT_TRUE(comes_true([this] { return checkpoints().size() == 1; }));
  log.run(create(2));
  commit();
  now = now.load() + minutes(3);
  ASSERT_TRUE(comes_true([this] { return checkpoints().size() == 2; }));
  EXPECT_EQ(checkpoints().back().sequence, 2U);
}

TEST_F(KeeperTest, MakesADamagedIndexAnewForWhoeverAsks) {
  const CaughtLog caught;
  for (const int number : {1, 2, 3}) add_segment(number);
  open();
  commit();
  keeper->start();
  const auto before = keeper->indexed();
  EXPECT_TRUE(keeper->is_remade(before.generation, 3, late()));
  EXPECT_EQ(keeper->indexed().generation, before.generation + 1);
  EXPECT_EQ(through(), 3U);
  EXPECT_TRUE(keeper->is_remade(before.generation, 3, late())) << "it has been made anew already";
  EXPECT_EQ(keeper->indexed().generation, before.generation + 1);
  EXPECT_EQ(positions(by_reference(reference_no(2))).size(), 1U);
}

TEST_F(KeeperTest, StopsBetweenTwoSegments) {
  open();
  for (const int number : {1, 2, 3}) add_segment(number);
  commit();
  std::promise<void> reached;
  std::promise<void> gate;
  disk.on_open([&, open = gate.get_future().share()](const Path& path, OpenFor purpose) {
    if (path != segment_path(1) || purpose != OpenFor::Reading) return;
    reached.set_value();
    open.wait();
  });
  keeper->start();
  reached.get_future().wait();
  keeper->begin_stop();
  gate.set_value();
  keeper->stop();
  EXPECT_EQ(through(), 1U);
}

TEST_F(KeeperTest, LetsNobodyWaitForEver) {
  const CaughtLog caught;
  add_segment(1);
  open();
  EXPECT_FALSE(keeper->is_remade(0, 99, std::chrono::steady_clock::now()));
  auto waiting =
      std::async(std::launch::async, [this] { return keeper->is_remade(0, 99, late()); });
  keeper->stop();
  EXPECT_FALSE(waiting.get());
  EXPECT_FALSE(keeper->is_remade(0, 99, late()));
}

}  // namespace
}  // namespace batal::ledger
