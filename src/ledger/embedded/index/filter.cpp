#include "ledger/embedded/index/filter.h"

#include <algorithm>

namespace batal::ledger {
namespace {

constexpr std::uint64_t kMembersPerBlock = 32;
constexpr int kBitsPerMember = 9;

// By the upper half of the hash, in order. The lowest bits of a key's hash are not random
// (key_hash.h).
std::size_t block_of(std::uint64_t hash, std::size_t bytes) {
  return ((hash >> 32) * (bytes / Filter::kBlockBytes) >> 32) * Filter::kBlockBytes;
}

// Numbers from 0 to 511, one after the other: multiplying carries all of the hash upwards.
class Bits {
 public:
  explicit Bits(std::uint64_t hash) : state_(hash) {}

  std::size_t next() {
    constexpr std::uint64_t kGoldenRatio = 0x9E37'79B9'7F4A'7C15;
    constexpr int kShift = 64 - 9;
    state_ *= kGoldenRatio;
    return state_ >> kShift;
  }

 private:
  std::uint64_t state_;
};

}  // namespace

Filter::Filter(std::span<const std::uint64_t> hashes) {
  FilterBuilder builder(hashes.size());
  for (const std::uint64_t hash : hashes) builder.add(hash);
  *this = builder.take();
}

std::size_t Filter::bytes_for(std::uint64_t members) {
  if (members == 0) return 0;
  return std::max<std::size_t>(members / kMembersPerBlock, 1) * kBlockBytes;
}

bool Filter::may_contain(std::uint64_t hash) const {
  if (bytes_.empty()) return false;
  const std::uint8_t* const block = &bytes_[block_of(hash, bytes_.size())];
  Bits bits(hash);
  for (int count = 0; count < kBitsPerMember; ++count) {
    const std::size_t bit = bits.next();
    if ((block[bit / 8] >> bit % 8 & 1) == 0) return false;
  }
  return true;
}

void FilterBuilder::add(std::uint64_t hash) {
  std::uint8_t* const block = &bytes_[block_of(hash, bytes_.size())];
  Bits bits(hash);
  for (int count = 0; count < kBitsPerMember; ++count) {
    const std::size_t bit = bits.next();
    block[bit / 8] |= static_cast<std::uint8_t>(1U << bit % 8);
  }
}

}  // namespace batal::ledger
