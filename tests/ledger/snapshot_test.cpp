#include "ledger/embedded/keeping/snapshot.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "ledger/caught_log.h"
#include "ledger/embedded/keeping/sealed_segment.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/log/record_codec.h"
#include "ledger/grown_log.h"

namespace batal::ledger {
namespace {

using payment::EventPtr;
using payment::Transaction;

const Path kFile = kLedgerFolder / kSnapshotName;
const LedgerId kLedger{1, 2, 3};

// The transactions of a snapshot, with the links of their newest events.
struct Live {
  Link newest;
  Bytes encoded;

  bool operator==(const Live&) const = default;
};
using LiveOnes = std::map<std::string, Live>;

struct Read {
  std::optional<SnapshotHead> head;
  LiveOnes live;
};

Read read(FileDoor& disk, const LedgerId& ledger = kLedger) {
  Read result;
  result.head = read_snapshot(disk, kLedgerFolder, ledger, [&](const Link& newest, auto encoded) {
    const auto transaction = decode_transaction(encoded);
    result.live[transaction.value()->reference_no] = {newest,
                                                      Bytes(encoded.begin(), encoded.end())};
  });
  return result;
}

Bytes encoded(const Transaction& transaction) {
  Bytes bytes;
  encode(transaction, bytes);
  return bytes;
}

Link link(int number) {
  Link link{.position = {static_cast<std::uint32_t>(number), 4096}, .mac = {}};
  link.mac.fill(static_cast<std::uint8_t>(number));
  return link;
}

// So many transactions, each with details of so many bytes.
LiveOnes write(FileDoor& disk, int count, std::size_t details) {
  LiveOnes live;
  SnapshotWriter writer(disk, kLedgerFolder);
  for (int number = 0; number < count; ++number) {
    Transaction transaction = *created(number)->transaction;
    transaction.details.assign(details, 'd');
    live[transaction.reference_no] = {link(number), encoded(transaction)};
    writer.add(link(number), encoded(transaction));
  }
  writer.finish({.ledger = kLedger, .through = 7, .last_at = kNoon, .count = 0});
  return live;
}

TEST(Snapshot, GivesBackWhatItWasGiven) {
  for (const auto& [count, details] : {std::pair<int, std::size_t>{0, 0},
                                       {3, 0},
                                       {5000, 300},      // more than one piece
                                       {3, 3 << 20}}) {  // each of them more than one
    SimulatedDisk disk;
    const LiveOnes live = write(disk, count, details);
    for (int look = 0; look < 2; ++look) {
      const Read result = read(disk);
      ASSERT_TRUE(result.head);
      EXPECT_EQ(result.head->through, 7U);
      EXPECT_EQ(result.head->last_at, kNoon);
      EXPECT_EQ(result.head->ledger, kLedger);
      EXPECT_EQ(result.head->count, static_cast<std::uint64_t>(count));
      EXPECT_EQ(result.live, live);
      disk.crash();
    }
  }
}

TEST(Snapshot, IsNothingWhereThereIsNone) {
  const CaughtLog caught;
  SimulatedDisk disk;
  EXPECT_FALSE(read(disk).head);
  EXPECT_EQ(caught.text(), "");
}

TEST(Snapshot, IsNothingForAnotherLedger) {
  const CaughtLog caught;
  SimulatedDisk disk;
  write(disk, 1, 0);
  EXPECT_FALSE(read(disk, LedgerId{9}).head);
  EXPECT_EQ(caught.text(),
            "warning ledger: /ledger/live.snapshot is damaged: the log is read instead\n");
}

TEST(Snapshot, IsNothingOrTheSameWhereverItIsDamaged) {
  const CaughtLog caught;
  SimulatedDisk disk;
  const LiveOnes live = write(disk, 3, 10);
  const Bytes whole = disk.content(kFile);
  const auto expect_nothing_wrong = [&](const Bytes& damaged) {
    disk.put(kFile, damaged);
    const Read result = read(disk);
    EXPECT_TRUE(!result.head || result.live == live);
    return !result.head;
  };
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const unsigned mask : {0x01U, 0x80U, 0xFFU}) {
      Bytes damaged = whole;
      damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ mask);
      EXPECT_TRUE(expect_nothing_wrong(damaged)) << at;
    }
    EXPECT_TRUE(expect_nothing_wrong(Bytes(whole.begin(), whole.begin() + std::ptrdiff_t(at))))
        << at;
  }
}

TEST(Snapshot, ReplacesTheOneBeforeAtOnce) {
  bool finished = false;
  for (std::uint64_t step = 1; !finished; ++step) {
    SimulatedDisk disk(step);
    const LiveOnes before = write(disk, 2, 0);
    disk.fail_at(step);
    LiveOnes after;
    try {
      after = write(disk, 3, 0);
      finished = true;
    } catch (const LedgerError&) {
    }
    disk.heal();
    disk.crash();
    const Read result = read(disk);
    ASSERT_TRUE(result.head) << step;
    EXPECT_TRUE(result.live.size() == 3 || result.live == before) << step;
    EXPECT_TRUE(!finished || result.live == after);
    ASSERT_LT(step, 20U);
  }
}

// Random lives of few transactions, snapshots after some segments, each made from the one before
// and what came after it.
class MakeSnapshotTest : public ::testing::Test {
 protected:
  void move(std::mt19937_64& dice) {
    const int number = static_cast<int>(dice() % 30);
    now += std::chrono::seconds(dice() % 20);
    switch (dice() % 6) {
      case 0:
      case 1:
      case 2:
        note(log.run(create(next++), now));
        break;
      case 3:
        note(log.run(cancel(next - 1 - number, fmt::format("cancel {}", dice())), now));
        break;
      case 4:
        note(log.run(provider(payment::Action::Pay, next - 1 - number, fmt::format("{}", dice())),
                     now));
        break;
      default:
        log.add(payment::TimeMark{now});
    }
  }

  void note(const EventPtr& event) {
    if (!event) return;
    const Transaction& transaction = *event->transaction;
    live.erase(transaction.reference_no);
    if (is_live(transaction.state))
      live[transaction.reference_no] = {log.newest(event), encoded(transaction)};
  }

  bool snap() {
    const std::uint32_t through = log.end().segment;
    log.seal();
    const SnapshotHead head{.ledger = kLedger, .through = through, .last_at = now, .count = 0};
    const auto visit_tail = [&](const EachRecord& each) {
      for (std::uint32_t segment = covered + 1; segment <= through; ++segment)
        visit_sealed(disk, kLedgerFolder, log.expected(segment), each);
    };
    if (!make_snapshot(disk, kLedgerFolder, head, covered > 0, visit_tail)) return false;
    covered = through;
    return true;
  }

  SimulatedDisk disk;
  GrownLog log{disk};
  LiveOnes live;
  payment::Time now = kNoon;
  int next = 0;
  std::uint32_t covered = 0;
};

TEST_F(MakeSnapshotTest, IsTheLiveTransactions) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937_64 dice(seed);
  for (int snapshot = 0; snapshot < 12; ++snapshot) {
    for (auto segments = dice() % 4; segments > 0; --segments) {
      for (auto moves = dice() % 12; moves > 0; --moves) move(dice);
      log.seal();
    }
    ASSERT_TRUE(snap());
    const Read result = read(disk);
    ASSERT_TRUE(result.head);
    EXPECT_EQ(result.head->through, covered);
    EXPECT_EQ(result.head->last_at, now);
    ASSERT_EQ(result.live, live) << snapshot;
  }
  EXPECT_GT(live.size(), 10U);
}

TEST_F(MakeSnapshotTest, IsNotMadeFromADamagedOne) {
  const CaughtLog caught;
  note(log.run(create(1)));
  ASSERT_TRUE(snap());
  const Bytes whole = disk.content(kFile);
  Bytes damaged = whole;
  damaged.at(100) ^= 1;
  disk.put(kFile, damaged);
  note(log.run(create(2)));
  EXPECT_FALSE(snap());
  EXPECT_EQ(disk.content(kFile), damaged) << "none is better than half of one";
}

}  // namespace
}  // namespace batal::ledger
