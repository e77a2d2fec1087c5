// What a key is looked for by: SipHash under a secret, so that a caller who chooses identifiers
// cannot choose collisions. The secret is the audit key's, for the hashes outlive the process.
#pragma once

#include <cstdint>
#include <functional>

#include "ledger/audit_key.h"
#include "payment/keys.h"

namespace batal::ledger {

using KeyHash = std::function<std::uint64_t(const payment::Key&)>;

KeyHash key_hash(const HashSecret& secret);

// The same hash, which remembers the last few keys: for whoever asks for those of one command over
// and over. It and its copies belong to one thread.
KeyHash remembering(KeyHash hash);

// The hash under which a key stands in tables and index. Its lowest two bits say what the key is
// by, so that two keys of one record, of which no two are by the same, are never taken for each
// other.
inline std::uint64_t slot_of(const KeyHash& hash, const payment::Key& key) {
  constexpr std::uint64_t kByBits = 3;
  return (hash(key) & ~kByBits) | static_cast<std::uint64_t>(key.by);
}

}  // namespace batal::ledger
