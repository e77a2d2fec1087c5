#include "ledger/archive/folder_check.h"

#include <fmt/format.h>

#include "ledger/embedded/log/ledger_error.h"

namespace batal::ledger {

Format format_of(FileDoor& door, const Path& folder) {
  const auto format = read_format(door, folder);
  if (!format) throw LedgerError(fmt::format("{} holds no ledger", folder.string()));
  return *format;
}

Format format_of(FileDoor& door, const Path& folder, const PublicKey& key) {
  Format format = format_of(door, folder);
  if (const std::string id = id_of(key); format.audit_key != id)
    throw LedgerError(fmt::format("{} was made with audit key {}, but the key given is {}",
                                  folder.string(), format.audit_key, id));
  return format;
}

}  // namespace batal::ledger
