// Answers for absent keys: a set of 64-bit hashes that may say yes to a stranger, never no to a
// member.
//
// A blocked Bloom filter: a hash chooses one block of 64 bytes and some of its bits, so that asking
// touches one cache line. At 2 bytes per member about one stranger in a thousand passes. The hashes
// must be random already, as those of keys are (image.h). No part of it is written down anywhere
// but in the index, so its form may change with the index's format only.
//
// Immutable once made; any thread may ask.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace batal::ledger {

class Filter {
 public:
  // Of these members: at most 2 bytes each, but for a last block.
  explicit Filter(std::span<const std::uint64_t> hashes);

  // One that was kept: bytes() of another. Its size must be a multiple of kBlockBytes.
  explicit Filter(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {}

  static constexpr std::size_t kBlockBytes = 64;

  bool may_contain(std::uint64_t hash) const;

  std::span<const std::uint8_t> bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;  // empty: contains nothing
};

}  // namespace batal::ledger
