// A ledger that holds what it takes until the test says what became of it.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "ledger/ledger.h"

namespace batal::services::test {

class HeldLedger final : public ledger::Ledger {
 public:
  using Held = std::vector<ledger::Submission*>;

  std::size_t submit(std::span<ledger::Submission* const> submissions) override {
    const std::lock_guard lock(mutex_);
    batches_.push_back(submissions.size());
    const std::size_t taken = std::min(submissions.size(), room_);
    room_ -= taken;
    held_.insert(held_.end(), submissions.begin(), submissions.begin() + std::ptrdiff_t(taken));
    arrived_.notify_all();
    return taken;
  }
  bool healthy() const override {
    const std::lock_guard lock(mutex_);
    return healthy_;
  }

  void set_room(std::size_t commands) {
    const std::lock_guard lock(mutex_);
    room_ = commands;
  }
  void fail() {
    const std::lock_guard lock(mutex_);
    room_ = 0;
    healthy_ = false;
  }

  // Waits until so many have come, and takes them in their order. Throws when they do not.
  Held take(std::size_t count) {
    std::unique_lock lock(mutex_);
    const bool came =
        arrived_.wait_for(lock, std::chrono::seconds(10), [&] { return held_.size() >= count; });
    if (!came) throw std::runtime_error(fmt::format("{} of {} calls came", held_.size(), count));
    return std::exchange(held_, {});
  }

  // Waits until submit() has been called so often. Throws when it is not.
  void wait_for_batches(std::size_t count) {
    std::unique_lock lock(mutex_);
    const bool came =
        arrived_.wait_for(lock, std::chrono::seconds(10), [&] { return batches_.size() >= count; });
    if (!came) throw std::runtime_error(fmt::format("{} of {} came", batches_.size(), count));
  }

  // The sizes of all submit() calls so far.
  std::vector<std::size_t> batches() const {
    const std::lock_guard lock(mutex_);
    return batches_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::size_t> batches_;
  Held held_;
  std::size_t room_ = std::numeric_limits<std::size_t>::max();
  bool healthy_ = true;
};

// Tells the outcome of all of them at once, as the ledger's thread would.
inline void deliver(const HeldLedger::Held& held, ledger::Verdict verdict) {
  for (ledger::Submission* submission : held) submission->verdict = verdict;
  held.front()->outbox->deliver(held);
}

// They cancelled what they name.
inline void deliver_cancelled(const HeldLedger::Held& held, payment::Time at) {
  for (ledger::Submission* submission : held) {
    auto transaction = std::make_shared<payment::Transaction>();
    transaction->reference_no = submission->command.target.reference_no;
    payment::Event event;
    event.at = at;
    event.action = payment::Action::Cancel;
    event.call = submission->command.call;
    event.transaction = std::move(transaction);
    submission->outcome.result = payment::Outcome::Result::Accepted;
    submission->outcome.event = std::make_shared<const payment::Event>(std::move(event));
  }
  deliver(held, ledger::Verdict::Decided);
}

}  // namespace batal::services::test
