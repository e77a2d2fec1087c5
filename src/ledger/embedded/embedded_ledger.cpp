#include "ledger/embedded/embedded_ledger.h"

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

}  // namespace

Time system_time() {
  return std::chrono::time_point_cast<Time::duration>(std::chrono::system_clock::now());
}

EmbeddedLedger::EmbeddedLedger(EmbeddedOptions options, FileDoor& door)
    : options_(std::move(options)),
      log_(door, options_.log),
      image_([this](Position position) { return log_.read(position); }, options_.key_hash),
      recovery_(log_.recover([this](Position position, const payment::Record& record) {
        image_.apply(record, position);
      })) {
  warn_of_a_late_clock();
  queue_.reserve(options_.queue_commands_max);
  taken_.reserve(options_.queue_commands_max);
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
    wake_.wait_for(lock, rest_, [this] { return closed_ || !queue_.empty(); });
    sleeping_ = false;
    taken_.swap(queue_);
  }
  undecided_ = taken_.size() - next_;
  return !closed_ || undecided_ > 0;
}

void EmbeddedLedger::commit_batch() {
  Batch batch{.now = decision_time(), .began = std::chrono::steady_clock::now(), .has_room = {}};
  while (next_ < taken_.size() && log_.fits_another()) decide(*taken_[next_++], batch);
  rest_ = sweep(batch);
  if (log_.has_batch()) log_.commit();
  deliver();
}

Time EmbeddedLedger::decision_time() {
  last_decision_ = std::max({options_.clock(), image_.last_record_at(), last_decision_});
  return last_decision_;
}

void EmbeddedLedger::decide(Submission& submission, Batch& batch) {
  hand_over(submission);
  if (submission.deadline < batch.began) {
    submission.verdict = Verdict::TooLate;
    return;
  }
  auto decision = payment::decide(image_.view(submission.command), submission.command, batch.now,
                                  options_.rules);
  if (!store(decision.record, batch)) {
    submission.verdict = Verdict::NotStored;
    return;
  }
  submission.verdict = Verdict::Decided;
  submission.outcome = std::move(decision.outcome);
}

// Puts a decision's record, if it has one, into batch and image. False: neither has changed.
bool EmbeddedLedger::store(const std::optional<payment::Record>& record, Batch& batch) {
  if (!record) return true;
  if (!batch.has_room) batch.has_room = log_.make_room();
  if (!*batch.has_room) return false;
  const auto position = log_.append(*record);
  if (!position) return false;
  image_.apply(*record, *position);
  return true;
}

// Returns how long nothing will be due.
std::chrono::microseconds EmbeddedLedger::sweep(Batch& batch) {
  constexpr int kPortion = 64;
  for (int step = 0; step < kPortion; ++step) {
    const auto due = image_.due(batch.now);
    if (!due) {
      const auto next = image_.next_expiry();
      return next ? std::min(kRestMax, *next - batch.now) : kRestMax;
    }
    if (*due && !(log_.fits_another() && expire(**due, batch))) return kRestMax;
  }
  return {};
}

bool EmbeddedLedger::expire(const payment::Transaction& transaction, Batch& batch) {
  payment::Command command;
  command.action = payment::Action::Expire;
  command.partner = transaction.partner;
  command.target.reference_no = transaction.reference_no;
  const auto decision = payment::decide(image_.view(command), command, batch.now, options_.rules);
  return decision.record && store(decision.record, batch);
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
    undecided_ = taken_.size() - next_;
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
  for (; next_ < taken_.size(); ++next_) hand_over(*taken_[next_]);
  for (auto& delivery : deliveries_) std::ranges::for_each(delivery.decided, give_up);
  deliver();
  options_.on_failure();
}

}  // namespace batal::ledger
