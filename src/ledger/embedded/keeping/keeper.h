// What is done with the log beside the ledger's thread: sealed segments are indexed, snapshots of
// the live transactions written, checkpoints signed, and what is past its keeping pruned.
//
// All of it is made from durable segments and stands in the way of no answer. What fails is logged,
// once until it works again, and tried again every second: meanwhile memory keeps the keys of the
// segments that are not indexed, and nothing else is lost. A damaged index is removed and made anew
// from the log.
//
// Before start() it belongs to the thread that makes it; afterwards to a thread of its own, and the
// functions of the second part may be called by any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "ledger/audit_key.h"
#include "ledger/embedded/image/image.h"
#include "ledger/embedded/index/index.h"
#include "ledger/embedded/keeping/checkpoint.h"
#include "ledger/embedded/keeping/pruned.h"
#include "ledger/embedded/keeping/sealed_segment.h"
#include "ledger/embedded/keeping/snapshot.h"
#include "ledger/embedded/log/log.h"

namespace batal::ledger {

struct KeeperOptions {
  Path folder;
  Path index_file;  // the folder's index.sqlite, unless a test puts it elsewhere
  std::chrono::milliseconds checkpoint_every = std::chrono::minutes(1);
  std::uint32_t snapshot_segments = 8;        // sealed since the last snapshot, before the next
  std::uint32_t snapshot_step_segments = 64;  // at most so many at once
  std::chrono::microseconds identity_kept{};
  std::optional<std::chrono::microseconds> transaction_kept;  // none: nothing is pruned
  std::function<std::chrono::steady_clock::time_point()> steady_clock =
      std::chrono::steady_clock::now;
};

// The index as it is now. A new generation is another file: readers open it again.
struct Indexed {
  SealedPtr sealed;
  std::uint64_t generation = 0;
};

class Keeper {
 public:
  // Opens the index, or makes one; an index that knows of segments that are not there is no damage
  // but a loss. Throws LedgerError. All given must live longer.
  Keeper(FileDoor& door, const OpenedFolder& opened, const AuditKey& key, const KeyHash& hash,
         KeeperOptions options);
  ~Keeper();  // stops

  // Indexes the sealed segments that the index lacks, and returns the first sequence of the last
  // segment. Throws LedgerError.
  std::uint64_t catch_up();

  // Puts what sealed segments say of live transactions into the image, from the snapshot and the
  // segments after it. Throws LedgerError.
  void load(Image& image);

  // The last record of which a checkpoint says that it was there; 0 where there is none.
  std::uint64_t covered() const;

  void start();
  void begin_stop();  // by any thread: what is under way ends soon
  void stop();        // waits until it has

  // By any thread, from here on.

  const LedgerId& ledger() const { return opened_.format.id; }

  // The log is durable up to here, decided at `now`; no live transaction expires before
  // `next_expiry`, and memory holds no keys of segments before `first_table`. Never waits for the
  // disk.
  void committed(const LogEnd& end, payment::Time now, payment::Time next_expiry,
                 std::uint32_t first_table);

  Indexed indexed() const;

  // To be called by whoever found the index of this generation damaged. Waits until a later one
  // covers the segments through this one: false where that is not so by then, or the keeper stops.
  bool is_remade(std::uint64_t generation, std::uint32_t through,
                 std::chrono::steady_clock::time_point until);

 private:
  struct Progress {
    LogEnd end;
    payment::Time now{};
    payment::Time next_expiry = payment::Time::max();
    std::uint32_t first_table = 0;
  };

  void run();
  void work();
  void go_on_unless_stopping() const;
  bool is_behind() const;
  void attempt(std::string_view what, const std::function<void()>& deed);

  void index_sealed();
  void index_next();
  ExpectedHeader expected(const SegmentFacts& facts) const;
  void open_index();
  void replace_index(std::unique_ptr<Index> index);
  void remake_index();
  void reopen_index();
  void publish_index();

  void write_checkpoint(const Progress& progress);
  void sign_sealed();
  void write_snapshot();
  void take_snapshot();
  void take_snapshot(std::uint32_t through);
  void forget_snapshot();
  void load_time(Image& image) const;
  void visit_tail(std::uint32_t through, const EachRecord& each);
  std::uint32_t tail_begin() const;
  std::uint32_t pruned_through() const;  // 0: nothing is
  void prune(const Progress& progress);
  bool may_go(const SegmentFacts& facts, const Progress& progress) const;
  void prune(const SegmentFacts& facts, payment::Time now);

  FileDoor& door_;
  const OpenedFolder& opened_;
  const AuditKey& key_;
  const KeyHash& hash_;
  const KeeperOptions options_;
  std::unique_ptr<Index> index_;  // null: to be made anew
  CheckpointFile checkpoints_;
  std::vector<std::uint32_t> pruned_;  // ascending
  std::uint32_t segments_ = 0;         // of the log
  Digest chain_{};                     // through chained_, the last sealed segment that is signed
  std::uint32_t chained_ = 0;
  std::optional<SnapshotHead> snapshot_;
  std::uint64_t snapshot_bytes_ = 0;
  std::chrono::steady_clock::time_point checkpoint_at_{};
  std::set<std::string> failing_;  // what failed last time

  mutable std::mutex mutex_;           // guards what follows; never held during I/O
  std::condition_variable wake_;       // of the keeper
  std::condition_variable published_;  // for is_remade()
  Progress progress_;
  Indexed indexed_;
  bool damaged_ = false;  // the index of indexed_.generation
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace batal::ledger
