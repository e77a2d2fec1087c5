// The ledger in a folder of its own on this machine: one thread decides, writes, syncs and tells.
//
// A batch is whatever has queued up. Each of its commands is decided against the image (image.h),
// its record put into the image and into one buffer; the buffer is written at once and synced once;
// only then are the outcomes delivered, refusals and queries included. A batch without a record
// needs no sync, for everything before it is durable already.
//
// The image runs ahead of the disk by the present batch. That is safe because only this thread sees
// it, and because what fails between a record's entry into the image and its write, be it that
// write or a read, ends the ledger: the image is never used again. What can fail without that, room
// for a batch and a record that is too large, is found out before: such a command is NotStored and
// leaves no trace, while those that need no record are still answered.
//
// A write, a sync or a read of the log that fails ends it: everything in the batch and the queue is
// delivered as Unknown, healthy() turns false, on_failure is called, and the thread ends.
//
// What an old segment may know under one of a command's keys is looked up beside this thread
// (lookup.h). Such a command is parked, and with it every later one that shares a key with it, so
// that calls about the same thing are decided in the order of their arrival; all others overtake.
//
// Transactions past their expiry are swept in small portions at the end of batches: each gets its
// Expire event. What the clock says counts from its instant anyway; sweeping only lets memory go.
#pragma once

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "ledger/audit_key.h"
#include "ledger/embedded/image/image.h"
#include "ledger/embedded/keeping/keeper.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/log/log.h"
#include "ledger/embedded/lookup.h"
#include "ledger/ledger.h"

namespace batal::ledger {

payment::Time system_time();

struct EmbeddedOptions {
  LogOptions log{};  // folder, mode, sizes
  AuditKey audit_key;
  Path index_file{};  // empty: index.sqlite in the log's folder
  std::chrono::milliseconds checkpoint_every = std::chrono::minutes(1);
  std::uint32_t snapshot_segments = 8;      // sealed since the last snapshot, before the next
  std::size_t queue_commands_max = 65'536;  // queued or being decided
  std::size_t look_ups_together = 64;       // of many, for which this thread is woken
  payment::Rules rules{};
  std::function<payment::Time()> clock = system_time;  // called at first by the constructor, then
                                                       // on the ledger's thread
  std::function<void()> on_failure = [] {};  // called once, on the ledger's thread, after delivery
  KeyHash key_hash{};                        // none: the audit key's
};

class EmbeddedLedger final : public Ledger {
 public:
  // Takes the folder and recovers the log (recovery.h). Warns where its last record is ahead of the
  // clock: decision time then stands still until the clock has caught up. Throws LedgerError. The
  // door must live longer.
  explicit EmbeddedLedger(EmbeddedOptions options, FileDoor& door = posix_door());
  ~EmbeddedLedger() override;  // stops

  const RecoveryReport& recovery() const { return recovery_; }

  // Starts the ledger's thread, once. Commands may be submitted before; they wait for it.
  void start();

  // Takes no more commands, decides and delivers what has queued (on this thread, where start() was
  // never called), and ends the ledger's thread. Not to be called on that thread.
  void stop();

  std::size_t submit(std::span<Submission* const> submissions) override;
  bool healthy() const override { return healthy_; }

 private:
  struct Delivery {
    Outbox* outbox;
    std::vector<Submission*> decided;
  };
  // On its way through the look-up.
  struct Parked : Question {
    Submission* submission = nullptr;
    boost::container::static_vector<std::uint64_t, kCommandKeysMax> hashes;  // of all its keys
  };
  struct Batch {
    payment::Time now;                            // decision time of all of it
    std::chrono::steady_clock::time_point began;  // what deadlines are compared with
    std::optional<bool> has_room;                 // asked of the log before the first record
  };

  void warn_of_a_late_clock() const;
  void notice_answers();  // on the look-up's thread

  // On the ledger's thread.
  void run();
  bool await_work();
  void commit_batch();
  payment::Time decision_time();
  void resume_parked(Batch& batch);
  void resume(const Parked& parked, Batch& batch);
  void leave_undecided(Submission& submission, const LedgerError& error);
  void decide(Submission& submission, Batch& batch);
  bool is_too_late(Submission& submission, const Batch& batch);
  void conclude(Submission& submission, const payment::View& view, std::span<const LookedUp> known,
                Batch& batch);
  bool store(const std::optional<payment::Record>& record, std::span<const LookedUp> known,
             Batch& batch);
  bool must_wait(const payment::Command& command) const;
  void park(Submission& submission);
  void unpark();
  void use_index();
  std::chrono::microseconds sweep(Batch& batch);
  std::optional<payment::TransactionPtr> next_due(payment::Time now);
  bool expire(const payment::Transaction& transaction, Batch& batch);
  void hand_over(Submission& submission);
  void deliver();
  void fail(const char* reason);

  const EmbeddedOptions options_;
  const KeyHash hash_;
  Log log_;
  Keeper keeper_;
  Image image_;
  RecoveryReport recovery_;
  payment::Time last_decision_{};
  std::vector<Submission*> taken_;              // off the queue, in order
  std::size_t next_ = 0;                        // the first of them that is undecided
  std::deque<std::unique_ptr<Parked>> parked_;  // in the order of asking
  std::vector<Question*> asking_;               // parked by this batch
  std::vector<Question*> answered_;             // in the same order; resumed from next_answered_ on
  std::size_t next_answered_ = 0;
  boost::unordered_flat_map<std::uint64_t, int> waited_for_;  // hashes of what is parked
  std::vector<Delivery> deliveries_;   // one per outbox ever seen; what waits for the commit
  std::chrono::microseconds rest_{0};  // how long to sleep with nothing queued

  std::atomic<bool> healthy_ = true;
  std::mutex mutex_;  // guards what follows; never held during I/O
  std::condition_variable wake_;
  std::vector<Submission*> queue_;
  std::size_t undecided_ = 0;  // of those taken
  bool has_answers_ = false;   // of the look-up
  bool sleeping_ = false;
  bool closed_ = false;  // takes no more commands

  Lookup lookup_;
  std::thread thread_;
};

}  // namespace batal::ledger
