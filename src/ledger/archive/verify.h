// Checks a whole log: that nothing in it was changed, removed, inserted or reordered since it was
// written. `batal ledger verify`; docs/decisions/0012-tamper-evidence.md says what it can tell
// whom.
//
// Takes no lock and writes nothing. A ledger may run on the folder meanwhile: its checkpoints are
// read before its log, so that the log holds all that they cover, and what is written or pruned
// later raises no false alarm.
#pragma once

#include <functional>
#include <optional>

#include "ledger/audit_key.h"
#include "ledger/embedded/keeping/checkpoint.h"
#include "ledger/embedded/log/file.h"
#include "ledger/embedded/log/recovery.h"

namespace batal::ledger {

// A checkpoint that was kept elsewhere.
struct Head {
  Checkpoint checkpoint;
  Path file;  // where it was read
};

// The first line of a file. Throws LedgerError where it is no checkpoint signed by this key.
Head read_head(FileDoor& door, const Path& file, const PublicKey& key);

struct VerifyOptions {
  Path folder;
  PublicKey public_key{};
  std::optional<AuditKey> audit_key{};  // none: MACs are not checked
  std::optional<Head> head{};
};

struct Verified {
  std::uint64_t records = 0;
  std::uint64_t last_sequence = 0;
  std::uint32_t segments = 0;  // pruned ones not included
  std::uint32_t pruned = 0;
  std::uint64_t checkpoints = 0;            // that hold
  std::uint64_t checkpoints_unchecked = 0;  // inside of pruned segments
  std::uint64_t links_into_pruned = 0;      // whose records' MACs could not be checked
  std::optional<Checkpoint> covering;       // the newest one that holds
  std::optional<Cut> torn;                  // or a batch that is just being written
};

// Bytes done, and of how many.
using OnProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// Throws LedgerError: one sentence that names the first record at fault as closely as can be told,
// or says that nothing was checked by a signature: there are records, no checkpoint covers any, and
// only the public key is known.
Verified verify(FileDoor& door, const VerifyOptions& options, const OnProgress& on_progress);

}  // namespace batal::ledger
