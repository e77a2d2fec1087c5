#include "ledger/embedded/image/key_table.h"

#include <algorithm>
#include <array>

#include "ledger/embedded/log/background.h"

namespace batal::ledger {

KeyTable::Offsets KeyTable::find(std::uint64_t hash) const {
  Offsets offsets;
  const auto found = newest_.find(Hash(hash));
  if (found == newest_.end()) return offsets;
  offsets.push_back(found->second);
  for (const auto& other : others_)
    if (other.hash == hash) offsets.push_back(other.position.offset);
  return offsets;
}

// By the upper bits first, so that others wait for the sorting of a part only.
std::vector<IndexEntry> KeyTable::sorted(std::uint32_t segment) const {
  constexpr int kPartBits = 6;
  std::array<std::vector<IndexEntry>, 1 << kPartBits> parts;
  const auto put = [&](std::uint64_t hash, std::uint32_t offset) {
    parts[hash >> (64 - kPartBits)].push_back({hash, {segment, offset}});
  };
  for (const auto& [hash, offset] : newest_) put(hash.value(), offset);
  for (const auto& other : others_) put(other.hash, other.position.offset);
  std::vector<IndexEntry> entries;
  entries.reserve(size());
  for (auto& part : parts) {
    if (part.empty()) continue;
    give_way();
    std::ranges::sort(part);
    entries.insert(entries.end(), part.begin(), part.end());
  }
  return entries;
}

}  // namespace batal::ledger
