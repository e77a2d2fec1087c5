#include "ledger/embedded/keeping/keeper.h"

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <span>
#include <utility>

#include "ledger/embedded/log/background.h"
#include "ledger/embedded/log/ledger_error.h"

namespace batal::ledger {
namespace {

constexpr std::chrono::seconds kRetryAfter{1};
constexpr std::string_view kRemaking = "make the index anew";

// Ends what is under way, for the keeper stops.
struct Stopping {};

}  // namespace

Keeper::Keeper(FileDoor& door, const OpenedFolder& opened, const AuditKey& key, const KeyHash& hash,
               KeeperOptions options)
    : door_(door),
      opened_(opened),
      key_(key),
      hash_(hash),
      options_(std::move(options)),
      checkpoints_(door_, options_.folder, key_, opened_.format.id),
      pruned_(opened_.files.pruned),
      segments_(std::max(1U, opened_.files.last())) {
  remove_pruned_segments(door_, options_.folder, opened_.format.id, opened_.files,
                         key_.public_key());
  try {
    open_index();
  } catch (const IndexError& error) {
    spdlog::warn("ledger: {}: it is made anew from the log", error.what());
    remake_index();
  }
}

Keeper::~Keeper() {
  stop();
}

// The index.

void Keeper::open_index() {
  auto index = std::make_unique<Index>(options_.index_file, opened_.format.id);
  if (const std::uint32_t through = index->sealed()->through; through >= segments_)
    throw LedgerError(fmt::format("{} is missing: {} says that it came after the last one there is",
                                  (options_.folder / segment_name(through + 1)).string(),
                                  options_.index_file.string()));
  chain_ = {};
  chained_ = 0;
  replace_index(std::move(index));
}

// stop() may look at it at any time.
void Keeper::replace_index(std::unique_ptr<Index> index) {
  const std::lock_guard lock(mutex_);
  index_ = std::move(index);
  if (index_ && stopping_) index_->stop_merging();
}

void Keeper::remake_index() {
  replace_index(nullptr);
  {
    const std::lock_guard lock(mutex_);
    indexed_ = {.sealed = std::make_shared<const Sealed>(), .generation = indexed_.generation + 1};
  }
  try {
    Index::remove(options_.index_file);
    open_index();
  } catch (const IndexError& error) {
    throw LedgerError(error.what());
  }
}

std::uint64_t Keeper::catch_up() {
  try {
    index_sealed();
  } catch (const IndexError& error) {
    spdlog::warn("ledger: {}: it is made anew from the log", error.what());
    remake_index();
    try {
      index_sealed();
    } catch (const IndexError& again) {
      throw LedgerError(again.what());
    }
  }
  publish_index();
  if (index_->facts().empty()) return 1;
  const SegmentFacts& last = index_->facts().back();
  return last.first_sequence + last.records;
}

void Keeper::index_sealed() {
  const std::uint32_t sealed = segments_ - 1;
  if (index_->sealed()->through < sealed)
    spdlog::info("ledger: segments {} to {} are indexed", index_->sealed()->through + 1, sealed);
  while (index_->sealed()->through < sealed) index_next();
}

// Throws IndexError where the index fails, LedgerError where the log does.
void Keeper::index_next() {
  go_on_unless_stopping();
  const auto& known = index_->facts();
  SegmentFacts next;
  next.number = static_cast<std::uint32_t>(known.size()) + 1;
  if (!known.empty()) next.first_sequence = known.back().first_sequence + known.back().records;
  if (std::ranges::binary_search(pruned_, next.number)) {
    next =
        read_attestation(door_, options_.folder, next.number, opened_.format.id, key_.public_key())
            .facts;
    index_->add(next, {});
  } else {
    const SealedSegment sealed = read_sealed(door_, options_.folder, expected(next), hash_);
    next = sealed.facts;
    if (next.number > pruned_through())
      index_->add(next, sealed.keys.sorted(next.number));
    else
      index_->add(next, {});
  }
  publish_index();
}

ExpectedHeader Keeper::expected(const SegmentFacts& facts) const {
  return {.mode = opened_.format.mode,
          .ledger = opened_.format.id,
          .number = facts.number,
          .first_sequence = facts.first_sequence};
}

void Keeper::publish_index() {
  {
    const std::lock_guard lock(mutex_);
    indexed_.sealed = index_->sealed();
  }
  published_.notify_all();
}

Indexed Keeper::indexed() const {
  const std::lock_guard lock(mutex_);
  return indexed_;
}

bool Keeper::is_remade(std::uint64_t generation, std::uint32_t through,
                       std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(mutex_);
  if (generation == indexed_.generation) damaged_ = true;
  wake_.notify_one();
  const auto remade = [&] {
    return indexed_.generation > generation && indexed_.sealed->through >= through;
  };
  published_.wait_until(lock, until, [&] { return stopping_ || remade(); });
  return remade();
}

// The thread.

void Keeper::start() {
  thread_ = std::thread([this] { run(); });
  ::pthread_setname_np(thread_.native_handle(), "keeper");
}

void Keeper::begin_stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (index_) index_->stop_merging();
  }
  wake_.notify_one();
  published_.notify_all();
}

void Keeper::stop() {
  begin_stop();
  if (thread_.joinable()) thread_.join();
}

void Keeper::go_on_unless_stopping() const {
  const std::lock_guard lock(mutex_);
  if (stopping_) throw Stopping{};
}

void Keeper::committed(const LogEnd& end, payment::Time now, payment::Time next_expiry,
                       std::uint32_t first_table) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    wake = progress_.end.segment != end.segment;
    progress_ = {end, now, next_expiry, first_table};
  }
  if (wake) wake_.notify_one();
}

void Keeper::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::uint32_t seen = progress_.end.segment;
    lock.unlock();
    work();
    lock.lock();
    const auto rest = failing_.empty() ? std::min<std::chrono::milliseconds>(
                                             kRetryAfter, options_.checkpoint_every)
                                       : kRetryAfter;
    wake_.wait_for(lock, rest,
                   [&] { return stopping_ || damaged_ || progress_.end.segment != seen; });
  }
}

void Keeper::work() {
  Progress progress;
  bool damaged = false;
  {
    const std::lock_guard lock(mutex_);
    progress = progress_;
    damaged = std::exchange(damaged_, false);
  }
  if (progress.end.segment == 0) return;
  segments_ = progress.end.segment;
  if (damaged || !index_) attempt(kRemaking, [&] { remake_index(); });
  attempt("index a segment", [&] {
    while (index_->sealed()->through + 1 < segments_) {
      hurry(is_behind());
      index_next();
    }
  });
  attempt("write a snapshot", [&] { write_snapshot(); });
  attempt("write a checkpoint", [&] { write_checkpoint(progress); });
  attempt("prune", [&] { prune(progress); });
}

bool Keeper::is_behind() const {
  const std::lock_guard lock(mutex_);
  return index_->sealed()->through + 2 < progress_.end.segment;
}

// What fails is told once, and once more when it works again. Nothing works without an index.
void Keeper::attempt(std::string_view what, const std::function<void()>& deed) {
  if (!index_ && what != kRemaking) return;
  std::string error;
  try {
    deed();
  } catch (const Stopping&) {
    return;
  } catch (const IndexError& failed) {
    error = failed.what();
    reopen_index();
  } catch (const LedgerError& failed) {
    error = failed.what();
  }
  if (!error.empty() && failing_.emplace(what).second)
    spdlog::error("ledger: cannot {}: {}", what, error);
  if (error.empty() && failing_.erase(std::string(what)) > 0)
    spdlog::info("ledger: it works again to {}", what);
}

// After a failed write: what the file holds is what counts. Where not even that can be read, it is
// made anew.
void Keeper::reopen_index() {
  replace_index(nullptr);
  try {
    open_index();
    publish_index();
  } catch (const IndexError& error) {
    spdlog::error("ledger: {}: it is made anew from the log", error.what());
  }
}

// Checkpoints.

// Each as a whole, but what is covered already.
void Keeper::sign_sealed() {
  for (; chained_ < index_->facts().size(); ++chained_) {
    const SegmentFacts& facts = index_->facts()[chained_];
    const std::uint64_t sequence = facts.first_sequence + facts.records - 1;
    if (facts.records > 0 && sequence > covered() &&
        !std::ranges::binary_search(pruned_, facts.number))
      checkpoints_.add({.ledger = opened_.format.id,
                        .sequence = sequence,
                        .segment = facts.number,
                        .first_sequence = facts.first_sequence,
                        .end = facts.end,
                        .chain = chain_,
                        .digest = facts.digest,
                        .at = facts.last_at});
    chain_ = chained(chain_, facts);
  }
}

// Of the last segment only what has a record: an empty one is covered by those before it.
void Keeper::write_checkpoint(const Progress& progress) {
  sign_sealed();
  checkpoints_.write();
  const LogEnd& end = progress.end;
  const auto now = options_.steady_clock();
  if (now < checkpoint_at_ || chained_ + 1 != end.segment) return;
  if (end.sequence < std::max(covered() + 1, end.first_sequence)) return;
  const Path path = options_.folder / segment_name(end.segment);
  const FilePtr file = must(door_.open(path, OpenFor::Reading), "open", path);
  Bytes frames(end.offset - kSegmentHeaderBytes);
  if (must(read_all(*file, frames, kSegmentHeaderBytes), "read", path) != frames.size())
    throw LedgerError(fmt::format("{} is shorter than its records", path.string()));
  checkpoints_.add({.ledger = opened_.format.id,
                    .sequence = end.sequence,
                    .segment = end.segment,
                    .first_sequence = end.first_sequence,
                    .end = end.offset,
                    .chain = chain_,
                    .digest = digest_of(frames),
                    .at = progress.now});
  checkpoints_.write();
  checkpoint_at_ = now + options_.checkpoint_every;
}

std::uint64_t Keeper::covered() const {
  return checkpoints_.last() ? checkpoints_.last()->sequence : 0;
}

// Snapshots.

void Keeper::load(Image& image) {
  const auto add = [&image](const Link& newest, std::span<const std::uint8_t> encoded) {
    image.load_live(encoded, newest);
  };
  snapshot_ = read_snapshot(door_, options_.folder, opened_.format.id, add);
  if (!snapshot_ || snapshot_->through >= segments_ || snapshot_->through < pruned_through()) {
    forget_snapshot();
    image.forget_live();
  }
  load_time(image);
  const auto sealed = static_cast<std::uint32_t>(index_->facts().size());
  visit_tail(sealed, [&image](const StoredRecord& stored, Position position) {
    image.apply_sealed(stored.record, {position, stored.mac});
  });
}

// Decision time never goes back, also where what it was last decided by has been pruned.
void Keeper::load_time(Image& image) const {
  for (const SegmentFacts& facts : index_->facts()) image.load_time(facts.last_at);
  if (!pruned_.empty())
    image.load_time(read_attestation(door_, options_.folder, pruned_.back(), opened_.format.id,
                                     key_.public_key())
                        .pruned_at);
}

// The records of the sealed segments after the snapshot, up to a segment.
void Keeper::visit_tail(std::uint32_t through, const EachRecord& each) {
  for (const SegmentFacts& facts :
       std::span(index_->facts()).first(through).subspan(tail_begin())) {
    go_on_unless_stopping();
    hurry(is_behind());
    visit_sealed(door_, options_.folder, expected(facts), each);
  }
}

// After this segment. What stands before a pruned one was past its keeping, too: a backup may have
// it all the same, and lack what ended it.
std::uint32_t Keeper::tail_begin() const {
  return std::max(pruned_through(), snapshot_ ? snapshot_->through : 0);
}

std::uint32_t Keeper::pruned_through() const {
  return pruned_.empty() ? 0 : pruned_.back();
}

void Keeper::write_snapshot() {
  const auto& facts = index_->facts();
  const std::uint32_t from = snapshot_ ? snapshot_->through : 0;
  std::uint64_t tail_bytes = 0;
  for (std::uint32_t i = from; i < facts.size(); ++i) tail_bytes += facts[i].end;
  if (facts.size() < from + options_.snapshot_segments || tail_bytes < snapshot_bytes_) return;
  take_snapshot();
}

// Of all that is sealed; in steps, for one of them keeps in memory which events have a later one.
void Keeper::take_snapshot() {
  const std::uint32_t last = index_->facts().back().number;
  do {
    take_snapshot(std::min(last, tail_begin() + options_.snapshot_step_segments));
  } while (snapshot_->through < last);
}

void Keeper::take_snapshot(std::uint32_t through) {
  SnapshotHead head{
      .ledger = opened_.format.id, .through = through, .last_at = payment::Time{}, .count = 0};
  for (const SegmentFacts& facts : std::span(index_->facts()).first(through))
    head.last_at = std::max(head.last_at, facts.last_at);
  const auto tail = [&](const EachRecord& each) { visit_tail(through, each); };
  if (!make_snapshot(door_, options_.folder, head, snapshot_.has_value(), tail)) {
    forget_snapshot();
    return take_snapshot(std::min(through, tail_begin() + options_.snapshot_step_segments));
  }
  snapshot_ = head;
  const Path path = options_.folder / kSnapshotName;
  const FilePtr file = must(door_.open(path, OpenFor::Reading), "open", path);
  snapshot_bytes_ = must(file->size(), "read the size of", path);
}

// So that no later start takes one that this one could not.
void Keeper::forget_snapshot() {
  const Path path = options_.folder / kSnapshotName;
  must(door_.remove(path), "remove", path);
  snapshot_.reset();
}

// Pruning.

// From the oldest on, without a gap: what ended a transaction must not go before what began it, be
// that a segment or a snapshot in which it lives.
void Keeper::prune(const Progress& progress) {
  if (!options_.transaction_kept) return;
  std::uint32_t through = 0;
  for (const SegmentFacts& facts : index_->facts()) {
    if (!std::ranges::binary_search(pruned_, facts.number)) {
      go_on_unless_stopping();
      if (!may_go(facts, progress)) break;
      if (snapshot_ && snapshot_->through < facts.number) take_snapshot();
      prune(facts, progress.now);
    }
    through = facts.number;
  }
  index_->forget(through);
  publish_index();
}

// What memory has keys of may still be read by the ledger's thread.
bool Keeper::may_go(const SegmentFacts& facts, const Progress& progress) const {
  const Keeping keeping{.identity = options_.identity_kept,
                        .transaction = *options_.transaction_kept};
  return facts.number < progress.first_table &&
         is_past_keeping(facts, keeping, progress.now, progress.next_expiry);
}

void Keeper::prune(const SegmentFacts& facts, payment::Time now) {
  const Path path = options_.folder / segment_name(facts.number);
  write_attestation(door_, options_.folder,
                    {.ledger = opened_.format.id, .facts = facts, .pruned_at = now}, key_);
  must(door_.remove(path), "remove", path);
  pruned_.insert(std::ranges::upper_bound(pruned_, facts.number), facts.number);
  spdlog::info("ledger: pruned segment {}, records {} to {}", facts.number, facts.first_sequence,
               facts.first_sequence + facts.records - 1);
}

}  // namespace batal::ledger
