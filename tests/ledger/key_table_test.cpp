#include "ledger/embedded/image/key_table.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "support/heap.h"

namespace batal::ledger {
namespace {

// What stands at an offset: the key that the record there bears.
struct Put {
  int key = 0;
  std::uint64_t hash = 0;
};

// A table of puts at the offsets 1, 2, ... beside what it should hold: the newest offset of each
// key.
class Told {
 public:
  void put(int key, std::uint64_t hash) {
    records_.push_back({key, hash});
    const auto offset = static_cast<std::uint32_t>(records_.size());
    table.put(hash, offset, [&](std::uint32_t other) {
      RC_ASSERT(records_.at(other - 1).hash == hash);
      return records_[other - 1].key == key;
    });
    newest_[key] = {hash, offset};
  }

  std::multimap<std::uint64_t, std::uint32_t> expected() const {
    std::multimap<std::uint64_t, std::uint32_t> offsets;
    for (const auto& [key, entry] : newest_) offsets.insert(entry);
    return offsets;
  }

  KeyTable table;

 private:
  std::vector<Put> records_;
  std::map<int, std::pair<std::uint64_t, std::uint32_t>> newest_;
};

std::vector<std::uint32_t> sorted(KeyTable::Offsets offsets) {
  std::ranges::sort(offsets);
  return {offsets.begin(), offsets.end()};
}

TEST(KeyTable, IsAMultimapOfTheNewestOfEachKey) {
  ASSERT_TRUE(rc::check([] {
    Told told;
    const auto keys = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 25));
    const auto hashes =
        *rc::gen::container<std::vector<std::uint64_t>>(4, rc::gen::arbitrary<std::uint64_t>());
    for (const int key : keys) told.put(key, hashes[static_cast<std::size_t>(key) % 4]);

    const auto expected = told.expected();
    RC_ASSERT(told.table.size() == expected.size());
    for (const std::uint64_t hash : hashes) {
      std::vector<std::uint32_t> offsets;
      const auto [begin, end] = expected.equal_range(hash);
      for (auto entry = begin; entry != end; ++entry) offsets.push_back(entry->second);
      std::ranges::sort(offsets);
      RC_ASSERT(sorted(told.table.find(hash)) == offsets);
    }
    const auto stranger = *rc::gen::arbitrary<std::uint64_t>();
    RC_PRE(!expected.contains(stranger));
    RC_ASSERT(told.table.find(stranger).empty());
  }));
}

TEST(KeyTable, GivesItsEntriesInOrder) {
  ASSERT_TRUE(rc::check([] {
    Told told;
    for (const int key : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 25)))
      told.put(key, static_cast<std::uint64_t>(key % 7) << 61);
    std::vector<IndexEntry> entries;
    for (const auto& [hash, offset] : told.expected()) entries.push_back({hash, {9, offset}});
    std::ranges::sort(entries);
    RC_ASSERT(told.table.sorted(9) == entries);
  }));
}

#ifdef BATAL_HAS_HEAP
// The worst is reached just after the table has grown, so that many sizes are tried. While it grows
// it has both, which is not counted here.
TEST(KeyTable, TakesAtMost32BytesAnEntry) {
  double worst = 0;
  for (std::uint32_t size = 1'000; size <= 1'000'000; size += size / 24) {
    const std::size_t before = testing::heap_bytes();
    KeyTable table;
    std::uint64_t hash = 0;
    for (std::uint32_t offset = 1; offset <= size; ++offset)
      table.put(hash += 0x9E3779B97F4A7C15, offset, [](std::uint32_t) { return false; });
    ASSERT_EQ(table.size(), size);
    const double bytes = static_cast<double>(testing::heap_bytes() - before) / size;
    EXPECT_LE(bytes, 32) << size << " entries";
    EXPECT_GE(bytes, 12) << size << " entries: the heap was not measured";
    worst = std::max(worst, bytes);
  }
  RecordProperty("bytes_an_entry_at_worst", std::to_string(worst));
}
#endif

}  // namespace
}  // namespace batal::ledger
