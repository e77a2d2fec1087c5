// The keys of sealed segments: where the records under a key's hash stand, in a SQLite file.
//
// The index is worth nothing by itself: it is made from the log, and made anew where it is missing,
// damaged or of another ledger. So it needs no sync that anybody waits for, and whatever is wrong
// with it is an IndexError, after which it is removed and rebuilt.
//
// It is made of runs. A run holds the keys of some adjacent segments, sorted by hash, in chunks
// (rows of about 4 KiB, each with a CRC32C), and a filter that answers for absent keys. A segment
// becomes a run of level 0; kFanOut runs of one level become one of the next, so that n segments
// make about log n runs and a key is copied log n times. What is kept is never changed, only merged
// and removed, and one connection does all writes and all checkpoints of the WAL.
//
// Tables: ledger (format, ledger id, hash secret), segments (a row of SegmentFacts each), runs
// (id, level, first and last segment, keys, chunks, filter and its CRC), chunks (run, first hash,
// entries, CRC). Numbers in blobs are little-endian; hashes stand as signed numbers, in order, with
// the topmost bit flipped.
//
// Index belongs to one thread (the keeper's), IndexReader to another (the look-up's); sealed() may
// be called by any thread, and what it gives is immutable.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include "ledger/embedded/file.h"
#include "ledger/embedded/filter.h"
#include "ledger/embedded/segment.h"
#include "payment/transaction.h"

struct sqlite3;

namespace batal::ledger {

// The index is damaged, cannot be written or read, or is not of this ledger. The text names the
// file and what SQLite, or the check, says.
class IndexError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The hash of a key and where a record stands that bears it.
struct IndexEntry {
  std::uint64_t hash = 0;
  Position position;

  auto operator<=>(const IndexEntry&) const = default;
};

using Digest = std::array<std::uint8_t, 32>;     // SHA-256
using HashSecret = std::array<std::uint8_t, 16>;  // of SipHash
using LedgerId = std::array<std::uint8_t, 16>;    // drawn when a ledger is made

// What is remembered of a sealed segment, apart from its keys.
struct SegmentFacts {
  std::uint32_t number = 0;
  std::uint64_t first_sequence = 1;
  std::uint64_t records = 0;      // may be 0
  std::uint64_t end = 0;          // bytes: where its frames end
  payment::Time last_at{};        // of its last record
  payment::Time last_expiry{};    // the latest expiry of a transaction that it leaves live
  payment::Time last_end{};       // the latest end of a transaction of it: see prune.h
  payment::Time last_word{};      // the latest `until` of its NotFoundYet records
  Digest digest{};                // SHA-256 of its bytes from the header's end to `end`

  bool operator==(const SegmentFacts&) const = default;
};

// A run as look-ups see it.
struct Run {
  std::int64_t id = 0;
  std::uint32_t level = 0;
  std::uint32_t first_segment = 0;
  std::uint32_t last_segment = 0;
  std::uint64_t keys = 0;
  Filter filter{std::vector<std::uint8_t>{}};
};

// All that the index holds at some moment. Its runs stay readable as long as it lives.
struct Sealed {
  std::uint32_t through = 0;                          // the last segment in it; 0: none
  std::vector<std::shared_ptr<const Run>> runs;  // from the oldest segments to the newest

  bool may_contain(std::uint64_t hash) const;
};
using SealedPtr = std::shared_ptr<const Sealed>;

class Index {
 public:
  static constexpr std::uint32_t kFanOut = 8;

  // Opens the index of this ledger, or makes one where the file is missing. The file and its -wal
  // and -shm are SQLite's own; the folder must exist. Throws IndexError.
  Index(Path file, const LedgerId& ledger);
  ~Index();
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  // Removes the index's files; what is not there is no error. Throws IndexError.
  static void remove(const Path& file);

  const HashSecret& secret() const { return secret_; }  // drawn when the index was made
  const std::vector<SegmentFacts>& facts() const { return facts_; }  // of segments 1 to through
  SealedPtr sealed() const;

  // Adds the segment after the last one as a run, durably or not at all, and merges what is due.
  // `entries` must be sorted. Throws IndexError; then the index must be removed and made anew.
  void add(const SegmentFacts& facts, std::span<const IndexEntry> entries);

  // Segments up to 1 + the last one in the index that were pruned before it was made: facts without
  // keys.
  void skip(const SegmentFacts& facts) { add(facts, {}); }

 private:
  const Path file_;
  // ... the implementer's
};

class IndexReader {
 public:
  explicit IndexReader(const Path& file);
  ~IndexReader();
  IndexReader(const IndexReader&) = delete;
  IndexReader& operator=(const IndexReader&) = delete;

  // Appends the positions under a hash in these runs, the newest first. Throws IndexError where a
  // chunk is missing or damaged.
  void find(const Sealed& sealed, std::uint64_t hash, std::vector<Position>& out);
};

}  // namespace batal::ledger
