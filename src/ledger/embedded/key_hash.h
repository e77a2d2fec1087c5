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

}  // namespace batal::ledger
