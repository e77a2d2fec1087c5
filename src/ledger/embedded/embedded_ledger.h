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
// Transactions past their expiry are swept in small portions at the end of batches: each gets its
// Expire event. What the clock says counts from its instant anyway; sweeping only lets memory go.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "ledger/embedded/image.h"
#include "ledger/embedded/ledger_error.h"
#include "ledger/embedded/log.h"
#include "ledger/ledger.h"

namespace batal::ledger {

payment::Time system_time();

struct EmbeddedOptions {
  LogOptions log;                           // folder, mode, sizes
  std::size_t queue_commands_max = 65'536;  // queued or being decided
  payment::Rules rules;
  std::function<payment::Time()> clock = system_time;  // called at first by the constructor, then
                                                       // on the ledger's thread
  std::function<void()> on_failure = [] {};  // called once, on the ledger's thread, after delivery
  KeyHash key_hash = random_key_hash();
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
  struct Batch {
    payment::Time now;                            // decision time of all of it
    std::chrono::steady_clock::time_point began;  // what deadlines are compared with
    std::optional<bool> has_room;                 // asked of the log before the first record
  };

  void warn_of_a_late_clock() const;

  // On the ledger's thread.
  void run();
  bool await_work();
  void commit_batch();
  payment::Time decision_time();
  void decide(Submission& submission, Batch& batch);
  bool store(const std::optional<payment::Record>& record, Batch& batch);
  std::chrono::microseconds sweep(Batch& batch);
  bool expire(const payment::Transaction& transaction, Batch& batch);
  void hand_over(Submission& submission);
  void deliver();
  void fail(const char* reason);

  const EmbeddedOptions options_;
  Log log_;
  Image image_;
  RecoveryReport recovery_;
  payment::Time last_decision_{};
  std::vector<Submission*> taken_;     // off the queue, in order
  std::size_t next_ = 0;               // the first of them that is undecided
  std::vector<Delivery> deliveries_;   // one per outbox ever seen; what waits for the commit
  std::chrono::microseconds rest_{0};  // how long to sleep with nothing queued

  std::atomic<bool> healthy_ = true;
  std::mutex mutex_;  // guards what follows; never held during I/O
  std::condition_variable wake_;
  std::vector<Submission*> queue_;
  std::size_t undecided_ = 0;  // of those taken
  bool sleeping_ = false;
  bool closed_ = false;  // takes no more commands

  std::thread thread_;
};

}  // namespace batal::ledger
