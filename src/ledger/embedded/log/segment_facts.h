// What is remembered of a sealed segment: by the index, by checkpoints, and by what is left of one
// that was pruned.
#pragma once

#include <array>
#include <cstdint>

#include "payment/transaction.h"

namespace batal::ledger {

using Digest = std::array<std::uint8_t, 32>;  // SHA-256

// What is remembered of a sealed segment, apart from its keys.
struct SegmentFacts {
  std::uint32_t number = 0;
  std::uint64_t first_sequence = 1;
  std::uint64_t records = 0;    // may be 0
  std::uint64_t end = 0;        // bytes: where its frames end
  payment::Time last_at{};      // of its last record
  payment::Time last_expiry{};  // the latest expiry of a transaction that it leaves live
  payment::Time last_end{};     // the latest end of a transaction of it: see is_past_keeping()
  payment::Time last_word{};    // the latest `until` of its NotFoundYet records
  Digest digest{};              // SHA-256 of its bytes from the header's end to `end`

  bool operator==(const SegmentFacts&) const = default;
};

}  // namespace batal::ledger
