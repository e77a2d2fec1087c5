// Where a test's submissions come back to.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "ledger/ledger.h"

namespace batal::ledger {

class Collector final : public Outbox {
 public:
  void deliver(std::span<Submission* const> decided) noexcept override {
    const std::lock_guard lock(mutex_);
    if (on_delivery) on_delivery();
    deliveries_.emplace_back(decided.begin(), decided.end());
    count_ += decided.size();
    arrived_.notify_all();
  }

  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return count_ >= count; });
  }

  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }

  std::vector<std::vector<Submission*>> deliveries() const {
    const std::lock_guard lock(mutex_);
    return deliveries_;
  }

  std::function<void()> on_delivery;

 private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::vector<Submission*>> deliveries_;
  std::size_t count_ = 0;
};

// Commands on their way, in order, all bound for one collector.
class Calls {
 public:
  explicit Calls(std::vector<payment::Command> commands) : submissions_(commands.size()) {
    for (std::size_t i = 0; i < commands.size(); ++i) {
      submissions_[i].command = std::move(commands[i]);
      submissions_[i].deadline = std::chrono::steady_clock::time_point::max();
      submissions_[i].outbox = &collector;
      pointers_.push_back(&submissions_[i]);
    }
  }

  std::size_t submit_to(Ledger& ledger) { return ledger.submit(pointers_); }

  // Submits all and waits until all are back.
  Calls& run(Ledger& ledger) {
    collector.wait_for(submit_to(ledger));
    return *this;
  }

  Submission& operator[](std::size_t i) { return submissions_[i]; }
  std::size_t size() const { return submissions_.size(); }

  Collector collector;

 private:
  std::deque<Submission> submissions_;
  std::vector<Submission*> pointers_;
};

}  // namespace batal::ledger
