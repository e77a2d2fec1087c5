#include "ledger/embedded/log/log.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>

#include "ledger/caught_log.h"
#include "ledger/commands.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/simulated_disk.h"
#include "ledger/test_key.h"

namespace batal::ledger {
namespace {

using Instant = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Path kNext = "/ledger/next.tmp";

LogOptions small(const Path& folder = "/ledger") {
  return {.folder = folder,
          .segment_bytes = kSegmentHeaderBytes + 2048,
          .batch_bytes_max = 1024,
          .record_bytes_max = 480};
}

// What a position was given for is found there: in the batch, in the live segment, in sealed ones.
TEST(Log, ReadsBackWhatItWasGivenWhereverItStands) {
  SimulatedDisk disk;
  Log log(disk, small(), test_key());
  log.recover(1, [](const StoredRecord&, Position) {});
  std::vector<Link> links;
  const auto expect_all = [&](const char* when) {
    for (std::size_t i = 0; i < links.size(); ++i) {
      const StoredRecord stored = log.read(links[i].position);
      EXPECT_EQ(*std::get<payment::EventPtr>(stored.record), *created(static_cast<int>(i))) << when;
      EXPECT_EQ(stored.sequence, i + 1) << when;
      EXPECT_EQ(stored.mac, links[i].mac) << when;
      EXPECT_EQ(stored.previous, i == 0 ? Position{} : links[i - 1].position) << when;
    }
  };
  while (log.end().segment < 4) {
    ASSERT_TRUE(log.make_room());
    while (log.fits_another())
      links.push_back(
          log.append(created(static_cast<int>(links.size())), links.empty() ? Link{} : links.back())
              .value());
    expect_all("before it is written");
    log.commit();
    expect_all("once it is written");
    EXPECT_EQ(log.end().sequence, links.size());
  }
  EXPECT_GT(log.end().offset, links.back().position.offset);
  EXPECT_LE(log.end().first_sequence, links.size());
}

TEST(Log, WritesToTheEndOfAPageSoThatNoneIsReadBefore) {
  SimulatedDisk disk;
  LogOptions options = small();
  options.segment_bytes = kSegmentHeaderBytes + 3 * kDiskPageBytes + 2048;
  Log log(disk, options, test_key());
  log.recover(1, [](const StoredRecord&, Position) {});
  for (int i = 0; log.end().segment < 2; ++i) {
    ASSERT_TRUE(log.make_room());
    ASSERT_TRUE(log.append(created(i), {}));
    log.commit();
    const std::uint64_t end = disk.written_to();
    EXPECT_GE(end, log.end().offset);
    EXPECT_LT(end - log.end().offset, kDiskPageBytes);
    EXPECT_TRUE(end % kDiskPageBytes == 0 || end == options.segment_bytes) << end;
  }
}

TEST(Log, TakesNoRecordThatIsTooLargeAndGoesOnAfterIt) {
  SimulatedDisk disk;
  Log log(disk, small(), test_key());
  log.recover(1, [](const StoredRecord&, Position) {});
  ASSERT_TRUE(log.make_room());
  const auto first = log.append(created(0), {});
  auto large = std::make_shared<payment::Event>(*created(1));
  large->call.request = std::string(480, ' ');
  EXPECT_EQ(log.append(payment::EventPtr(large), *first), std::nullopt);
  const auto second = log.append(created(1), *first);
  log.commit();
  EXPECT_EQ(log.read(second->position).sequence, 2U);
  EXPECT_EQ(log.end().sequence, 2U);
}

TEST(Log, RefusesSizesThatDoNotFitEachOther) {
  struct Case {
    std::size_t segment, batch, record;
    const char* error;
  };
  const Case cases[] = {
      {64 << 20, 33 << 20, kRecordBytesMax + 1, "record_bytes_max is more than 16777216"},
      {8192, 1024, 961, "record_bytes_max is more than fits batch_bytes_max"},
      {kSegmentHeaderBytes + 1023, 1024, 480, "batch_bytes_max is more than fits segment_bytes"},
      {kSegmentHeaderBytes - 1, 1024, 480, "batch_bytes_max is more than fits segment_bytes"},
      {std::size_t{1} << 32, 1024, 480, "segment_bytes is more than 4 GiB"},
  };
  for (const auto& [segment, batch, record, error] : cases) {
    SimulatedDisk disk;
    LogOptions options = small();
    options.segment_bytes = segment;
    options.batch_bytes_max = batch;
    options.record_bytes_max = record;
    try {
      const Log log(disk, options, test_key());
      ADD_FAILURE() << error;
    } catch (const LedgerError& thrown) {
      EXPECT_STREQ(thrown.what(), error);
    }
  }
}

// A log whose segments are full, on a disk that is so too, with a clock that the test sets.
class FullDiskTest : public ::testing::Test {
 protected:
  FullDiskTest() {
    disk.on_open([this](const Path& path, OpenFor purpose) {
      if (path != kNext || purpose != OpenFor::Creating) return;
      if (++attempts == 2) disk.set_full(true);
      if (gate.valid()) gate.wait_for(seconds(10));
    });
    log->recover(1, [](const StoredRecord&, Position) {});
    while (fill_one()) {
    }
  }

  LogOptions options() {
    LogOptions options = small();
    options.steady_clock = [this] { return now; };
    return options;
  }

  bool fill_one() {
    if (!log->make_room()) return false;
    log->append(created(number++), {}).value();
    log->commit();
    return true;
  }

  // Asks for room until there is some; false where that takes too long.
  bool gets_room() {
    const Instant end = std::chrono::steady_clock::now() + seconds(30);
    while (!log->make_room()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

  CaughtLog caught;
  SimulatedDisk disk;
  Instant now{};
  std::atomic<int> attempts = 0;
  std::shared_future<void> gate;  // where it is set, each attempt waits for it
  int number = 0;
  std::unique_ptr<Log> log = std::make_unique<Log>(disk, options(), test_key());
};

TEST_F(FullDiskTest, TriesOnceASecondHoweverOftenItIsAsked) {
  const int before = attempts;
  now += milliseconds(999);
  for (int call = 0; call < 100; ++call) EXPECT_FALSE(log->make_room());
  log.reset();  // ends after what it has begun
  EXPECT_EQ(attempts, before);
}

TEST_F(FullDiskTest, TriesAgainAfterASecond) {
  const int before = attempts;
  now += seconds(1);
  EXPECT_FALSE(log->make_room());
  while (attempts == before) std::this_thread::yield();
  for (int call = 0; call < 100; ++call) EXPECT_FALSE(log->make_room());
  log.reset();
  EXPECT_EQ(attempts, before + 1);
}

TEST_F(FullDiskTest, WaitsForNoAttemptAfterTheFirst) {
  std::promise<void> open;
  gate = open.get_future().share();
  disk.set_full(false);
  now += seconds(1);
  for (int call = 0; call < 100; ++call) ASSERT_FALSE(log->make_room()) << "it is still being made";
  open.set_value();
  EXPECT_TRUE(gets_room());
}

TEST_F(FullDiskTest, IsLoggedOnceWhenItBeginsAndOnceWhenItIsOver) {
  while (attempts < 5) {
    now += seconds(1);
    EXPECT_FALSE(log->make_room());
  }
  disk.set_full(false);
  now += seconds(1);
  while (!log->make_room()) now += seconds(1);
  EXPECT_EQ(caught.text(),
            "error ledger: no next segment: cannot make /ledger/next.tmp: No space left on device\n"
            "info ledger: the next segment is made, records are taken again\n");
}

}  // namespace
}  // namespace batal::ledger
