// Start of a ledger: takes the folder, reads the log to its last whole frame, cuts off a torn tail
// and leaves a log of which every byte is known to be on disk.
//
// The folder holds nothing but the log:
//   lock                  locked as long as a ledger runs on the folder
//   format                three lines of text: "batal ledger", "format 1", "mode production"
//   0000000001.segment    the log (segment.h), without a gap, from 1 on
//   *.tmp                 what is being made; worthless after a stop
//
// What is read of the last segment may have been in the page cache only, and what lies behind a cut
// must never come back. So its whole frames are copied into a fresh segment of zeros, which is
// synced and then takes its name; before that, nothing that was read is told to anybody.
//
// A broken frame is a torn tail, and is cut off, unless that would lose what was told: a later
// whole frame says that it was synced, or a later segment exists. Then, as with a segment that is
// missing or shorter than it was made, a foreign file, a newer format, the other mode, or a folder
// in use, recover() throws a LedgerError that names the file and, where there is one, the offset.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "ledger/embedded/file.h"
#include "ledger/embedded/segment.h"

namespace batal::ledger {

// What was cut off the end of the log. Nobody was ever told of it.
struct Cut {
  std::uint32_t segment = 0;
  std::uint64_t offset = 0;               // in the segment's file: where the whole frames end
  std::uint64_t bytes = 0;                // from there to the last byte that was not zero
  std::uint64_t first_lost_sequence = 0;  // which would have come next

  bool operator==(const Cut&) const = default;
};

struct RecoveryReport {
  std::uint32_t segments = 0;
  std::uint64_t records = 0;  // and the sequence of the last one
  std::optional<Cut> cut;
};

// What recovery leaves to the writer of the log.
struct Recovered {
  FilePtr lock;
  FilePtr live;  // the last segment, open for writing
  std::uint32_t segment = 0;
  std::uint64_t end = 0;    // bytes: where its next frame goes
  std::uint64_t bytes = 0;  // of its file
  RecoveryReport report;
};

struct RecoveryOptions {
  Path folder;
  Mode mode = Mode::Production;
  std::size_t segment_bytes = 0;  // of the fresh last segment; more where its frames need more
};

// Calls `each` with every record in order, on this thread. The last segment's records are given
// after it has been replaced, so that every position can be read from the folder.
using EachRecord = std::function<void(Position, const payment::Record&)>;
Recovered recover(FileDoor& door, const RecoveryOptions& options, const EachRecord& each);

// What a folder's format file says; nothing where there is none. Throws LedgerError where it is
// not ours or newer.
std::optional<Mode> read_mode(FileDoor& door, const Path& folder);

// What a segment's header should say, but for its size.
struct ExpectedHeader {
  Mode mode = Mode::Production;
  std::uint32_t number = 1;
  std::uint64_t first_sequence = 1;
};

// Throws LedgerError where a segment's file does not begin with such a header, or is shorter than
// its header says.
void check_header(std::span<const std::uint8_t> segment, const Path& path,
                  const ExpectedHeader& expected);

// What stands behind the whole frames of a segment, which the cursor has walked.
struct Tail {
  std::span<const std::uint8_t> segment;
  const FrameCursor& cursor;
  std::uint32_t number = 0;
  Path path;
};

// Throws LedgerError where anything but zeros stands there, in a segment that has a successor.
void check_sealed(const Tail& tail);

// What recovery cuts off a last segment; nothing where there are only zeros. Throws LedgerError
// where a later frame says that the one at the break was synced.
std::optional<Cut> torn_tail(const Tail& tail);

// Throws LedgerError where a number is missing: they must run from 1 on.
void check_numbers(std::span<const std::uint32_t> numbers, const Path& folder);

// The record of a frame. Throws LedgerError where it cannot be decoded.
payment::Record decode_in(const Frame& frame, const Path& path, std::uint64_t offset);

}  // namespace batal::ledger
