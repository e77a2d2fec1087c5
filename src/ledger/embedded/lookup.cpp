#include "ledger/embedded/lookup.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "ledger/embedded/log/ledger_error.h"

namespace batal::ledger {
namespace {

using payment::EventPtr;
using payment::Key;

constexpr std::chrono::seconds kPatience{2};

}  // namespace

Lookup::Lookup(FileDoor& door, Path folder, Path index_file, const KeyHash& hash, Keeper& keeper,
               std::size_t answers_together, std::function<void()> answered)
    : door_(door),
      folder_(std::move(folder)),
      index_file_(std::move(index_file)),
      hash_(hash),
      keeper_(keeper),
      answers_together_(answers_together),
      answered_(std::move(answered)),
      frames_(door_, folder_, keeper_.ledger()),
      thread_([this] { run(); }) {
  ::pthread_setname_np(thread_.native_handle(), "look-up");
}

Lookup::~Lookup() {
  stop();
}

void Lookup::ask(std::span<Question* const> questions) {
  if (questions.empty()) return;  // as ever: a thread need not wake for it
  {
    const std::lock_guard lock(mutex_);
    asked_.insert(asked_.end(), questions.begin(), questions.end());
  }
  wake_.notify_one();
}

void Lookup::take(std::vector<Question*>& out) {
  const std::lock_guard lock(mutex_);
  out.insert(out.end(), done_.begin(), done_.end());
  done_.clear();
}

void Lookup::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Lookup::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !asked_.empty(); });
    if (stopping_) return;
    Question* const question = asked_.front();
    asked_.pop_front();
    lock.unlock();
    answer(*question);
    lock.lock();
    done_.push_back(question);
    if (!asked_.empty() && done_.size() < answers_together_) continue;
    lock.unlock();
    answered_();
    lock.lock();
  }
}

// A damaged index is made anew. That may take long: once it has taken kPatience, questions that
// need it are given back without an answer until it is there again.
void Lookup::answer(Question& question) {
  question.answers.clear();
  question.failed = false;
  if (question.keys.empty()) return;
  while (true) {
    try {
      look_up(question);
      failing_since_.reset();
      return;
    } catch (const IndexError& error) {
      if (!failing_since_) {
        spdlog::error("ledger: {}", error.what());
        failing_since_ = std::chrono::steady_clock::now();
      }
      const auto until = *failing_since_ + kPatience;
      if (!keeper_.is_remade(indexed_.generation, question.through, until)) break;
      // Made anew, and yet of no use: the disk, or the limit of open files, is to blame.
      if (std::chrono::steady_clock::now() >= until) break;
    } catch (const LedgerError& error) {
      spdlog::error("ledger: a record cannot be read, its call gets no answer: {}", error.what());
      break;
    }
  }
  question.failed = true;
}

void Lookup::look_up(Question& question) {
  const Indexed now = keeper_.indexed();
  if (now.sealed->through < question.through) throw IndexError("the index is being made anew");
  if (!reader_ || now.generation != indexed_.generation) reader_.emplace(index_file_);
  indexed_ = now;
  question.answers.clear();
  for (const Key& key : question.keys) question.answers.push_back(look_up(key));
}

LookedUp Lookup::look_up(const Key& key) {
  LookedUp answer{.key = key, .standing = {}, .latest = {}};
  const auto found = newest(key);
  if (!found) return answer;
  const auto* const event = std::get_if<EventPtr>(&found->stored.record);
  if (event == nullptr) {
    answer.standing.not_found_yet = std::get<payment::NotFoundYet>(found->stored.record);
    return answer;
  }
  answer.standing.event = *event;
  answer.standing.transaction = (*event)->transaction;
  answer.latest = {found->position, found->stored.mac};
  if (key.by == Key::By::Reference) return answer;
  const payment::Transaction& transaction = *(*event)->transaction;
  const Key reference{
      .by = Key::By::Reference, .partner = transaction.partner, .id = transaction.reference_no};
  if (const auto latest = newest(reference)) {
    answer.standing.transaction = std::get<EventPtr>(latest->stored.record)->transaction;
    answer.latest = {latest->position, latest->stored.mac};
  }
  return answer;
}

std::optional<Lookup::Found> Lookup::newest(const Key& key) {
  positions_.clear();
  reader_->find(*indexed_.sealed, slot_of(hash_, key), positions_);
  for (const Position position : positions_) {
    auto stored = read(position);
    if (!stored) continue;
    const auto keys = keys_of(stored->record);
    if (std::ranges::find(keys, key) != keys.end()) return Found{position, *std::move(stored)};
  }
  return std::nullopt;
}

// Nothing where the segment was pruned: all its records are past their keeping.
std::optional<StoredRecord> Lookup::read(Position position) {
  try {
    return frames_.read(position);
  } catch (const LedgerError&) {
    if (is_pruned(position.segment)) return std::nullopt;
    throw;
  }
}

bool Lookup::is_pruned(std::uint32_t segment) const {
  return door_.open(folder_ / pruned_name(segment), OpenFor::Reading).has_value();
}

}  // namespace batal::ledger
