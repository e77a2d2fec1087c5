#include <boost/unordered/unordered_flat_map.hpp>
#include <ranges>

#include "ledger/embedded/index/index.h"
#include "ledger/embedded/index/index_chunks.h"

namespace batal::ledger {
namespace {

// The entries of one hash, from the last to the first.
void append_positions(const Chunk& chunk, std::uint64_t hash, std::vector<Position>& out) {
  const auto numbers = std::views::iota(std::size_t{0}, chunk.size());
  const auto same = std::ranges::equal_range(
      numbers, hash, {}, [&](std::size_t number) { return chunk[number].hash; });
  for (const std::size_t number : same | std::views::reverse) out.push_back(chunk[number].position);
}

}  // namespace

// A prepared statement per run.
class LookUps {
 public:
  explicit LookUps(const Database& database) : database_(database) {}

  Statement& in(const Run& run) {
    if (const auto found = statements_.find(run.id); found != statements_.end())
      return found->second;
    return statements_
        .try_emplace(run.id, database_, select_chunk(run, "<= ? ORDER BY first DESC LIMIT 1"))
        .first->second;
  }

  // Of runs that went. The few that are there are soon prepared again.
  void forget_some(const Sealed& sealed) {
    constexpr std::size_t kSpare = 64;
    if (statements_.size() > sealed.runs.size() + kSpare) statements_.clear();
  }

 private:
  const Database& database_;
  boost::unordered_flat_map<std::int64_t, Statement> statements_;
};

IndexReader::IndexReader(const Path& file)
    : database_(std::make_unique<Database>(file, Database::Use::Reading)),
      look_ups_(std::make_unique<LookUps>(*database_)) {}

IndexReader::~IndexReader() = default;

void IndexReader::find(const Sealed& sealed, std::uint64_t hash, std::vector<Position>& out) {
  look_ups_->forget_some(sealed);
  for (const auto& run : sealed.runs | std::views::reverse) {
    if (!run->filter.may_contain(hash)) continue;
    const Row row = look_ups_->in(*run).rows(to_row_id(hash));
    const Chunk chunk = chunk_in(row, *run, *database_);
    if (!chunk.covers(hash)) database_->fail("is damaged: a chunk was not found");
    append_positions(chunk, hash, out);
  }
}

}  // namespace batal::ledger
