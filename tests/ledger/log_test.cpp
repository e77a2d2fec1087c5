#include "ledger/embedded/log.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>

#include "ledger/caught_log.h"
#include "ledger/commands.h"
#include "ledger/simulated_disk.h"

namespace batal::ledger {
namespace {

using Instant = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Path kNext = "/ledger/next.tmp";

// A log whose segments are full, on a disk that is so too, with a clock that the test sets.
class FullDiskTest : public ::testing::Test {
 protected:
  FullDiskTest() {
    disk.on_open([this](const Path& path, OpenFor purpose) {
      if (path != kNext || purpose != OpenFor::Creating) return;
      if (++attempts == 2) disk.set_full(true);
      if (gate.valid()) gate.wait_for(seconds(10));
    });
    log->recover([](Position, const payment::Record&) {});
    while (fill_one()) {
    }
  }

  LogOptions options() {
    return {.folder = "/ledger",
            .segment_bytes = kSegmentHeaderBytes + 2048,
            .batch_bytes_max = 1024,
            .record_bytes_max = 480,
            .steady_clock = [this] { return now; }};
  }

  bool fill_one() {
    if (!log->make_room()) return false;
    log->append(created(number++)).value();
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
  std::unique_ptr<Log> log = std::make_unique<Log>(disk, options());
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
