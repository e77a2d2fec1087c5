// Checkpoints on their way to be compared with the log that they are about.
//
// One thread at a time.
#pragma once

#include <optional>
#include <vector>

#include "ledger/archive/log_digest.h"
#include "ledger/archive/verify.h"

namespace batal::ledger {

class Claims {
 public:
  // Takes the folder's checkpoints as they are now, and the head, if there is one. Throws
  // LedgerError where one is damaged, of another ledger or not signed by this key.
  Claims(FileDoor& door, const VerifyOptions& options, const LedgerId& ledger);

  // The log has been walked to the end of this record, or to the beginning of this segment after
  // it. Throws LedgerError where a checkpoint that ends here says otherwise.
  void settle(std::uint32_t segment, std::uint64_t sequence, const LogDigest& log);

  // The log has passed over a pruned segment. What ends inside of it cannot be checked.
  void settle_pruned(const SegmentFacts& pruned, const LogDigest& log);

  // The log ends with this record, but for a torn tail. Throws LedgerError where a checkpoint
  // covers more.
  void finish(std::uint64_t last_sequence, const std::optional<Cut>& torn) const;

  std::uint64_t unchecked() const { return unchecked_; }
  std::uint64_t settled() const { return next_ - unchecked_; }
  const std::optional<Checkpoint>& covering() const { return covering_; }

 private:
  struct Claim {
    Checkpoint checkpoint;
    Path source;
  };

  bool is_next(std::uint32_t segment, std::uint64_t sequence) const;
  void compare(const Claim& claim, const Checkpoint& log);
  [[noreturn]] void fail(const Claim& claim, std::uint64_t from) const;

  const Path folder_;
  std::vector<Claim> claims_;  // by sequence
  std::size_t next_ = 0;
  std::uint64_t unchecked_ = 0;
  std::uint64_t agreed_ = 0;  // the sequence up to which a checkpoint has held
  std::optional<Checkpoint> covering_;
};

}  // namespace batal::ledger
