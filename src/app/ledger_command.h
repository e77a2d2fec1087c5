// `batal ledger show`: the records of a ledger as JSON lines, also while a server runs on it.
#pragma once

#include <filesystem>
#include <string>

#include "payment/record.h"

namespace batal::app {

// UTC to the microsecond, the log's own precision: 2026-01-02T03:04:05.000006Z.
std::string instant(payment::Time time);

// One JSON object, without a line end.
std::string json_line(std::uint64_t sequence, const payment::Record& record);

// Writes the records to stdout, and to stderr a line about what stands behind the last one, if
// anything does. Returns the exit status. Throws ledger::LedgerError where a told record is broken.
int show_ledger(const std::filesystem::path& folder);

}  // namespace batal::app
