// Backup of a ledger into one file, also while a ledger runs on it, and the way back.
//
// The file is a tar archive (tar.h) of the folder's format, attestations and segments, these
// without the zeros behind their frames, and last of its checkpoints, to which one is added that
// covers all that is in it: a backup from which anything was taken does not pass. Index and
// snapshot are not in it, for they are made anew from the log. It holds everything that was durable
// when it began, is checked as `batal ledger verify` checks a folder, and then takes its name.
#pragma once

#include "ledger/archive/verify.h"

namespace batal::ledger {

struct BackupOptions {
  Path folder;
  Path file;
  AuditKey audit_key;
};

// Throws LedgerError, and leaves nothing, where the file exists, the ledger does not pass, or the
// disk refuses. Returns what the check of the file has found.
Verified back_up(FileDoor& door, const BackupOptions& options, const OnProgress& on_progress);

// Makes the folder, or fills an empty one. It is built beside its place, as FOLDER.restore.tmp,
// checked, and takes its name when it is whole and durable. Throws LedgerError, and leaves nothing,
// where the folder holds anything, the file is damaged or does not pass, or the disk refuses.
Verified restore(FileDoor& door, const BackupOptions& options, const OnProgress& on_progress);

}  // namespace batal::ledger
