// A keeper on a log that the test writes by hand (grown_log.h), with an index in a real file.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ledger/embedded/keeping/keeper.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/grown_log.h"
#include "support/temp_folder.h"

namespace batal::ledger {

class KeeperFixture : public ::testing::Test {
 protected:
  KeeperFixture() {
    options.folder = kLedgerFolder;
    options.index_file = index_folder / "index.sqlite";
    options.checkpoint_every = std::chrono::hours(1);
    options.snapshot_segments = 1'000;
  }

  // A start: the keeper's part of it up to the last segment, whose first sequence it returns.
  std::uint64_t open() {
    keeper.reset();
    opened = log.opened();
    keeper = std::make_unique<Keeper>(disk, opened, log.key, hash, options);
    return keeper->catch_up();
  }

  // The log is durable up to its end, and the keeper knows.
  void commit(payment::Time now = kNoon, payment::Time next_expiry = payment::Time::max()) {
    keeper->committed(log.end(), now, next_expiry, first_table);
  }

  std::uint32_t through() const { return keeper->indexed().sealed->through; }

  // A segment with a payment that is created and cancelled.
  void add_segment(int number, payment::Time now = kNoon) {
    log.run(create(number), now);
    log.run(cancel(number), now);
    log.seal();
  }

  // Where the index, as it is now, says that records under this key stand.
  std::vector<Position> positions(const payment::Key& key) {
    IndexReader reader(options.index_file);
    std::vector<Position> found;
    reader.find(*keeper->indexed().sealed, slot_of(hash, key), found);
    return found;
  }

  // Waits for what the keeper's thread does; false where that takes too long.
  static bool comes_true(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

  const testing::TempFolder index_folder;
  SimulatedDisk disk;
  GrownLog log{disk};
  KeyHash hash = key_hash(log.key.key_hash_secret());
  KeeperOptions options;
  std::uint32_t first_table = std::numeric_limits<std::uint32_t>::max();  // of the ledger's memory
  OpenedFolder opened;
  std::unique_ptr<Keeper> keeper;
};

}  // namespace batal::ledger
