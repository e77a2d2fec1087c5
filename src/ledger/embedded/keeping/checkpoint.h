// Checkpoints: signed words on what the log held at some moment, all records up to a sequence.
//
// A checkpoint in segment n gives the digest of that segment's frames up to there, and the chain of
// the digests of all segments before it. So one checkpoint covers the whole log up to its sequence,
// records without a transaction included, and goes on to hold when segments are pruned, for their
// attestations (pruned.h) keep their digests.
//
// The file "checkpoints" has a line for each: the last one of every sealed segment, and all of the
// present one. A copy of a line, kept elsewhere, shows a log that was cut off or replaced since.
//
// CheckpointFile belongs to one thread; the rest is pure.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/audit_key.h"
#include "ledger/embedded/log/file.h"
#include "ledger/embedded/log/folder.h"
#include "ledger/embedded/log/segment_facts.h"

namespace batal::ledger {

struct Checkpoint {
  LedgerId ledger{};
  std::uint64_t sequence = 0;        // of the last record covered
  std::uint32_t segment = 0;         // in which that stands
  std::uint64_t first_sequence = 1;  // of the segment
  std::uint64_t end = 0;             // bytes: where the frames covered end in the segment's file
  Digest chain{};                    // of all segments before
  Digest digest{};                   // of the segment's bytes from the header's end to `end`
  payment::Time at{};

  bool operator==(const Checkpoint&) const = default;
};

// The chain of digests through a segment; `before` is zeros for the first.
Digest chained(const Digest& before, const SegmentFacts& facts);

// The line, its newline included.
std::string to_line(const Checkpoint& checkpoint, const AuditKey& key);

// Without a key, the one that the line names. The error is a sentence without a file's name.
std::expected<Checkpoint, std::string> read_checkpoint(std::string_view line,
                                                       const std::optional<PublicKey>& key);

// All checkpoints of a folder, in order. A last line that is damaged is left out: a power cut tears
// what was being added, at any place, and what it covered the log still shows. Throws LedgerError
// where any other is damaged, or one is not signed by this key or is of another ledger.
std::vector<Checkpoint> read_checkpoints(FileDoor& door, const Path& folder, const PublicKey& key,
                                         const LedgerId& ledger);

// The newest line of a folder's checkpoints, without its newline and not a torn one. Throws
// LedgerError where there is none, or its signature does not fit the key that it names.
std::string newest_checkpoint_line(FileDoor& door, const Path& folder);

class CheckpointFile {
 public:
  // Throws LedgerError as read_checkpoints() does.
  CheckpointFile(FileDoor& door, Path folder, const AuditKey& key, const LedgerId& ledger);

  // The newest; nothing where there is none.
  const std::optional<Checkpoint>& last() const { return last_; }

  // Adds one, for the next write(), and drops those between the last ones of earlier segments.
  void add(const Checkpoint& checkpoint);

  // Makes durable what was added. Throws LedgerError; the file is as it was then, and the next call
  // makes up for it.
  void write();

 private:
  void append();
  void rewrite();

  FileDoor& door_;
  const Path folder_;
  const AuditKey& key_;
  std::string sealed_;   // the lines of sealed segments
  std::string present_;  // those of the segment of last_
  std::string unwritten_;
  std::optional<Checkpoint> last_;
  FilePtr file_;  // null: to be made anew
  std::uint64_t end_ = 0;
};

}  // namespace batal::ledger
