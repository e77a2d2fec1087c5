#include "app/export_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <tuple>

#include "app/export_row.h"
#include "app/ledger_command.h"
#include "app/progress.h"
#include "ledger/archive/new_file.h"
#include "ledger/embedded/index/sqlite.h"
#include "ledger/embedded/reader.h"

namespace batal::app {
namespace {

using ledger::Reader;
using Each = std::function<void(const ledger::StoredRecord&)>;
using Write = std::function<void(std::string_view)>;

void visit(const std::filesystem::path& folder, const Each& each) {
  constexpr std::uint64_t kRecordsPerReport = 256;
  Reader reader(folder);
  Progress progress("export");
  const std::uint64_t total = reader.bytes_total();
  for (std::uint64_t records = 0; const auto entry = reader.next(); ++records) {
    if (records % kRecordsPerReport == 0) progress.show(reader.bytes_done(), total);
    each(entry->stored);
  }
}

void write_json_lines(const std::filesystem::path& folder, const Write& write) {
  visit(folder, [&write](const ledger::StoredRecord& stored) {
    write(json_line(stored.sequence, stored.record) + "\n");
  });
}

void write_csv(const std::filesystem::path& folder, const Write& write) {
  write(csv_header());
  visit(folder, [&write](const ledger::StoredRecord& stored) {
    write(csv_line(export_row(stored.sequence, stored.record)));
  });
}

std::string table_definition() {
  std::string columns;
  for (const ExportColumn& column : kExportColumns)
    columns += fmt::format("{}{} {}", columns.empty() ? "" : ", ", column.name, column.sql_type);
  return fmt::format("CREATE TABLE events ({}) STRICT", columns);
}

std::string insertion() {
  std::string marks = "?";
  for (std::size_t i = 1; i < kExportColumns.size(); ++i) marks += ", ?";
  return fmt::format("INSERT INTO events VALUES ({})", marks);
}

void write_sqlite(const std::filesystem::path& folder, const ledger::Path& file) {
  ledger::Database database(file, ledger::Database::Use::Writing);
  // Until it is finished it is worth nothing: no journal, and one sync at the end.
  database.run("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
  ledger::Transaction transaction(database);
  database.run(table_definition().c_str());
  ledger::Statement insert(database, insertion());
  visit(folder, [&insert](const ledger::StoredRecord& stored) {
    std::apply([&insert](const auto&... cells) { insert.run(cells...); },
               export_row(stored.sequence, stored.record));
  });
  database.run(
      "CREATE INDEX events_reference_no ON events (reference_no);"
      "CREATE INDEX events_external_id ON events (external_id);"
      "CREATE INDEX events_at ON events (at)");
  transaction.commit();
}

void write_text(const ExportArguments& arguments, const Write& write) {
  arguments.format == ExportFormat::Csv ? write_csv(arguments.folder, write)
                                        : write_json_lines(arguments.folder, write);
}

}  // namespace

int export_ledger(const ExportArguments& arguments) {
  if (arguments.output.empty()) {
    write_text(arguments,
               [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); });
    return EXIT_SUCCESS;
  }
  ledger::check_is_outside(arguments.output, arguments.folder);
  ledger::NewFile file(ledger::posix_door(), arguments.output);
  if (arguments.format == ExportFormat::Sqlite) {
    write_sqlite(arguments.folder, file.temporary());
  } else {
    write_text(arguments, [&file](std::string_view text) { file.append(text); });
  }
  file.finish();
  return EXIT_SUCCESS;
}

}  // namespace batal::app
