// Reads a ledger's records in order, from a folder that may be in use: `batal ledger show` and what
// else looks at a log as a whole.
//
// Takes no lock and changes nothing. What was pruned is passed over, be it while the log is read.
// While a ledger runs on the folder, the records end where its log ended at that moment; the last
// batch may be among them before it is synced, so that what is read here is for looking at and no
// ground for an answer.
//
// One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ledger/embedded/keeping/pruned.h"
#include "ledger/embedded/log/file.h"
#include "ledger/embedded/log/recovery.h"
#include "ledger/embedded/log/segment.h"
#include "payment/record.h"

namespace batal::ledger {

class Reader {
 public:
  struct Entry {
    Position position;
    StoredRecord stored;
    Frame frame;  // until next()
  };

  // Throws LedgerError where the folder is no ledger, is newer, or lacks a segment.
  explicit Reader(Path folder, FileDoor& door = posix_door());

  const Format& format() const { return format_; }

  // Of the segments that are there or were, pruned ones included; those read are before it.
  std::uint32_t segments() const { return files_.last(); }
  std::uint32_t segment() const { return segment_; }  // being read

  // The segments passed over so far, as their attestations tell.
  const std::vector<Attestation>& pruned() const { return pruned_; }

  // All bytes of the segment being read, and where its records that were given so far end.
  std::span<const std::uint8_t> segment_bytes() const { return bytes_; }
  std::size_t offset() const { return cursor_.offset(); }
  std::uint64_t first_sequence() const { return first_sequence_; }
  std::uint64_t sequence() const { return cursor_.sequence(); }  // of the record that comes next

  // How far it has come, in bytes of all files of the log; for showing only.
  std::uint64_t bytes_done() const { return bytes_before_ + cursor_.offset(); }
  std::uint64_t bytes_total() const { return log_bytes(door_, folder_, files_); }

  // The next record; nothing after the last one. Throws LedgerError where a start on this folder
  // would call it corrupt: a record that was told is broken (a BrokenRecord) or cannot be decoded,
  // or a segment is shorter than it was made.
  std::optional<Entry> next();

  // Once next() has given nothing: what stands behind the last record. A start would cut it off;
  // while a ledger runs, it may be a batch that is just being written.
  const std::optional<Cut>& torn() const { return torn_; }

 private:
  Path path() const { return folder_ / segment_name(segment_); }
  void go_on();
  bool pass_over(std::uint64_t first_sequence);
  void load(std::uint64_t first_sequence, FilePtr file);
  bool has_more();

  FileDoor& door_;
  const Path folder_;
  Format format_;
  LogFiles files_;  // that were there when the reader was made
  std::vector<Attestation> pruned_;
  std::uint32_t segment_ = 0;         // being read
  std::uint64_t first_sequence_ = 1;  // of its first record
  std::uint64_t bytes_before_ = 0;    // of the segments before
  Bytes bytes_;                       // all of it
  FrameCursor cursor_{{}, 1};
  std::optional<Cut> torn_;
};

}  // namespace batal::ledger
