// How a check of the log names what it has found: file, byte, sequence, transaction and action.
#pragma once

#include <string>
#include <string_view>

#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/reader.h"

namespace batal::ledger {

// "cancel of A120…", "time mark", "word that trx-1 was not found".
std::string description(const payment::Record& record);

// "…/0000000001.segment at byte 4160: record 17 (cancel of A120…)"
std::string name_of(const Path& folder, const Reader::Entry& entry);

// Throws LedgerError with such a name and what is wrong.
[[noreturn]] void fail_at(const Path& folder, const Reader::Entry& entry, std::string_view what);

// 2026-01-02T03:04:05Z; fractions of a second are left out.
std::string text_of(payment::Time time);

}  // namespace batal::ledger
