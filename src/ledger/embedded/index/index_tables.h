// What stands in the index's file, and how damage of it is told from absence.
//
//   ledger     one row: format (1), ledger id, a salt of the file's own
//   segments   SegmentFacts, a row each
//   runs       a row each: id, level, first and last segment, keys, CRC of its filter
//   filters    the filters, in parts of 64 KiB
//   chunks_N   the chunks of run N (index_chunks.h); no table where the run has no keys
//
// A run is there from the transaction on that puts its row into `runs`. A table chunks_N without
// that row is of a run that was merged into another, or was never finished; it is removed at some
// later time.
//
// SQLite does not notice when bytes of its file are changed, or pages come from another time. So
// every row bears a CRC32C, and each CRC begins with the one of what the row belongs to, its seal:
// rows of `segments` and `runs` with the CRC of `ledger`'s row, chunks with the seal of their run.
// A row that is found in the wrong place is thereby broken too.
//
// One thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ledger/embedded/index/index.h"
#include "ledger/embedded/index/sqlite.h"

namespace batal::ledger {

class IndexTables {
 public:
  // Opens the file, or makes it. Throws IndexError where it is foreign, newer, damaged, or of
  // another ledger; so does all that follows, where it is damaged or SQLite refuses.
  IndexTables(const Path& file, const LedgerId& ledger);

  Database& database() { return database_; }

  std::vector<SegmentFacts> facts();         // of all segments, from the first on without a gap
  std::vector<RunPtr> runs();                // in order, without a gap between their segments
  std::vector<std::int64_t> chunk_tables();  // the N of all chunks_N

  std::uint32_t seal_of(const Run& run) const;

  // Each is one transaction. The run's chunks and filter must be there (RunWriter).
  void add(const Run& run, const SegmentFacts& facts);
  void replace(std::span<const RunPtr> parts, const Run& whole);

  // Removes chunks and filter of a run that has no row.
  void remove(std::int64_t id);

 private:
  bool is_new();
  bool has_wal();
  void make(const LedgerId& ledger);
  void read_ledger(const LedgerId& ledger);
  Filter read_filter(const Run& run, std::uint32_t crc);
  void insert(const Run& run);
  std::uint32_t crc_of(const SegmentFacts& facts) const;

  using Salt = std::array<std::uint8_t, 16>;
  static Salt new_salt();
  static std::uint32_t crc_of_ledger(const LedgerId& ledger, const Salt& salt);

  Database database_;
  std::uint32_t seal_ = 0;
};

}  // namespace batal::ledger
