// The audit key of the tests' ledgers.
#pragma once

#include "ledger/audit_key.h"

namespace batal::ledger {

inline AuditKey test_key() {
  AuditKey::Secret secret;
  secret.fill(7);
  return AuditKey(secret);
}

}  // namespace batal::ledger
