// The digests of a log that is walked from its beginning, frame by frame: what a checkpoint made at
// any point of it would say (checkpoint.h).
//
// One thread at a time.
#pragma once

#include <memory>
#include <span>

#include "ledger/embedded/keeping/checkpoint.h"

struct evp_md_ctx_st;

namespace batal::ledger {

class LogDigest {
 public:
  LogDigest();

  // The segment before, if any, is complete.
  void begin(std::uint32_t segment, std::uint64_t first_sequence);

  // The next whole frame of the segment.
  void add(std::span<const std::uint8_t> frame);

  // The next segment was pruned. Nothing can be added to it.
  void pass_over(const SegmentFacts& pruned);

  // Of all frames so far; ledger and time are left out.
  Checkpoint here() const;

 private:
  void complete();
  Digest digest() const;

  using Context = std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)>;
  Context hash_;
  Digest chain_{};        // of all segments before the present one
  SegmentFacts present_;  // but for its digest, unless it was pruned; number 0: none yet
  bool is_pruned_ = false;
};

}  // namespace batal::ledger
