#include "ledger/embedded/embedded_ledger.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "payment/decide.h"

namespace batal::ledger {
namespace {

using payment::Time;

// A clock that is set forward is noticed at least this often.
constexpr std::chrono::microseconds kRestMax = std::chrono::seconds(1);

void give_up(Submission* submission) {
  submission->verdict = Verdict::Unknown;
  submission->outcome = {};
}

// What a command is about, the transaction that it would create included.
CommandKeys keys_to_wait_for(const payment::Command& command) {
  CommandKeys keys = all_keys(command);
  if (command.action == payment::Action::Create)
    keys.push_back({.by = payment::Key::By::Reference,
                    .partner = command.partner,
                    .id = command.draft.reference_no});
  return keys;
}

EmbeddedOptions completed(EmbeddedOptions options) {
  if (options.index_file.empty()) options.index_file = options.log.folder / kIndexName;
  if (!options.key_hash) options.key_hash = key_hash(options.audit_key.key_hash_secret());
  return options;
}

KeeperOptions keeper_options(const EmbeddedOptions& options) {
  return {.folder = options.log.folder,
          .index_file = options.index_file,
          .checkpoint_every = options.checkpoint_every,
          .snapshot_segments = options.snapshot_segments,
          .identity_kept = options.rules.identity_kept,
          .transaction_kept = options.rules.transaction_kept};
}

}  // namespace

Time system_time() {
  return std::chrono::time_point_cast<Time::duration>(std::chrono::system_clock::now());
}

EmbeddedLedger::EmbeddedLedger(EmbeddedOptions options, FileDoor& door)
    : options_(completed(std::move(options))),
      hash_(options_.key_hash),
      log_(door, options_.log, options_.audit_key),
      keeper_(door, log_.folder(), options_.audit_key, hash_, keeper_options(options_)),
      image_([this](Position position) { return log_.read(position); }, remembering(hash_)),
      lookup_(door, options_.log.folder, options_.index_file, hash_, keeper_,
              options_.look_ups_together, [this] { notice_answers(); }) {
  const std::uint64_t first_sequence = keeper_.catch_up();
  keeper_.load(image_);
  const auto apply = [this](const StoredRecord& stored, Position position) {
    image_.apply(stored.record, {position, stored.mac});
  };
  recovery_ = log_.recover(first_sequence, apply, keeper_.covered());
  use_index();
  warn_of_a_late_clock();
  queue_.reserve(options_.queue_commands_max);
  taken_.reserve(options_.queue_commands_max);
  keeper_.start();
}

void EmbeddedLedger::warn_of_a_late_clock() const {
  const auto ahead = std::chrono::floor<std::chrono::seconds>(image_.last_record_at()) -
                     std::chrono::floor<std::chrono::seconds>(options_.clock());
  if (ahead.count() > 0)
    spdlog::warn(
        "ledger: the last record is {} s ahead of the clock: expiries stand still until "
        "the clock has caught up",
        ahead.count());
}

EmbeddedLedger::~EmbeddedLedger() {
  stop();
}

void EmbeddedLedger::start() {
  thread_ = std::thread([this] { run(); });
  ::pthread_setname_np(thread_.native_handle(), "ledger");
}

void EmbeddedLedger::stop() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable())
    thread_.join();
  else if (healthy_)
    run();
  keeper_.stop();
  lookup_.stop();
}

void EmbeddedLedger::notice_answers() {
  {
    const std::lock_guard lock(mutex_);
    has_answers_ = true;
  }
  wake_.notify_one();
}

std::size_t EmbeddedLedger::submit(std::span<Submission* const> submissions) {
  std::size_t taken = 0;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return 0;
    const std::size_t room = options_.queue_commands_max - queue_.size() - undecided_;
    taken = std::min(room, submissions.size());
    const auto first = submissions.first(taken);
    queue_.insert(queue_.end(), first.begin(), first.end());
    wake = sleeping_ && taken > 0;
  }
  if (wake) wake_.notify_one();
  return taken;
}

void EmbeddedLedger::run() {
  try {
    while (await_work()) commit_batch();
  } catch (const std::exception& error) {
    fail(error.what());
  }
}

// False when the ledger is closed and everything is decided.
bool EmbeddedLedger::await_work() {
  std::unique_lock lock(mutex_);
  if (next_ == taken_.size()) {
    taken_.clear();
    next_ = 0;
    sleeping_ = true;
    const auto rest = next_answered_ < answered_.size() ? std::chrono::microseconds(0) : rest_;
    const bool may_end = parked_.empty();
    wake_.wait_for(lock, rest,
                   [&] { return (closed_ && may_end) || has_answers_ || !queue_.empty(); });
    sleeping_ = false;
    taken_.swap(queue_);
  }
  has_answers_ = false;
  undecided_ = taken_.size() - next_ + parked_.size();
  return !closed_ || undecided_ > 0;
}

void EmbeddedLedger::commit_batch() {
  Batch batch{.now = decision_time(), .began = std::chrono::steady_clock::now(), .has_room = {}};
  use_index();
  resume_parked(batch);
  for (; next_ < taken_.size() && log_.fits_another(); ++next_) decide(*taken_[next_], batch);
  lookup_.ask(asking_);
  asking_.clear();
  rest_ = sweep(batch);
  if (log_.has_batch()) log_.commit();
  keeper_.committed(log_.end(), batch.now, image_.next_expiry().value_or(Time::max()),
                    image_.first_table());
  deliver();
}

// Takes over what has been indexed since. The tables of those segments stay as long as something is
// parked that was asked when the index had less.
void EmbeddedLedger::use_index() {
  SealedPtr sealed = keeper_.indexed().sealed;
  if (sealed && sealed->through >= image_.sealed().through) image_.use(std::move(sealed));
  const std::uint32_t covered = image_.sealed().through;
  image_.drop_tables(parked_.empty() ? covered : std::min(covered, parked_.front()->through));
}

Time EmbeddedLedger::decision_time() {
  last_decision_ = std::max({options_.clock(), image_.last_record_at(), last_decision_});
  return last_decision_;
}

void EmbeddedLedger::decide(Submission& submission, Batch& batch) {
  if (is_too_late(submission, batch)) return;
  Image::Seen seen;
  try {
    seen = image_.see(submission.command);
  } catch (const LedgerError& error) {
    return leave_undecided(submission, error);
  }
  if (!seen.is_whole || must_wait(submission.command)) return park(submission);
  conclude(submission, seen.view, {}, batch);
}

// Nothing can be said without a record that cannot be read; all that does not need it goes on.
void EmbeddedLedger::leave_undecided(Submission& submission, const LedgerError& error) {
  spdlog::error("ledger: a record cannot be read, its call gets no answer: {}", error.what());
  give_up(&submission);
  hand_over(submission);
}

bool EmbeddedLedger::is_too_late(Submission& submission, const Batch& batch) {
  if (submission.deadline >= batch.began) return false;
  submission.verdict = Verdict::TooLate;
  hand_over(submission);
  return true;
}

void EmbeddedLedger::conclude(Submission& submission, const payment::View& view,
                              std::span<const LookedUp> known, Batch& batch) {
  auto decision = payment::decide(view, submission.command, batch.now, options_.rules);
  submission.verdict = store(decision.record, known, batch) ? Verdict::Decided : Verdict::NotStored;
  if (submission.verdict == Verdict::Decided) submission.outcome = std::move(decision.outcome);
  hand_over(submission);
}

// Parking.

// Whether something that arrived earlier and is about the same thing is still parked.
bool EmbeddedLedger::must_wait(const payment::Command& command) const {
  if (parked_.empty()) return false;
  return std::ranges::any_of(keys_to_wait_for(command), [this](const payment::Key& key) {
    return waited_for_.contains(hash_(key));
  });
}

// Of what memory knows now it may have dropped a part by then, so all is asked for.
void EmbeddedLedger::park(Submission& submission) {
  auto parked = std::make_unique<Parked>();
  parked->submission = &submission;
  parked->keys = image_.may_be_sealed(submission.command);
  parked->through = image_.sealed().through;
  for (const payment::Key& key : keys_to_wait_for(submission.command)) {
    parked->hashes.push_back(hash_(key));
    ++waited_for_[parked->hashes.back()];
  }
  asking_.push_back(parked.get());
  parked_.push_back(std::move(parked));
}

void EmbeddedLedger::unpark() {
  for (const std::uint64_t hash : parked_.front()->hashes) {
    const auto entry = waited_for_.find(hash);
    if (--entry->second == 0) waited_for_.erase(entry);
  }
  parked_.pop_front();
}

void EmbeddedLedger::resume_parked(Batch& batch) {
  if (next_answered_ == answered_.size()) {
    answered_.clear();
    next_answered_ = 0;
  }
  lookup_.take(answered_);
  for (; next_answered_ < answered_.size() && log_.fits_another(); ++next_answered_) {
    resume(*parked_.front(), batch);
    unpark();
  }
}

void EmbeddedLedger::resume(const Parked& parked, Batch& batch) {
  Submission& submission = *parked.submission;
  if (parked.failed) {
    give_up(&submission);
    return hand_over(submission);
  }
  if (is_too_late(submission, batch)) return;
  payment::View view;
  try {
    view = image_.see(submission.command, parked.answers);
  } catch (const LedgerError& error) {
    return leave_undecided(submission, error);
  }
  conclude(submission, view, parked.answers, batch);
}

// Puts a decision's record, if it has one, into batch and image. False: neither has changed.
bool EmbeddedLedger::store(const std::optional<payment::Record>& record,
                           std::span<const LookedUp> known, Batch& batch) {
  if (!record) return true;
  if (!batch.has_room) batch.has_room = log_.make_room();
  if (!*batch.has_room) return false;
  Link previous;
  if (const auto* event = std::get_if<payment::EventPtr>(&*record);
      event != nullptr && (*event)->action != payment::Action::Create)
    previous = image_.link_of(*(*event)->transaction, known);
  const auto at = log_.append(*record, previous);
  if (!at) return false;
  image_.apply(*record, *at);
  return true;
}

// Returns how long nothing will be due.
std::chrono::microseconds EmbeddedLedger::sweep(Batch& batch) {
  constexpr int kPortion = 64;
  for (int step = 0; step < kPortion; ++step) {
    const auto due = next_due(batch.now);
    if (!due) {
      const auto next = image_.next_expiry();
      return next ? std::min(kRestMax, *next - batch.now) : kRestMax;
    }
    if (*due && !(log_.fits_another() && expire(**due, batch))) return kRestMax;
  }
  return {};
}

// As Image::due. What cannot be read is never swept: it has expired all the same, and memory keeps
// it.
std::optional<payment::TransactionPtr> EmbeddedLedger::next_due(Time now) {
  try {
    return image_.due(now);
  } catch (const LedgerError& error) {
    spdlog::error("ledger: a record cannot be read, its transaction is not swept: {}",
                  error.what());
    image_.pass_over_due();
    return nullptr;
  }
}

bool EmbeddedLedger::expire(const payment::Transaction& transaction, Batch& batch) {
  payment::Command command;
  command.action = payment::Action::Expire;
  command.partner = transaction.partner;
  command.target.reference_no = transaction.reference_no;
  const auto decision =
      payment::decide(image_.see(command).view, command, batch.now, options_.rules);
  return decision.record && store(decision.record, {}, batch);
}

void EmbeddedLedger::hand_over(Submission& submission) {
  const auto same = [&](const Delivery& delivery) { return delivery.outbox == submission.outbox; };
  auto delivery = std::ranges::find_if(deliveries_, same);
  if (delivery == deliveries_.end())
    delivery = deliveries_.insert(delivery, Delivery{submission.outbox, {}});
  delivery->decided.push_back(&submission);
}

void EmbeddedLedger::deliver() {
  {
    const std::lock_guard lock(mutex_);
    undecided_ = taken_.size() - next_ + parked_.size();
  }
  for (auto& [outbox, decided] : deliveries_) {
    if (!decided.empty()) outbox->deliver(decided);
    decided.clear();
  }
}

void EmbeddedLedger::fail(const char* reason) {
  spdlog::critical("ledger: stopped, nothing is decided any more: {}", reason);
  healthy_ = false;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    taken_.insert(taken_.end(), queue_.begin(), queue_.end());
    queue_.clear();
  }
  keeper_.begin_stop();  // the look-up may wait for it
  lookup_.stop();
  for (const auto& parked : parked_) hand_over(*parked->submission);
  for (; next_ < taken_.size(); ++next_) hand_over(*taken_[next_]);
  parked_.clear();
  for (auto& delivery : deliveries_) std::ranges::for_each(delivery.decided, give_up);
  deliver();
  options_.on_failure();
}

}  // namespace batal::ledger
