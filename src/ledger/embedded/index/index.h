// The keys of sealed segments: where the records under a key's hash stand, in a SQLite file.
//
// The index is worth nothing by itself: it is made from the log, and made anew where it is missing,
// damaged or of another ledger. So it needs no sync that anybody waits for, and whatever is wrong
// with it is an IndexError, after which it is opened anew, or removed and rebuilt.
//
// It is made of runs. A run holds the keys of some adjacent segments, sorted by hash, in chunks
// (rows of a page of 4 KiB), and a filter that answers for absent keys. A segment becomes a run of
// level 0; kFanOut runs of one level become one of the next, so that n segments make about log n
// runs and a key is copied log n times. What is kept is never changed, only merged and removed.
// index_tables.h says what stands in the file, and how damage of it is told from absence.
//
// One connection does all writes and all checkpoints of SQLite's write-ahead log; it writes in
// pieces of about a megabyte, so that the ledger's own syncs never queue behind a whole run.
//
// Index belongs to one thread (the keeper's), IndexReader to another (the look-up's); sealed() and
// stop_merging() may be called by any thread, and what sealed() gives is immutable.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "ledger/embedded/index/filter.h"
#include "ledger/embedded/index/index_error.h"
#include "ledger/embedded/log/file.h"
#include "ledger/embedded/log/segment.h"
#include "ledger/embedded/log/segment_facts.h"

namespace batal::ledger {

class Database;
class IndexTables;
class LookUps;
class RunWriter;

// The hash of a key and where a record stands that bears it.
struct IndexEntry {
  std::uint64_t hash = 0;
  Position position;

  auto operator<=>(const IndexEntry&) const = default;
};

// A run as look-ups see it.
struct Run {
  std::int64_t id = 0;  // never used again in this file
  std::uint32_t level = 0;
  std::uint32_t first_segment = 0;
  std::uint32_t last_segment = 0;
  std::uint64_t keys = 0;
  std::uint32_t seal = 0;  // what the CRCs of its chunks begin with: see index_tables.h
  Filter filter{std::vector<std::uint8_t>{}};
};
using RunPtr = std::shared_ptr<const Run>;

// All that the index holds at some moment. Its runs stay readable as long as it lives.
struct Sealed {
  std::uint32_t through = 0;  // the last segment in it; 0: none
  std::vector<RunPtr> runs;   // from the oldest segments to the newest

  bool may_contain(std::uint64_t hash) const;
};
using SealedPtr = std::shared_ptr<const Sealed>;

class Index {
 public:
  static constexpr std::uint32_t kFanOut = 8;
  static constexpr std::size_t kPieceBytes = 1 << 20;

  // Opens the index of this ledger, or makes one where the file is missing. The file and its -wal
  // and -shm are SQLite's own; the folder must exist. A transaction, and what waits to be copied
  // from the -wal, exceed `piece_bytes` by little. Throws IndexError.
  Index(const Path& file, const LedgerId& ledger, std::size_t piece_bytes = kPieceBytes);
  ~Index();
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  // Removes the index's files; what is not there is no error. Throws IndexError.
  static void remove(const Path& file);

  const std::vector<SegmentFacts>& facts() const { return facts_; }  // of segments 1 to through
  SealedPtr sealed() const;

  // Adds the segment after the last one as a run, wholly or not at all; sealed() shows it before
  // what is due is merged, which takes seconds where runs are large. A power cut may take the
  // newest segments back. `entries` must be sorted. Throws IndexError; then the index must be
  // opened anew, for what its file holds is what counts, and made anew where that fails.
  void add(const SegmentFacts& facts, std::span<const IndexEntry> entries);

  // Lets go of the keys of runs that hold only segments up to this one, which were pruned. A run
  // that holds later ones, too, keeps all until they are pruned as well: so what is kept for
  // nothing is never more than what was of use when the run was merged.
  void forget(std::uint32_t through);

  // Gives up a merge that is under way and begins no other: the program is about to end. The next
  // one to open the index merges what is due after its first add().
  void stop_merging() { merges_ = false; }

 private:
  // A run that is no longer in sealed(), and its rows, which stay until nobody can look there.
  struct Retired {
    std::int64_t id;
    std::weak_ptr<const Run> run;
  };

  void take_stock(const std::vector<RunPtr>& runs);
  RunWriter write_run(Run run);
  void tidy_up();
  std::vector<RunPtr> due() const;
  void merge(const std::vector<RunPtr>& parts);
  void put_in_place_of(const std::vector<RunPtr>& parts, const RunPtr& whole);
  void publish(std::vector<RunPtr> runs);
  void remove_retired();

  const std::size_t piece_bytes_;
  std::unique_ptr<IndexTables> tables_;
  std::vector<SegmentFacts> facts_;
  std::vector<Retired> retired_;
  std::int64_t last_id_ = 0;
  std::atomic<bool> merges_ = true;
  mutable std::mutex mutex_;  // guards what follows
  SealedPtr sealed_;
};

class IndexReader {
 public:
  // The index must be open. Throws IndexError.
  explicit IndexReader(const Path& file);
  ~IndexReader();
  IndexReader(const IndexReader&) = delete;
  IndexReader& operator=(const IndexReader&) = delete;

  // Appends the positions under a hash in these runs, the newest first. Throws IndexError where a
  // chunk is missing or damaged.
  void find(const Sealed& sealed, std::uint64_t hash, std::vector<Position>& out);

 private:
  std::unique_ptr<Database> database_;
  std::unique_ptr<LookUps> look_ups_;
};

}  // namespace batal::ledger
