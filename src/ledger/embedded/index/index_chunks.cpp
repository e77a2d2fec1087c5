#include "ledger/embedded/index/index_chunks.h"

#include <fmt/format.h>

#include <boost/endian/conversion.hpp>
#include <stdexcept>
#include <utility>

#include "ledger/embedded/log/background.h"
#include "ledger/embedded/log/crc32c.h"

namespace batal::ledger {
namespace {

std::uint32_t crc_of(const Chunk& chunk, const Run& run) {
  return crc32c(chunk.entries, crc32c({chunk.first, chunk.next}, run.seal));
}

void append(const IndexEntry& entry, std::vector<std::uint8_t>& out) {
  const std::size_t begin = out.size();
  out.resize(begin + kEntryBytes);
  boost::endian::store_little_u64(&out[begin], entry.hash);
  boost::endian::store_little_u32(&out[begin + 8], entry.position.segment);
  boost::endian::store_little_u32(&out[begin + 12], entry.position.offset);
}

}  // namespace

IndexEntry Chunk::operator[](std::size_t index) const {
  const std::uint8_t* const entry = &entries[index * kEntryBytes];
  return {.hash = boost::endian::load_little_u64(entry),
          .position = {.segment = boost::endian::load_little_u32(entry + 8),
                       .offset = boost::endian::load_little_u32(entry + 12)}};
}

std::string select_chunk(const Run& run, const char* condition) {
  return fmt::format("SELECT first, next, entries, crc FROM chunks_{} WHERE first {}", run.id,
                     condition);
}

Chunk chunk_in(const Row& row, const Run& run, const Database& database) {
  if (!row) database.fail(fmt::format("is damaged: run {} lacks a chunk", run.id));
  const Chunk chunk{.first = to_hash(row.number<std::int64_t>(0)),
                    .next = to_hash(row.number<std::int64_t>(1)),
                    .entries = row.bytes(2)};
  if (chunk.size() == 0 || row.number<std::uint32_t>(3) != crc_of(chunk, run))
    database.fail(fmt::format("is damaged: a chunk of run {} is broken", run.id));
  return chunk;
}

RunWriter::RunWriter(Database& database, Run run, std::size_t piece_bytes)
    : database_(database), run_(std::move(run)), piece_bytes_(piece_bytes), filter_(run_.keys) {
  if (run_.keys == 0) return;
  transaction_.emplace(database_);
  database_.run(fmt::format("CREATE TABLE chunks_{} (first INTEGER PRIMARY KEY, next INTEGER,"
                            " entries BLOB, crc INTEGER)",
                            run_.id)
                    .c_str());
  insert_.emplace(database_, fmt::format("INSERT INTO chunks_{} VALUES (?, ?, ?, ?)", run_.id));
}

void RunWriter::add(const IndexEntry& entry) {
  if (entries_.size() >= kChunkEntries * kEntryBytes && entry.hash != last_hash_)
    put_chunk(entry.hash);
  filter_.add(entry.hash);
  append(entry, entries_);
  last_hash_ = entry.hash;
}

RunPtr RunWriter::finish() {
  run_.filter = filter_.take();
  if (run_.keys > 0) {
    put_chunk(0);
    put_filter();
    end_piece();
  }
  return std::make_shared<const Run>(std::move(run_));
}

void RunWriter::put_chunk(std::uint64_t next) {
  give_way();
  if (!transaction_) transaction_.emplace(database_);
  const Chunk chunk{.first = first_, .next = next, .entries = entries_};
  insert_->run(to_row_id(first_), to_row_id(next), chunk.entries, crc_of(chunk, run_));
  count(entries_.size());
  first_ = next;
  entries_.clear();
}

void RunWriter::put_filter() {
  constexpr std::size_t kPartBytes = 64 << 10;
  Statement insert(database_, "INSERT INTO filters VALUES (?, ?, ?)");
  auto rest = run_.filter.bytes();
  for (std::size_t part = 0; !rest.empty(); ++part) {
    if (!transaction_) transaction_.emplace(database_);
    const auto bytes = rest.first(std::min(rest.size(), kPartBytes));
    insert.run(run_.id, part, bytes);
    count(bytes.size());
    rest = rest.subspan(bytes.size());
  }
}

void RunWriter::count(std::size_t bytes) {
  piece_ += bytes;
  if (piece_ >= piece_bytes_) end_piece();
}

void RunWriter::end_piece() {
  if (!transaction_) return;
  transaction_->commit();
  transaction_.reset();
  piece_ = 0;
  database_.checkpoint_if(piece_bytes_);
}

RunCursor::RunCursor(const Database& database, RunPtr run)
    : database_(&database), run_(std::move(run)), select_(database, select_chunk(*run_, "= ?")) {
  load(0);
}

bool RunCursor::next() {
  if (++at_ < chunk_.size()) {
    head_ = chunk_[at_];
    return true;
  }
  if (chunk_.next == 0) return false;
  load(chunk_.next);
  return true;
}

void RunCursor::load(std::uint64_t first) {
  const Row row = select_.rows(to_row_id(first));
  chunk_ = chunk_in(row, *run_, *database_);
  bytes_.assign(chunk_.entries.begin(), chunk_.entries.end());
  chunk_.entries = bytes_;
  at_ = 0;
  head_ = chunk_[0];
}

}  // namespace batal::ledger
