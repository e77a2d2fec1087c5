#include "ledger/embedded/index/sqlite.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "ledger/embedded/index/index_error.h"

namespace batal::ledger {
namespace {

// Nobody but our own two connections uses the file, and each lock of theirs is held briefly.
constexpr int kBusyMilliseconds = 10'000;

// SQLite says "disk I/O error" where the system said why.
std::string system_reason(sqlite3* connection) {
  const int code = sqlite3_errcode(connection) & 0xFF;
  const int error = sqlite3_system_errno(connection);
  const bool tells = code == SQLITE_IOERR || code == SQLITE_CANTOPEN || code == SQLITE_FULL;
  if (!tells || error == 0) return "";
  return fmt::format(" ({})", std::system_category().message(error));
}

int keep_wal_pages(void* into, sqlite3*, const char*, int pages) {
  *static_cast<int*>(into) = pages;
  return SQLITE_OK;
}

}  // namespace

Database::Database(Path file, Use use) : file_(std::move(file)) {
  const int access =
      use == Use::Writing ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* connection = nullptr;
  const int result = sqlite3_open_v2(file_.c_str(), &connection,
                                     access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  connection_.reset(connection);
  if (result != SQLITE_OK) fail();
  sqlite3_busy_timeout(connection, kBusyMilliseconds);
  // Replaces the hook that checkpoints by itself.
  sqlite3_wal_hook(connection, keep_wal_pages, &wal_pages_);
  if (use == Use::Reading)
    sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  else if (sqlite3_db_readonly(connection, "main") != 0)
    fail("cannot be written");
}

void Database::run(const char* statements) {
  if (sqlite3_exec(handle(), statements, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

void Database::checkpoint_if(std::size_t wal_bytes) {
  constexpr std::size_t kPageBytes = 4096;
  if (static_cast<std::size_t>(wal_pages_) * kPageBytes < wal_bytes) return;
  if (sqlite3_wal_checkpoint_v2(handle(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr) !=
      SQLITE_OK)
    fail();
  wal_pages_ = 0;
}

void Database::fail() const {
  if (!connection_) fail("no memory for a connection");
  fail(sqlite3_errmsg(handle()) + system_reason(handle()));
}

void Database::fail(std::string_view reason) const {
  throw IndexError(fmt::format("{}: {}", file_.string(), reason));
}

Statement::Statement(const Database& database, std::string_view sql) : database_(&database) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                        &statement, nullptr);
  statement_.reset(statement);
  check(result);
}

void Statement::bind(int at, std::span<const std::uint8_t> bytes) {
  // A null pointer would be NULL, not an empty blob.
  const void* const data = bytes.empty() ? "" : static_cast<const void*>(bytes.data());
  check(sqlite3_bind_blob64(statement_.get(), at, data, bytes.size(), SQLITE_STATIC));
}

void Statement::bind(int at, const std::string& text) {
  check(sqlite3_bind_text64(statement_.get(), at, text.data(), text.size(), SQLITE_STATIC,
                            SQLITE_UTF8));
}

void Statement::bind(int at, std::monostate) {
  check(sqlite3_bind_null(statement_.get(), at));
}

void Statement::check(int result) const {
  if (result != SQLITE_OK) database_->fail();
}

bool Statement::step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) database_->fail();
  return false;
}

std::span<const std::uint8_t> Row::bytes(int column) const {
  const auto* const data = static_cast<const std::uint8_t*>(sqlite3_column_blob(raw(), column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(raw(), column))};
}

Transaction::~Transaction() {
  // SQLite has rolled back by itself after some errors; another error is of no use here.
  if (is_open_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.run("COMMIT");
  is_open_ = false;
}

}  // namespace batal::ledger
