// A log of small segments in a simulated folder: written, started on, shown.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "ledger/commands.h"
#include "ledger/embedded/keeping/sealed_segment.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/log/log.h"
#include "ledger/embedded/reader.h"
#include "ledger/simulated_disk.h"
#include "ledger/test_key.h"

namespace batal::ledger {

inline const Path kFolder = "/ledger";
inline const Path kFirst = kFolder / "0000000001.segment";
inline const Path kSecond = kFolder / "0000000002.segment";

inline LogOptions options(Mode mode = Mode::Production) {
  return {.folder = kFolder,
          .mode = mode,
          .segment_bytes = kSegmentHeaderBytes + 2048,
          .batch_bytes_max = 1024,
          .record_bytes_max = 480};
}

// Visits what stands before the last segment, and returns that one's first sequence.
inline std::uint64_t visit_all_sealed(FileDoor& disk, const OpenedFolder& opened,
                                      const Path& folder, const EachRecord& each) {
  ExpectedHeader expected{
      .mode = opened.format.mode, .ledger = opened.format.id, .number = 1, .first_sequence = 1};
  for (; expected.number < opened.files.last(); ++expected.number)
    visit_sealed(disk, folder, expected, [&](const StoredRecord& stored, Position position) {
      expected.first_sequence = stored.sequence + 1;
      each(stored, position);
    });
  return expected.first_sequence;
}

// Appends records to the disk's ledger, in batches of these sizes, and returns where they stand.
inline std::vector<Position> write(SimulatedDisk& disk, std::initializer_list<int> batches) {
  const EachRecord ignore = [](const StoredRecord&, Position) {};
  Log log(disk, options(), test_key());
  const auto first_sequence = visit_all_sealed(disk, log.folder(), kFolder, ignore);
  int number = static_cast<int>(log.recover(first_sequence, ignore).records);
  std::vector<Position> positions;
  for (const int batch : batches) {
    EXPECT_TRUE(log.make_room());
    for (int i = 0; i < batch; ++i)
      positions.push_back(log.append(created(number++), {}).value().position);
    log.commit();
  }
  return positions;
}

struct Read {
  Recovered recovered;
  std::vector<payment::EventPtr> events;
};

// A start on the disk's ledger.
inline Read read(FileDoor& disk, Mode mode = Mode::Production, const Path& folder = kFolder,
                 const AuditKey& key = test_key(), std::uint64_t covered = 0) {
  Read result;
  const EachRecord each = [&](const StoredRecord& stored, Position) {
    result.events.push_back(std::get<payment::EventPtr>(stored.record));
  };
  const OpenedFolder opened = open_folder(disk, folder, mode, key.id());
  const auto first_sequence = visit_all_sealed(disk, opened, folder, each);
  result.recovered = recover(disk, opened,
                             {.folder = folder,
                              .segment_bytes = options().segment_bytes,
                              .first_sequence = first_sequence,
                              .covered = covered},
                             each);
  return result;
}

inline std::string refusal(FileDoor& disk, const AuditKey& key = test_key(),
                           std::uint64_t covered = 0) {
  try {
    read(disk, Mode::Production, kFolder, key, covered);
  } catch (const LedgerError& error) {
    return error.what();
  }
  return "none";
}

struct Shown {
  std::size_t records = 0;
  std::optional<Cut> torn;
  std::string error = "none";
};

// What a reader tells of the disk's ledger.
inline Shown shown(FileDoor& disk) {
  Shown result;
  try {
    Reader reader(kFolder, disk);
    while (reader.next()) ++result.records;
    result.torn = reader.torn();
  } catch (const LedgerError& error) {
    result.error = error.what();
  }
  return result;
}

}  // namespace batal::ledger
