// Random segments, and what an index of them must say: slow and obviously right.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "ledger/embedded/index/index.h"

namespace batal::ledger {

inline constexpr LedgerId kOurs{1, 2, 3};

class IndexStory {
 public:
  // Each segment has up to `keys_max` keys.
  IndexStory(std::uint64_t seed, std::size_t keys_max)
      : seed_(seed), engine_(seed), keys_max_(keys_max) {
    hashes_ = {0, 1, (std::uint64_t{1} << 63) - 1, std::uint64_t{1} << 63, ~std::uint64_t{0}};
    while (hashes_.size() < 60) hashes_.push_back(engine_());
  }

  std::uint64_t roll(std::uint64_t sides) { return engine_() % sides; }
  std::uint32_t segments() const { return static_cast<std::uint32_t>(facts_.size()); }

  // Adds the next segment to the index, making it up first if the index has all there are.
  void add_to(Index& index) {
    const std::uint32_t number = index.sealed()->through + 1;
    if (number > segments()) make_up();
    index.add(facts_[number - 1], entries_[number - 1]);
  }

  void rebuild(Index& index) {
    while (index.sealed()->through < segments()) add_to(index);
  }

  // No run has keys of the segments up to this one any more.
  void forget(std::uint32_t through) {
    std::erase_if(positions_, [&](const auto& at) { return at.second.segment <= through; });
  }

  std::vector<Position> positions(std::uint64_t hash, std::uint32_t through) const {
    std::vector<Position> newest_first;
    const auto [begin, end] = positions_.equal_range(hash);
    for (auto at = begin; at != end; ++at)
      if (at->second.segment <= through) newest_first.insert(newest_first.begin(), at->second);
    return newest_first;
  }

  // Every hash there is, and some strangers.
  void check(const Sealed& sealed, IndexReader& reader) {
    SCOPED_TRACE(fmt::format("seed {}, through {}", seed_, sealed.through));
    const auto check_one = [&](std::uint64_t hash) {
      std::vector<Position> found;
      reader.find(sealed, hash, found);
      EXPECT_TRUE(found == positions(hash, sealed.through)) << "hash " << hash;
      EXPECT_TRUE(found.empty() || sealed.may_contain(hash)) << "hash " << hash;
    };
    for (const auto hash : hashes_) check_one(hash);
    for (int strangers = 0; strangers < 10; ++strangers) check_one(engine_());
  }

  void check(const Index& index, const Path& file) {
    const auto sealed = index.sealed();
    ASSERT_LE(sealed->through, segments()) << "seed " << seed_;
    EXPECT_TRUE(std::ranges::equal(index.facts(), std::span(facts_).first(sealed->through)))
        << "seed " << seed_;
    IndexReader reader(file);
    check(*sealed, reader);
  }

 private:
  void make_up() {
    const auto number = segments() + 1;
    const std::size_t keys = roll(5) == 0 ? 0 : roll(keys_max_ + 1);
    const std::uint64_t same = hashes_[roll(hashes_.size())];
    std::vector<IndexEntry> entries;
    for (std::uint32_t offset = 0; offset < keys; ++offset)
      entries.push_back({.hash = roll(3) == 0 ? same : hashes_[roll(hashes_.size())],
                         .position = {.segment = number, .offset = offset}});
    // Beside those that are met again, many that are not.
    for (std::uint32_t offset = 0; offset < 5 * keys; ++offset)
      entries.push_back({.hash = engine_(), .position = {.segment = number, .offset = offset}});
    std::ranges::sort(entries);
    for (const auto& entry : entries) positions_.emplace(entry.hash, entry.position);
    entries_.push_back(std::move(entries));
    facts_.push_back(facts_of(number));
  }

  SegmentFacts facts_of(std::uint32_t number) {
    const auto time = [&] {
      return payment::Time(payment::Time::duration(static_cast<std::int64_t>(roll(1 << 20)) - 9));
    };
    return {.number = number,
            .first_sequence = engine_(),
            .records = engine_(),
            .end = engine_(),
            .last_at = time(),
            .last_expiry = time(),
            .last_end = time(),
            .last_word = time(),
            .digest = {static_cast<std::uint8_t>(engine_())}};
  }

  const std::uint64_t seed_;
  std::mt19937_64 engine_;
  const std::size_t keys_max_;
  std::vector<std::uint64_t> hashes_;  // that segments have in common
  std::vector<SegmentFacts> facts_;
  std::vector<std::vector<IndexEntry>> entries_;
  std::multimap<std::uint64_t, Position> positions_;
};

// --gtest_random_seed=N, or any.
inline std::uint64_t any_seed() {
  const int wanted = ::testing::UnitTest::GetInstance()->random_seed();
  return wanted != 0 ? static_cast<std::uint64_t>(wanted) : std::random_device{}() % 90'000 + 1;
}

}  // namespace batal::ledger
