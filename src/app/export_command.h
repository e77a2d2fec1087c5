// `batal ledger export`: the records of a ledger for people who want to query them, also while a
// server runs on it.
#pragma once

#include <filesystem>
#include <optional>

namespace batal::app {

enum class ExportFormat { JsonLines, Csv, Sqlite };

struct ExportArguments {
  std::filesystem::path folder{};
  ExportFormat format = ExportFormat::JsonLines;
  std::filesystem::path output{};  // empty: stdout, which a SQLite file cannot be written to
};

// The output takes its name when it is whole, mode 0600, and never replaces another file. Returns
// the exit status. Throws ledger::LedgerError, or what SQLite refuses.
int export_ledger(const ExportArguments& arguments);

}  // namespace batal::app
