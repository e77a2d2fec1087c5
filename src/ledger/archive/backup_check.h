// What backup and restore share: the check at the end, and one progress over two passes.
#pragma once

#include "ledger/archive/backup.h"

namespace batal::ledger {

enum class Half : std::uint8_t { First, Second };

// Shows one of two passes over the same bytes. `whole` must live longer.
OnProgress half(const OnProgress& whole, Half half);

// Verifies a folder or a backup, which must end with a checkpoint that covers all of it. Throws
// LedgerError.
Verified check_backup(FileDoor& door, const Path& folder, const AuditKey& key,
                      const OnProgress& on_progress);

}  // namespace batal::ledger
