#include "ledger/embedded/image/key_table.h"

#include <algorithm>

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

std::vector<IndexEntry> KeyTable::sorted(std::uint32_t segment) const {
  std::vector<IndexEntry> entries;
  entries.reserve(size());
  for (const auto& [hash, offset] : newest_) entries.push_back({hash.value(), {segment, offset}});
  for (const auto& other : others_)
    entries.push_back({other.hash, {segment, other.position.offset}});
  std::ranges::sort(entries);
  return entries;
}

}  // namespace batal::ledger
