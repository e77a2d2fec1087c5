// What a check of a written log finds, with the secret and without it.
#pragma once

#include <string>

#include "ledger/archive/verify.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/written_log.h"

namespace batal::ledger {

enum class Knows : std::uint8_t { Secret, Public };

inline VerifyOptions options_for(const WrittenLog& log, Knows knows) {
  VerifyOptions options{.folder = log.folder, .public_key = log.key.public_key()};
  if (knows == Knows::Secret) options.audit_key = log.key;
  return options;
}

inline Verified verified(const VerifyOptions& options) {
  return verify(posix_door(), options, [](std::uint64_t, std::uint64_t) {});
}

// What is found, or nothing.
inline std::string finding(const VerifyOptions& options) {
  try {
    verified(options);
    return "nothing";
  } catch (const LedgerError& error) {
    return error.what();
  }
}

}  // namespace batal::ledger
