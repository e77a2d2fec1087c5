// What comes before any work on a ledger's folder.
#pragma once

#include "ledger/audit_key.h"
#include "ledger/embedded/log/folder.h"

namespace batal::ledger {

// What the folder says of itself. Throws LedgerError where it holds no ledger.
Format format_of(FileDoor& door, const Path& folder);

// The same. Throws LedgerError, too, where the ledger was made with another key.
Format format_of(FileDoor& door, const Path& folder, const PublicKey& key);

}  // namespace batal::ledger
