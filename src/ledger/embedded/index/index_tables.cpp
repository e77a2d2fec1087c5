#include "ledger/embedded/index/index_tables.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "ledger/embedded/log/crc32c.h"

namespace batal::ledger {
namespace {

constexpr std::uint64_t kFormat = 1;
constexpr int kApplicationId = 0x62'74'6C'69;  // "btli"

constexpr const char* kSettings =
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA synchronous = NORMAL;"
    "PRAGMA secure_delete = OFF;";  // Debian's default would write every page that is let go

constexpr const char* kTables =
    "CREATE TABLE ledger (format INTEGER, ledger BLOB, salt BLOB, crc INTEGER);"
    "CREATE TABLE segments (number INTEGER PRIMARY KEY, first_sequence INTEGER, records INTEGER,"
    "  frames_end INTEGER, last_at INTEGER, last_expiry INTEGER, last_end INTEGER,"
    "  last_word INTEGER, digest BLOB, crc INTEGER);"
    "CREATE TABLE runs (id INTEGER PRIMARY KEY, level INTEGER, first_segment INTEGER,"
    "  last_segment INTEGER, keys INTEGER, filter_crc INTEGER, crc INTEGER);"
    "CREATE TABLE filters (run INTEGER, part INTEGER, bytes BLOB, PRIMARY KEY (run, part))"
    "  WITHOUT ROWID;";

std::uint64_t micros(payment::Time time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

payment::Time time_in(const Row& row, int column) {
  return payment::Time(payment::Time::duration(row.number<std::int64_t>(column)));
}

template <std::size_t N>
bool copy_exactly(std::span<const std::uint8_t> bytes, std::array<std::uint8_t, N>& into) {
  if (bytes.size() != N) return false;
  std::ranges::copy(bytes, into.begin());
  return true;
}

}  // namespace

IndexTables::Salt IndexTables::new_salt() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium finds no source of random numbers");
  Salt salt;
  randombytes_buf(salt.data(), salt.size());
  return salt;
}

std::uint32_t IndexTables::crc_of_ledger(const LedgerId& ledger, const Salt& salt) {
  return crc32c(salt, crc32c(ledger, crc32c({kFormat})));
}

std::uint32_t crc_of(const Run& run, std::uint32_t filter_crc) {
  return crc32c({run.keys, filter_crc}, run.seal);
}

IndexTables::IndexTables(const Path& file, const LedgerId& ledger)
    : database_(file, Database::Use::Writing) {
  database_.run(kSettings);
  if (is_new()) make(ledger);
  if (!has_wal()) database_.fail("is damaged: it has no write-ahead log");
  read_ledger(ledger);
}

bool IndexTables::is_new() {
  const auto number = [&](const char* sql) {
    Statement statement(database_, sql);
    return statement.rows().number<int>(0);
  };
  const int application = number("PRAGMA application_id");
  if (application == kApplicationId) return false;
  if (application != 0 || number("SELECT count(*) FROM sqlite_schema") != 0)
    database_.fail("is no index of a ledger");
  return true;
}

bool IndexTables::has_wal() {
  Statement statement(database_, "PRAGMA journal_mode");
  const Row row = statement.rows();
  return std::ranges::equal(row.bytes(0), std::string_view("wal"));
}

void IndexTables::make(const LedgerId& ledger) {
  // -wal and -shm take the mode of the file.
  std::error_code error;
  std::filesystem::permissions(
      database_.file(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
      error);
  if (error) database_.fail("cannot be kept from others: " + error.message());
  database_.run("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL;");

  const Salt salt = new_salt();
  Transaction transaction(database_);
  database_.run(fmt::format("PRAGMA application_id = {};", kApplicationId).c_str());
  database_.run(kTables);
  Statement(database_, "INSERT INTO ledger VALUES (?, ?, ?, ?)")
      .run(kFormat, std::span(ledger), std::span(salt), crc_of_ledger(ledger, salt));
  transaction.commit();
}

void IndexTables::read_ledger(const LedgerId& ledger) {
  Statement statement(database_, "SELECT format, ledger, salt, crc FROM ledger");
  const Row row = statement.rows();
  if (!row) database_.fail("is damaged: it names no ledger");
  if (const auto format = row.number<std::uint64_t>(0); format > kFormat)
    database_.fail(
        fmt::format("has format {}, but this program knows none after {}", format, kFormat));
  LedgerId of{};
  Salt salt{};
  const bool whole = copy_exactly(row.bytes(1), of) && copy_exactly(row.bytes(2), salt);
  seal_ = crc_of_ledger(of, salt);
  if (!whole || row.number<std::uint32_t>(3) != seal_)
    database_.fail("is damaged: the row of its ledger is broken");
  if (of != ledger) database_.fail("is of another ledger");
}

std::uint32_t IndexTables::crc_of(const SegmentFacts& facts) const {
  return crc32c(facts.digest, crc32c({facts.number, facts.first_sequence, facts.records, facts.end,
                                      micros(facts.last_at), micros(facts.last_expiry),
                                      micros(facts.last_end), micros(facts.last_word)},
                                     seal_));
}

std::vector<SegmentFacts> IndexTables::facts() {
  Statement statement(database_,
                      "SELECT number, first_sequence, records, frames_end, last_at, last_expiry,"
                      " last_end, last_word, digest, crc FROM segments ORDER BY number");
  std::vector<SegmentFacts> all;
  for (Row row = statement.rows(); row; row.next()) {
    SegmentFacts& facts = all.emplace_back();
    facts = {.number = row.number<std::uint32_t>(0),
             .first_sequence = row.number<std::uint64_t>(1),
             .records = row.number<std::uint64_t>(2),
             .end = row.number<std::uint64_t>(3),
             .last_at = time_in(row, 4),
             .last_expiry = time_in(row, 5),
             .last_end = time_in(row, 6),
             .last_word = time_in(row, 7)};
    if (!copy_exactly(row.bytes(8), facts.digest) || facts.number != all.size() ||
        row.number<std::uint32_t>(9) != crc_of(facts))
      database_.fail(fmt::format("is damaged: the row of segment {} is broken", all.size()));
  }
  return all;
}

std::vector<RunPtr> IndexTables::runs() {
  Statement statement(database_,
                      "SELECT id, level, first_segment, last_segment, keys, filter_crc, crc"
                      " FROM runs ORDER BY first_segment");
  std::vector<RunPtr> all;
  std::uint32_t through = 0;
  for (Row row = statement.rows(); row; row.next()) {
    Run run{.id = row.number<std::int64_t>(0),
            .level = row.number<std::uint32_t>(1),
            .first_segment = row.number<std::uint32_t>(2),
            .last_segment = row.number<std::uint32_t>(3),
            .keys = row.number<std::uint64_t>(4)};
    run.seal = seal_of(run);
    const auto filter_crc = row.number<std::uint32_t>(5);
    if (row.number<std::uint32_t>(6) != ledger::crc_of(run, filter_crc))
      database_.fail(fmt::format("is damaged: the row of run {} is broken", run.id));
    if (run.first_segment != through + 1)
      database_.fail(fmt::format("is damaged: no run has the keys of segment {}", through + 1));
    through = run.last_segment;
    run.filter = read_filter(run, filter_crc);
    all.push_back(std::make_shared<const Run>(std::move(run)));
  }
  return all;
}

Filter IndexTables::read_filter(const Run& run, std::uint32_t crc) {
  Statement statement(database_, "SELECT bytes FROM filters WHERE run = ? ORDER BY part");
  std::vector<std::uint8_t> bytes;
  const std::size_t expected = Filter::bytes_for(run.keys);
  bytes.reserve(expected);
  for (Row row = statement.rows(run.id); row && bytes.size() < expected; row.next()) {
    const auto part = row.bytes(0);
    bytes.insert(bytes.end(), part.begin(), part.end());
  }
  if (bytes.size() != expected || crc32c(bytes) != crc)
    database_.fail(fmt::format("is damaged: the filter of run {} is broken", run.id));
  return Filter(std::move(bytes));
}

std::vector<std::int64_t> IndexTables::chunk_tables() {
  Statement statement(database_,
                      "SELECT CAST(substr(name, 8) AS INTEGER) FROM sqlite_schema"
                      " WHERE type = 'table' AND name GLOB 'chunks_[0-9]*'");
  std::vector<std::int64_t> ids;
  for (Row row = statement.rows(); row; row.next()) ids.push_back(row.number<std::int64_t>(0));
  return ids;
}

std::uint32_t IndexTables::seal_of(const Run& run) const {
  return crc32c(
      {static_cast<std::uint64_t>(run.id), run.level, run.first_segment, run.last_segment}, seal_);
}

void IndexTables::insert(const Run& run) {
  const std::uint32_t filter_crc = crc32c(run.filter.bytes());
  Statement(database_, "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)")
      .run(run.id, run.level, run.first_segment, run.last_segment, run.keys, filter_crc,
           ledger::crc_of(run, filter_crc));
}

void IndexTables::add(const Run& run, const SegmentFacts& facts) {
  Transaction transaction(database_);
  insert(run);
  Statement(database_, "INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .run(facts.number, facts.first_sequence, facts.records, facts.end, micros(facts.last_at),
           micros(facts.last_expiry), micros(facts.last_end), micros(facts.last_word),
           std::span(facts.digest), crc_of(facts));
  transaction.commit();
}

void IndexTables::replace(std::span<const RunPtr> parts, const Run& whole) {
  Transaction transaction(database_);
  Statement remove(database_, "DELETE FROM runs WHERE id = ?");
  for (const auto& part : parts) remove.run(part->id);
  insert(whole);
  transaction.commit();
}

void IndexTables::remove(std::int64_t id) {
  Transaction transaction(database_);
  database_.run(fmt::format("DROP TABLE IF EXISTS chunks_{}", id).c_str());
  Statement(database_, "DELETE FROM filters WHERE run = ?").run(id);
  transaction.commit();
}

}  // namespace batal::ledger
