// Start of a ledger: takes the folder, reads the last segment to its last whole frame, cuts off a
// torn tail and leaves a log of which every byte is known to be on disk.
//
// What is read of the last segment may have been in the page cache only, and what lies behind a cut
// must never come back. So its whole frames are copied into a fresh segment of zeros, which is
// synced and then takes its name; before that, nothing that was read is told to anybody.
//
// A broken frame is a torn tail, and is cut off, unless that would lose what was told: a later
// whole frame says that it was synced, a checkpoint covers it, or a later segment exists. Then, as
// with a segment that is missing or shorter than it was made, a foreign file, another format, mode
// or audit key, or a folder in use, a LedgerError names the file and, where there is one, the
// offset; and no segment is touched, so that nothing is lost that could still be mended.
//
// Sealed segments are not read here (sealed_segment.h does): a start that had to read years of log
// would take as long.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "ledger/embedded/log/file.h"
#include "ledger/embedded/log/folder.h"
#include "ledger/embedded/log/frame_reader.h"
#include "ledger/embedded/log/segment.h"

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
  std::uint32_t segments = 0;  // pruned ones not included
  std::uint64_t records = 0;   // ever written: the sequence of the last one
  std::optional<Cut> cut;
};

// A folder that is taken.
struct OpenedFolder {
  FilePtr lock;
  Format format;
  LogFiles files;
  bool is_new = false;  // becomes a ledger only by the recovery of its first segment
};

// Makes the folder where there is none, takes it, and checks what it holds by name, format, mode
// and audit key (its id). Throws LedgerError.
OpenedFolder open_folder(FileDoor& door, const Path& folder, Mode mode,
                         const std::string& audit_key);

// What recovery leaves to the writer of the log.
struct Recovered {
  FilePtr live;  // the last segment, open for writing
  std::uint32_t segment = 0;
  std::uint64_t first_sequence = 1;
  std::uint64_t last_sequence = 0;
  std::uint64_t end = 0;    // bytes: where its next frame goes
  std::uint64_t bytes = 0;  // of its file
  std::optional<Cut> cut;
};

struct RecoveryOptions {
  Path folder;
  std::size_t segment_bytes = 0;     // of the fresh last segment; more where its frames need more
  std::uint64_t first_sequence = 1;  // of the last segment, as those before it tell
  std::uint64_t covered = 0;         // the last record of which a checkpoint says that it was there
};

// Calls `each` with every record of the last segment in order, on this thread, after the segment
// has been replaced, so that every position can be read from the folder.
using EachRecord = std::function<void(const StoredRecord&, Position)>;
Recovered recover(FileDoor& door, const OpenedFolder& opened, const RecoveryOptions& options,
                  const EachRecord& each);

// What a segment's header should say, but for its size.
struct ExpectedHeader {
  Mode mode = Mode::Production;
  LedgerId ledger{};
  std::uint32_t number = 1;
  std::uint64_t first_sequence = 1;
};

// Throws LedgerError where a segment's file, of so many bytes, does not begin with such a header,
// or is shorter than its header says.
void check_header(std::span<const std::uint8_t> begin, std::uint64_t file_bytes, const Path& path,
                  const ExpectedHeader& expected);

bool all_zero(std::span<const std::uint8_t> bytes);

// What stands behind the whole frames of a segment, which the cursor has walked.
struct Tail {
  std::span<const std::uint8_t> segment;
  const FrameCursor& cursor;
  std::uint32_t number = 0;
  Path path;
};

// Throws LedgerError where anything but zeros stands there, in a segment that has a successor.
void check_sealed(const Tail& tail);

// Throws what check_sealed() throws: the record of this sequence, at this offset, is broken.
[[noreturn]] void fail_sealed(const Path& path, std::uint64_t sequence, std::uint64_t offset);

// What recovery cuts off a last segment; nothing where there are only zeros. Throws LedgerError
// where a later frame says that the one at the break was synced.
std::optional<Cut> torn_tail(const Tail& tail);

// Calls `each` with every record of a segment's whole frames in order, and moves the cursor behind
// them. Throws LedgerError where one cannot be decoded.
void visit(FrameCursor& cursor, std::uint32_t segment, const Path& path, const EachRecord& each);

}  // namespace batal::ledger
