// The live transactions as of the end of a sealed segment, in a file: so that a start reads this
// and the segments after it, and not the whole log.
//
// A snapshot is made from the one before and the segments in between, by whoever has time: the
// log's own thread has no part in it. It is worth nothing by itself; without one, or with a damaged
// one, the log is read from its first segment on.
//
//   header    64 bytes: "BATALIVE", u32 format (1), u32 segment, 16 bytes ledger id, i64 time of
//             the last record, u64 count of transactions, zeros, u32 CRC32C of the bytes before
//   entries   u32 CRC32C of all that follows in it, u32 bytes of the transaction, u32 segment and
//             u32 offset of its newest event, 32 bytes MAC of that, the transaction
//             (record_codec.h)
//
// Numbers are little-endian.
#pragma once

#include <functional>
#include <optional>

#include "ledger/embedded/log/file.h"
#include "ledger/embedded/log/folder.h"
#include "ledger/embedded/log/recovery.h"
#include "ledger/embedded/log/segment.h"
#include "payment/transaction.h"

namespace batal::ledger {

struct SnapshotHead {
  LedgerId ledger{};
  std::uint32_t through = 0;  // the last segment it covers
  payment::Time last_at{};    // of the last record, up to there
  std::uint64_t count = 0;    // of transactions
};

// A live transaction: its newest event and its bytes (record_codec.h), valid during the call only.
using EachLive = std::function<void(const Link& newest, std::span<const std::uint8_t> encoded)>;

// Reads a folder's snapshot, in its order. Nothing where there is none, it is of another ledger, or
// it is damaged, which is logged as a warning; `each` may have been called by then. Throws
// LedgerError where the disk fails.
std::optional<SnapshotHead> read_snapshot(FileDoor& door, const Path& folder,
                                          const LedgerId& ledger, const EachLive& each);

// Writes one, in place of the one before, durably. What was not finished is removed.
class SnapshotWriter {
 public:
  SnapshotWriter(FileDoor& door, const Path& folder);  // throws LedgerError, as all of it
  ~SnapshotWriter();
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;

  void add(const Link& newest, std::span<const std::uint8_t> encoded);

  // `head.count` is filled in.
  void finish(SnapshotHead head);

 private:
  void flush();

  FileDoor& door_;
  const Path folder_;
  FilePtr file_;  // null: finished
  Bytes buffer_;
  std::uint64_t written_ = 0;
  std::uint64_t count_ = 0;
};

// Calls `each` with the records of the segments after the present snapshot, in order.
using VisitTail = std::function<void(const EachRecord& each)>;

// Makes the snapshot of `head`, from the present one, if there is one, and the segments after it.
// Visits them twice; in memory it keeps the positions of events that have a later one. False, and
// nothing has changed, where the present one is damaged.
bool make_snapshot(FileDoor& door, const Path& folder, const SnapshotHead& head, bool has_present,
                   const VisitTail& visit_tail);

}  // namespace batal::ledger
