// A run's chunks: how its entries stand in rows, are written in pieces and read in order.
//
// A chunk is a row of the run's table: the hash from which on it holds all keys, the hash from
// which on the next one does, and entries of 16 bytes (hash u64, segment u32, offset u32, all
// little-endian), sorted. Hashes stand as signed numbers of the same order, with the topmost bit
// flipped.
//
// The chunks of a run tile all hashes there are: the first is from 0 on, and the last says that the
// next is from 0 on. So whatever is asked for, there is a chunk that must hold it, and a row that
// is missing, or not found because SQLite was led astray, is not taken for an absent key. For that,
// too, all entries of one hash are in one chunk.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/embedded/index/index.h"
#include "ledger/embedded/index/sqlite.h"

namespace batal::ledger {

inline constexpr std::size_t kEntryBytes = 16;

// As many as fill a page of 4096 bytes. A chunk has more where one hash would be torn apart.
inline constexpr std::size_t kChunkEntries = 252;

constexpr std::int64_t to_row_id(std::uint64_t hash) {
  return static_cast<std::int64_t>(hash ^ (std::uint64_t{1} << 63));
}
constexpr std::uint64_t to_hash(std::int64_t row_id) {
  return static_cast<std::uint64_t>(row_id) ^ (std::uint64_t{1} << 63);
}

struct Chunk {
  std::uint64_t first = 0;
  std::uint64_t next = 0;  // 0: it is the last
  std::span<const std::uint8_t> entries;

  bool covers(std::uint64_t hash) const { return hash >= first && (next == 0 || hash < next); }
  std::size_t size() const { return entries.size() / kEntryBytes; }
  IndexEntry operator[](std::size_t index) const;
};

// Selects chunks as chunk_in() takes them; the condition has one hash to bind.
std::string select_chunk(const Run& run, const char* condition);

// The chunk that a row holds, valid as long as the row stays. Throws IndexError where there is no
// row, or it is none of this run's.
Chunk chunk_in(const Row& row, const Run& run, const Database& database);

// Writes chunks and filter of a run, in transactions of about `piece_bytes` each.
class RunWriter {
 public:
  // All is known of the run but its filter.
  RunWriter(Database& database, Run run, std::size_t piece_bytes);

  void add(const IndexEntry& entry);  // in order
  RunPtr finish();                    // after as many entries as the run has keys

 private:
  void put_chunk(std::uint64_t next);
  void put_filter();
  void count(std::size_t bytes);
  void end_piece();

  Database& database_;
  Run run_;
  const std::size_t piece_bytes_;
  FilterBuilder filter_;
  std::vector<std::uint8_t> entries_;  // of the chunk being filled
  std::uint64_t first_ = 0;            // its
  std::uint64_t last_hash_ = 0;
  std::size_t piece_ = 0;  // bytes in the open transaction
  std::optional<Transaction> transaction_;
  std::optional<Statement> insert_;
};

// Walks the entries of a run that has some, holding one chunk in memory.
class RunCursor {
 public:
  RunCursor(const Database& database, RunPtr run);

  const IndexEntry& head() const { return head_; }
  bool next();  // false: behind the last

 private:
  void load(std::uint64_t first);

  const Database* database_;
  RunPtr run_;
  Statement select_;
  std::vector<std::uint8_t> bytes_;
  Chunk chunk_;  // in bytes_
  std::size_t at_ = 0;
  IndexEntry head_;
};

}  // namespace batal::ledger
