// The keys of one segment that no index holds yet: the hash of each key and where in the segment
// the newest record stands that bears it.
//
// Two keys may share a hash; so whatever is found must be confirmed by reading the record. An entry
// takes 12 bytes, and the table 14 to 30 bytes an entry.
//
// One thread at a time.
#pragma once

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <concepts>
#include <cstdint>
#include <vector>

#include "ledger/embedded/index/index.h"

namespace batal::ledger {

class KeyTable {
 public:
  // Makes room for as many entries as there will probably be.
  explicit KeyTable(std::size_t probable = 0) { newest_.reserve(probable); }

  // `is_same(offset)`: whether the record there bears the key, too. It is asked only where the hash
  // is taken already; the newer record then takes the place of the older.
  template <std::predicate<std::uint32_t> IsSame>
  void put(std::uint64_t hash, std::uint32_t offset, IsSame is_same) {
    const auto [entry, is_new] = newest_.try_emplace(Hash(hash), offset);
    if (is_new) return;
    if (is_same(entry->second)) {
      entry->second = offset;
      return;
    }
    for (auto& other : others_) {
      if (other.hash == hash && is_same(other.position.offset)) {
        other.position.offset = offset;
        return;
      }
    }
    others_.push_back({hash, {0, offset}});
  }

  // Where the records stand under this hash, of one key each; in no order.
  using Offsets = boost::container::small_vector<std::uint32_t, 2>;
  Offsets find(std::uint64_t hash) const;

  // All entries, as the segment's part of an index.
  std::vector<IndexEntry> sorted(std::uint32_t segment) const;

  std::size_t size() const { return newest_.size() + others_.size(); }

 private:
  // Aligned to 4 bytes, so that an entry takes 12 and not 16.
  struct Hash {
    explicit Hash(std::uint64_t hash)
        : high(static_cast<std::uint32_t>(hash >> 32)), low(static_cast<std::uint32_t>(hash)) {}
    std::uint64_t value() const { return (std::uint64_t{high} << 32) | low; }
    bool operator==(const Hash&) const = default;

    std::uint32_t high;
    std::uint32_t low;
  };
  struct HashOfHash {
    std::size_t operator()(const Hash& hash) const { return hash.value(); }
  };

  boost::unordered_flat_map<Hash, std::uint32_t, HashOfHash> newest_;
  std::vector<IndexEntry> others_;  // on hashes that another key has; hardly ever any
};

}  // namespace batal::ledger
