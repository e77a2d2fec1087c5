#include "ledger/embedded/index/index.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "ledger/embedded/index/index_chunks.h"
#include "ledger/embedded/index/index_tables.h"

namespace batal::ledger {

bool Sealed::may_contain(std::uint64_t hash) const {
  return std::ranges::any_of(runs, [&](const auto& run) { return run->filter.may_contain(hash); });
}

Index::Index(const Path& file, const LedgerId& ledger, std::size_t piece_bytes)
    : piece_bytes_(piece_bytes), tables_(std::make_unique<IndexTables>(file, ledger)) {
  facts_ = tables_->facts();
  auto runs = tables_->runs();
  take_stock(runs);
  publish(std::move(runs));
  if (sealed_->through != facts_.size())
    tables_->database().fail(
        fmt::format("is damaged: {} segments are known, but the keys of {} are there",
                    facts_.size(), sealed_->through));
}

Index::~Index() = default;

void Index::remove(const Path& file) {
  // SQLite knows what is left of a file that is gone, but not of one that was put in its place.
  for (const char* part : {"", "-journal", "-wal", "-shm"}) {
    std::error_code error;
    std::filesystem::remove(Path(file) += part, error);
    if (error)
      throw IndexError(
          fmt::format("{}{}: cannot be removed: {}", file.string(), part, error.message()));
  }
}

SealedPtr Index::sealed() const {
  const std::lock_guard lock(mutex_);
  return sealed_;
}

// Learns which ids were used, and which tables are nobody's any more.
void Index::take_stock(const std::vector<RunPtr>& runs) {
  auto tables = tables_->chunk_tables();
  for (const auto& run : runs) {
    last_id_ = std::max(last_id_, run->id);
    if (std::erase(tables, run->id) == 0 && run->keys > 0)
      tables_->database().fail(fmt::format("is damaged: run {} lacks its chunks", run->id));
  }
  for (const auto id : tables) {
    last_id_ = std::max(last_id_, id);
    retired_.push_back({id, {}});
  }
}

void Index::add(const SegmentFacts& facts, std::span<const IndexEntry> entries) {
  if (facts.number != facts_.size() + 1 || !std::ranges::is_sorted(entries))
    throw std::logic_error(
        fmt::format("segment {} cannot be added to an index of {}", facts.number, facts_.size()));
  auto writer = write_run({.level = 0,
                           .first_segment = facts.number,
                           .last_segment = facts.number,
                           .keys = entries.size()});
  for (const auto& entry : entries) writer.add(entry);
  const RunPtr run = writer.finish();
  tables_->add(*run, facts);
  facts_.push_back(facts);

  auto runs = sealed_->runs;
  runs.push_back(run);
  publish(std::move(runs));
  tidy_up();
}

void Index::tidy_up() {
  while (merges_) {
    const auto parts = due();
    if (parts.empty()) break;
    merge(parts);
  }
  if (merges_) remove_retired();
  tables_->database().checkpoint_if(piece_bytes_);
}

RunWriter Index::write_run(Run run) {
  run.id = ++last_id_;
  run.seal = tables_->seal_of(run);
  return RunWriter(tables_->database(), std::move(run), piece_bytes_);
}

// The oldest kFanOut runs of one level, if any level has as many. A program that ended may have
// left more, and in the midst of others.
std::vector<RunPtr> Index::due() const {
  const std::span runs = sealed_->runs;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < runs.size(); ++at) {
    if (runs[at]->level != runs[begin]->level) begin = at;
    if (at - begin + 1 == kFanOut) {
      const auto parts = runs.subspan(begin, kFanOut);
      return {parts.begin(), parts.end()};
    }
  }
  return {};
}

void Index::merge(const std::vector<RunPtr>& parts) {
  Run about{.level = parts.front()->level + 1,
            .first_segment = parts.front()->first_segment,
            .last_segment = parts.back()->last_segment};
  std::vector<RunCursor> cursors;
  for (const auto& part : parts) {
    about.keys += part->keys;
    if (part->keys > 0) cursors.emplace_back(tables_->database(), part);
  }

  auto writer = write_run(std::move(about));
  while (!cursors.empty()) {
    if (!merges_) return;
    // Of equal hashes the one of the oldest segment: it comes first.
    const auto least = std::ranges::min_element(
        cursors, {}, [](const RunCursor& cursor) { return cursor.head().hash; });
    writer.add(least->head());
    if (!least->next()) cursors.erase(least);
  }
  put_in_place_of(parts, writer.finish());
}

void Index::put_in_place_of(const std::vector<RunPtr>& parts, const RunPtr& whole) {
  tables_->replace(parts, *whole);
  for (const auto& part : parts) retired_.push_back({part->id, part});
  auto runs = sealed_->runs;
  const auto begin = std::ranges::find(runs, parts.front());
  *begin = whole;
  runs.erase(begin + 1, begin + static_cast<std::ptrdiff_t>(parts.size()));
  publish(std::move(runs));
}

void Index::forget(std::uint32_t through) {
  const auto runs = sealed_->runs;
  for (const auto& run : runs) {
    if (run->last_segment > through) return;
    if (run->keys == 0) continue;
    const Run nothing{.level = run->level,
                      .first_segment = run->first_segment,
                      .last_segment = run->last_segment};
    put_in_place_of({run}, write_run(nothing).finish());
  }
}

void Index::publish(std::vector<RunPtr> runs) {
  const std::uint32_t through = runs.empty() ? 0 : runs.back()->last_segment;
  SealedPtr sealed = std::make_shared<const Sealed>(Sealed{through, std::move(runs)});
  const std::lock_guard lock(mutex_);
  sealed_.swap(sealed);
}

void Index::remove_retired() {
  std::erase_if(retired_, [&](const Retired& retired) {
    if (!retired.run.expired()) return false;
    tables_->remove(retired.id);
    return true;
  });
}

}  // namespace batal::ledger
