#include "ledger/embedded/index/filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace batal::ledger {
namespace {

// As hashes of keys are: random but for the lowest two bits.
std::vector<std::uint64_t> hashes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<std::uint64_t> made(count);
  for (auto& hash : made) hash = (engine() & ~std::uint64_t{3}) | 1;
  return made;
}

TEST(Filter, ContainsItsMembers) {
  for (const std::size_t count : {1U, 2U, 31U, 32U, 33U, 63U, 64U, 1000U, 100'000U}) {
    const auto members = hashes(count, count);
    const Filter filter(members);
    const Filter kept(std::vector<std::uint8_t>(filter.bytes().begin(), filter.bytes().end()));
    for (const auto hash : members) {
      EXPECT_TRUE(filter.may_contain(hash)) << hash << " of " << count;
      EXPECT_TRUE(kept.may_contain(hash)) << hash << " of " << count;
    }
  }
}

TEST(Filter, ContainsTheLeastAndTheGreatestHash) {
  const std::uint64_t members[] = {0, ~std::uint64_t{0}};
  for (const std::size_t others : {0U, 200U}) {
    auto all = hashes(others, 7);
    all.insert(all.end(), std::begin(members), std::end(members));
    const Filter filter(all);
    for (const auto hash : members) EXPECT_TRUE(filter.may_contain(hash));
  }
}

TEST(Filter, OfNothingContainsNothing) {
  const Filter filter(std::span<const std::uint64_t>{});
  EXPECT_TRUE(filter.bytes().empty());
  for (const auto hash : hashes(1000, 3)) EXPECT_FALSE(filter.may_contain(hash));
}

TEST(Filter, TakesAtMostTwoBytesPerMemberButForItsOnlyBlock) {
  for (const std::uint64_t members : {1U, 31U, 32U, 63U, 64U, 65U, 200'000U, 13'000'001U}) {
    const std::size_t bytes = Filter::bytes_for(members);
    EXPECT_EQ(bytes % Filter::kBlockBytes, 0U);
    EXPECT_GE(bytes, Filter::kBlockBytes);
    EXPECT_LE(bytes, std::max(Filter::kBlockBytes, std::size_t{2} * members)) << members;
  }
}

// 0.086 % for random bits in blocks; the seeds are fixed, so the count is too.
TEST(Filter, LetsOneStrangerInAThousandPass) {
  const Filter filter(hashes(320'000, 1));
  const auto strangers = hashes(1'000'000, 2);
  const auto passed =
      std::ranges::count_if(strangers, [&](auto hash) { return filter.may_contain(hash); });
  EXPECT_LT(passed, 1000);
  EXPECT_GT(passed, 700);
}

// What is kept in files must be found by later programs.
TEST(Filter, KeepsItsForm) {
  std::vector<std::uint64_t> members(64, 0x0123'4567'89AB'CDEF);
  members.back() = 0xFEDC'BA98'7654'3210;
  const Filter filter(members);
  std::vector<std::size_t> bits;
  for (std::size_t bit = 0; bit < filter.bytes().size() * 8; ++bit)
    if (filter.bytes()[bit / 8] >> bit % 8 & 1) bits.push_back(bit);
  const std::vector<std::size_t> form{25,  78,  108, 145, 152, 214, 253, 417, 424,
                                      514, 578, 682, 764, 848, 886, 921, 931, 937};
  EXPECT_EQ(bits, form);
}

}  // namespace
}  // namespace batal::ledger
