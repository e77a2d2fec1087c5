// A ledger on a simulated disk, with a clock that the test sets.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "ledger/collector.h"
#include "ledger/commands.h"
#include "ledger/embedded/embedded_ledger.h"
#include "ledger/embedded/reader.h"
#include "ledger/simulated_disk.h"
#include "ledger/test_key.h"
#include "support/temp_folder.h"

namespace batal::ledger {

inline const Path kFolder = "/ledger";

class EmbeddedLedgerTest : public ::testing::Test {
 protected:
  EmbeddedOptions options() {
    EmbeddedOptions options{.audit_key = test_key()};
    options.index_file = index_folder / "index.sqlite";
    options.log = {.folder = kFolder,
                   .mode = Mode::Sandbox,
                   .segment_bytes = kSegmentHeaderBytes + 16'384,
                   .batch_bytes_max = 8192,
                   .record_bytes_max = 1024,
                   .steady_clock = [this] { return steady.load(); }};
    options.clock = [this] { return payment::Time(clock.load()); };
    options.on_failure = [this] { ++failures; };
    return options;
  }

  std::unique_ptr<EmbeddedLedger> open() {
    return std::make_unique<EmbeddedLedger>(options(), disk);
  }

  std::unique_ptr<EmbeddedLedger> started() {
    auto ledger = open();
    ledger->start();
    return ledger;
  }

  void set_clock(std::chrono::microseconds since_noon) {
    clock = kNoon.time_since_epoch() + since_noon;
  }

  std::vector<payment::Record> log() {
    std::vector<payment::Record> records;
    for (Reader reader(kFolder, disk); auto entry = reader.next();)
      records.push_back(std::move(entry->stored.record));
    return records;
  }

  const testing::TempFolder index_folder;
  SimulatedDisk disk;
  std::atomic<std::chrono::microseconds> clock = kNoon.time_since_epoch();
  std::atomic<std::chrono::steady_clock::time_point> steady{};
  std::atomic<int> failures = 0;
};

inline payment::Outcome answer(Ledger& ledger, payment::Command command) {
  Calls calls({std::move(command)});
  calls.run(ledger);
  EXPECT_EQ(calls[0].verdict, Verdict::Decided);
  return calls[0].outcome;
}

}  // namespace batal::ledger
