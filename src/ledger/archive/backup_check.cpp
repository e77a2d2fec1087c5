#include "ledger/archive/backup_check.h"

#include <fmt/format.h>

#include "ledger/embedded/log/ledger_error.h"

namespace batal::ledger {

OnProgress half(const OnProgress& whole, Half half) {
  return [&whole, half](std::uint64_t done, std::uint64_t total) {
    whole(done + (half == Half::Second ? total : 0), 2 * total);
  };
}

Verified check_backup(FileDoor& door, const Path& folder, const AuditKey& key,
                      const OnProgress& on_progress) {
  const Verified verified = verify(
      door, {.folder = folder, .public_key = key.public_key(), .audit_key = key}, on_progress);
  const auto& covering = verified.covering;
  if (verified.last_sequence > (covering ? covering->sequence : 0))
    throw LedgerError(fmt::format("{} does not end with the checkpoint that a backup ends with",
                                  folder.string()));
  return verified;
}

}  // namespace batal::ledger
