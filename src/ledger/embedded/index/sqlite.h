// SQLite's connection, statement, row and transaction, each ended by its destructor.
//
// Whatever SQLite refuses is thrown as an IndexError that names the file and says what SQLite says.
// A connection and all that is made with it belong to one thread at a time, and the connection must
// live longer than the rest.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "ledger/embedded/log/file.h"

namespace batal::ledger {

class Database {
 public:
  // Of the connections to a file one may write. It makes the file where there is none, and does all
  // checkpoints of the write-ahead log.
  enum class Use : std::uint8_t { Writing, Reading };

  Database(Path file, Use use);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const char* statements);

  // Copies as much of the write-ahead log into the file, durably, as no reader stands in the way
  // of, if a transaction has left that many bytes or more in it.
  void checkpoint_if(std::size_t wal_bytes);

  const Path& file() const { return file_; }
  sqlite3* handle() const { return connection_.get(); }

  [[noreturn]] void fail() const;                         // with what SQLite said last
  [[noreturn]] void fail(std::string_view reason) const;  // with a reason of our own

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close(connection); }
  };

  const Path file_;
  int wal_pages_ = 0;  // after the last commit
  std::unique_ptr<sqlite3, Close> connection_;
};

class Row;

// A prepared statement, to be used again and again.
class Statement {
 public:
  Statement(const Database& database, std::string_view sql);

  // Executes it with these values in place of its question marks: whole numbers, texts or bytes,
  // which must stay as long as the row, or a variant of those. At its first row, if it gives any.
  template <class... Values>
  Row rows(const Values&... values);

  // The same for a statement that gives no rows.
  template <class... Values>
  void run(const Values&... values);

 private:
  friend class Row;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  template <std::integral Value>
  void bind(int at, Value value) {
    check(sqlite3_bind_int64(statement_.get(), at, static_cast<sqlite3_int64>(value)));
  }
  void bind(int at, std::span<const std::uint8_t> bytes);
  void bind(int at, const std::string& text);
  void bind(int at, std::monostate);  // NULL
  template <class... Values>
  void bind(int at, const std::variant<Values...>& value) {
    std::visit([&](const auto& held) { bind(at, held); }, value);
  }
  void check(int result) const;
  bool step();

  const Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// The row a statement stands at; false behind the last one. Until it is destroyed, its connection
// goes on seeing the database as it is now and makes no checkpoint.
class Row {
 public:
  Row(const Row&) = delete;
  Row& operator=(const Row&) = delete;
  ~Row() { sqlite3_reset(raw()); }

  explicit operator bool() const { return is_there_; }
  void next() { is_there_ = statement_.step(); }

  // Of a column, from 0. Where something else stands there, what SQLite makes of it.
  template <std::integral Value>
  Value number(int column) const {
    return static_cast<Value>(sqlite3_column_int64(raw(), column));
  }
  std::span<const std::uint8_t> bytes(int column) const;  // until next()

 private:
  friend class Statement;
  explicit Row(Statement& statement) : statement_(statement), is_there_(statement.step()) {}
  sqlite3_stmt* raw() const { return statement_.statement_.get(); }

  Statement& statement_;
  bool is_there_;
};

// All that is written until commit(), or nothing of it.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) {
    database.run("BEGIN IMMEDIATE");
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  void commit();

 private:
  Database& database_;
  bool is_open_ = true;
};

template <class... Values>
Row Statement::rows(const Values&... values) {
  sqlite3_reset(statement_.get());
  [[maybe_unused]] int at = 0;
  (bind(++at, values), ...);
  return Row(*this);
}

template <class... Values>
void Statement::run(const Values&... values) {
  static_cast<void>(rows(values...));
}

}  // namespace batal::ledger
