// The log as it is being written: frames gathered for a batch, one write, one sync; and any record
// of it read back by its position.
//
// Belongs to the ledger's thread. Beside it a short-lived thread makes the next segment while the
// present one fills, so that going on to it waits for no zeros.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>

#include "ledger/embedded/log/file.h"
#include "ledger/embedded/log/frame_reader.h"
#include "ledger/embedded/log/recovery.h"
#include "ledger/embedded/log/segment.h"

namespace batal::ledger {

struct LogOptions {
  Path folder;
  Mode mode = Mode::Production;
  std::size_t segment_bytes = 32 << 20;      // of one file
  std::size_t batch_bytes_max = 1 << 20;     // of frames written at once; at most a segment's room
  std::size_t record_bytes_max = 256 << 10;  // encoded; at most what fits a batch
  std::function<std::chrono::steady_clock::time_point()> steady_clock =
      std::chrono::steady_clock::now;  // what the attempts of a full disk are spaced by
};

// Where the durable part of the log ends.
struct LogEnd {
  std::uint32_t segment = 0;
  std::uint64_t first_sequence = 1;  // of that segment
  std::uint64_t sequence = 0;        // of the last durable record
  std::uint64_t offset = 0;          // bytes: where the frames in that segment end
};

class Log {
 public:
  // Takes the folder (recovery.h). Throws LedgerError, also where the sizes do not fit each other.
  Log(FileDoor& door, LogOptions options, const AuditKey& key);

  const OpenedFolder& folder() const { return folder_; }

  // First and once. `first_sequence` is the last segment's, as the sealed ones tell; records
  // through `covered` must be there, as checkpoints tell. Throws LedgerError.
  RecoveryReport recover(std::uint64_t first_sequence, const EachRecord& each,
                         std::uint64_t covered = 0);

  // Makes sure that a whole batch fits the live segment, going on to the next one where less is
  // left. To be called before a batch's first append. False: the disk has no room for another
  // segment, and nothing was written. From then on no call waits: a further attempt is made beside
  // the ledger's thread, at most one a second, and found by the first call after its end. Throws
  // LedgerError where a write or sync failed.
  bool make_room();

  // Whether any record still fits the batch.
  bool fits_another() const;

  // Adds a record to the batch, sealed onto `previous`, and returns where it will stand; nothing,
  // and nothing is added, where it is larger than record_bytes_max.
  std::optional<Link> append(const payment::Record& record, const Link& previous);

  bool has_batch() const { return !batch_.empty(); }

  // Writes the batch and syncs it. Throws LedgerError where that fails: nobody knows then what is
  // on disk, and the log must not be used again.
  void commit();

  // The record whose frame begins here, of the batch being gathered too. Throws LedgerError.
  StoredRecord read(Position position);

  LogEnd end() const;

 private:
  Path path_of(std::uint32_t number) const { return options_.folder / segment_name(number); }
  void fill_page();
  void prepare_next();
  FilePtr take_next();
  bool next_is_there();
  void go_on_with(FilePtr next);

  FileDoor& door_;
  const LogOptions options_;
  Macs macs_;
  OpenedFolder folder_;
  FrameReader reader_;
  Recovered tail_;                     // the live segment and its end
  Bytes batch_;                        // frames to stand at tail_.end
  std::uint64_t sequence_ = 0;         // of the last record, the batch's included
  std::uint64_t synced_sequence_ = 0;  // of the last durable one
  std::future<FilePtr> next_;          // the next segment, all zeros; none once it has failed
  std::shared_ptr<Pace> pace_;         // at which it is made
  std::optional<std::chrono::steady_clock::time_point> failed_at_;  // none has been made since
};

}  // namespace batal::ledger
