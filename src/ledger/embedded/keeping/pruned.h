// What stands in the place of a segment that was pruned: its number, its records' sequences, its
// digest, which the signed checkpoints go on to vouch for, and when it went; all signed.
//
// A file of one signed line of text (signed_line.h), "0000000007.pruned", so that it can be read by
// eye and kept for ever.
#pragma once

#include <optional>

#include "ledger/audit_key.h"
#include "ledger/embedded/log/file.h"
#include "ledger/embedded/log/folder.h"
#include "ledger/embedded/log/segment_facts.h"

namespace batal::ledger {

// When a segment may go.
struct Keeping {
  std::chrono::microseconds identity{};
  std::chrono::microseconds transaction{};  // after its end (payment::end_of)
};

// Whether nothing in a segment matters any more at `now`: all its transactions have ended and are
// past their keeping, as decisions see it, so are all its identities, and no word of a cancel that
// overtook its creation holds. `next_expiry` is the first of the transactions that are live.
bool is_past_keeping(const SegmentFacts& facts, const Keeping& keeping, payment::Time now,
                     payment::Time next_expiry);

struct Attestation {
  LedgerId ledger{};
  SegmentFacts facts;
  payment::Time pruned_at{};

  bool operator==(const Attestation&) const = default;
};

// Makes the file, durably. Throws LedgerError.
void write_attestation(FileDoor& door, const Path& folder, const Attestation& attestation,
                       const AuditKey& key);

// Throws LedgerError where the file is damaged, of another ledger, or not signed (by this
// key, where one is given).
Attestation read_attestation(FileDoor& door, const Path& folder, std::uint32_t segment,
                             const LedgerId& ledger, const std::optional<PublicKey>& key);

// Removes the segments that were pruned but for their file when the last process stopped. Throws
// LedgerError where the attestation of one does not hold, and leaves its segment then.
void remove_pruned_segments(FileDoor& door, const Path& folder, const LedgerId& ledger,
                            const LogFiles& files, const PublicKey& key);

}  // namespace batal::ledger
