#include "ledger/archive/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "ledger/archive/finding.h"

namespace batal::ledger {

Claims::Claims(FileDoor& door, const VerifyOptions& options, const LedgerId& ledger)
    : folder_(options.folder) {
  const Path file = folder_ / kCheckpointsName;
  for (const Checkpoint& checkpoint : read_checkpoints(door, folder_, options.public_key, ledger))
    claims_.push_back({checkpoint, file});
  if (options.head && options.head->checkpoint.ledger != ledger)
    throw LedgerError(fmt::format("{} holds a checkpoint of another ledger than {}",
                                  options.head->file.string(), folder_.string()));
  if (options.head) claims_.push_back({options.head->checkpoint, options.head->file});
  std::ranges::sort(claims_, [](const Claim& a, const Claim& b) {
    return std::tie(a.checkpoint.sequence, a.source) < std::tie(b.checkpoint.sequence, b.source);
  });
}

// A checkpoint of a segment that is still empty ends with the last record of the one before.
bool Claims::is_next(std::uint32_t segment, std::uint64_t sequence) const {
  if (next_ == claims_.size()) return false;
  const Checkpoint& next = claims_[next_].checkpoint;
  return next.sequence < sequence || (next.sequence == sequence && next.segment <= segment);
}

void Claims::settle(std::uint32_t segment, std::uint64_t sequence, const LogDigest& log) {
  for (; is_next(segment, sequence); ++next_) {
    compare(claims_[next_], log.here());
    covering_ = claims_[next_].checkpoint;
  }
}

void Claims::settle_pruned(const SegmentFacts& pruned, const LogDigest& log) {
  const Checkpoint end = log.here();
  for (; is_next(end.segment, end.sequence); ++next_) {
    const Checkpoint& claimed = claims_[next_].checkpoint;
    Checkpoint comparable = end;
    if (claimed.sequence < end.sequence) {
      comparable.sequence = claimed.sequence;
      comparable.end = claimed.end;
      comparable.digest = claimed.digest;
      ++unchecked_;
    } else {
      covering_ = claimed;
    }
    compare(claims_[next_], comparable);
  }
  agreed_ = std::max(agreed_, pruned.first_sequence + pruned.records - 1);
}

void Claims::compare(const Claim& claim, const Checkpoint& log) {
  const Checkpoint& said = claim.checkpoint;
  if (said.chain != log.chain || said.first_sequence != log.first_sequence ||
      said.segment != log.segment)
    fail(claim, agreed_ + 1);
  if (said.digest != log.digest || said.end != log.end)
    fail(claim, std::max(agreed_ + 1, said.first_sequence));
  agreed_ = said.sequence;
}

void Claims::fail(const Claim& claim, std::uint64_t from) const {
  const Checkpoint& said = claim.checkpoint;
  throw LedgerError(fmt::format(
      "{} up to byte {}: records {} to {} are not those of the checkpoint of {} in {}: one of them "
      "was changed, removed, inserted or reordered",
      (folder_ / segment_name(said.segment)).string(), said.end, std::min(from, said.sequence),
      said.sequence, text_of(said.at), claim.source.string()));
}

void Claims::finish(std::uint64_t last_sequence, const std::optional<Cut>& torn) const {
  if (next_ == claims_.size()) return;
  const auto& [said, source] = claims_.back();
  if (torn)
    throw LedgerError(fmt::format(
        "{} at byte {}: record {} was changed or cut off: it is not whole, but the checkpoint of "
        "{} in {} covers it",
        (folder_ / segment_name(torn->segment)).string(), torn->offset, torn->first_lost_sequence,
        text_of(said.at), source.string()));
  throw LedgerError(fmt::format(
      "{} ends with record {}, but the checkpoint of {} in {} covers records up to {}: those after "
      "{} were removed",
      folder_.string(), last_sequence, text_of(said.at), source.string(), said.sequence,
      last_sequence));
}

}  // namespace batal::ledger
