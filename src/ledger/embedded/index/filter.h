// Answers for absent keys: a set of 64-bit hashes that may say yes to a stranger, never no to a
// member.
//
// A blocked Bloom filter: a hash chooses one block of 64 bytes and nine of its bits, so that asking
// touches one cache line. At 2 bytes per member about one stranger in 1100 passes (nine is the
// least number of bits that comes within 1 % of the best). The hashes must be random already, as
// those of keys are (key_hash.h). No part of it is written down anywhere but in the index, so its
// form may change with the index's format only.
//
// A Filter is immutable and may be asked by any thread; a FilterBuilder belongs to one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace batal::ledger {

class Filter {
 public:
  // Of these members: at most 2 bytes each, but for a single block.
  explicit Filter(std::span<const std::uint64_t> hashes);

  // One that was kept: bytes() of another. Its size must be a multiple of kBlockBytes.
  explicit Filter(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {}

  static constexpr std::size_t kBlockBytes = 64;

  // How many bytes it takes for so many members; none for none.
  static std::size_t bytes_for(std::uint64_t members);

  bool may_contain(std::uint64_t hash) const;

  std::span<const std::uint8_t> bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;  // empty: contains nothing
};

// Makes a filter member by member, in any order; ascending hashes touch its memory in order.
class FilterBuilder {
 public:
  explicit FilterBuilder(std::uint64_t members) : bytes_(Filter::bytes_for(members)) {}

  void add(std::uint64_t hash);  // at least one member must have been announced

  Filter take() { return Filter(std::move(bytes_)); }  // ends the building

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace batal::ledger
