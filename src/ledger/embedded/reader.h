// Reads a ledger's records in order, from a folder that may be in use: `batal ledger show`.
//
// Takes no lock and changes nothing. While a ledger runs on the folder, the records end where its
// log ended at that moment; the last batch may be among them before it is synced, so that what is
// read here is for looking at and no ground for an answer.
//
// One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ledger/embedded/file.h"
#include "ledger/embedded/segment.h"
#include "payment/record.h"

namespace batal::ledger {

class Reader {
 public:
  struct Entry {
    std::uint64_t sequence = 0;
    payment::Record record;
  };

  // Throws LedgerError where the folder is no ledger, is newer, or lacks a segment.
  explicit Reader(Path folder, FileDoor& door = posix_door());

  Mode mode() const { return mode_; }

  // The next record; nothing after the last one. Throws LedgerError where a segment with a
  // successor ends too early, or a record cannot be decoded.
  std::optional<Entry> next();

 private:
  void open_next();

  FileDoor& door_;
  const Path folder_;
  Mode mode_;
  std::uint32_t segments_ = 0;  // that were there when the reader was made
  std::uint32_t segment_ = 0;   // being read
  Bytes bytes_;                 // all of it
  FrameCursor cursor_{{}, 1};
};

}  // namespace batal::ledger
