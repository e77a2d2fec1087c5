// What the bugs that planted.py puts into copies of some sources have in common: which of them is
// on is read from the environment, so that one build has them all.
#pragma once

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "payment/record.h"
#include "payment/transaction.h"

namespace batal::planted {

// Whether the bug of this name is on.
inline bool is_on(std::string_view bug) {
  static const char* const named = std::getenv("PLANTED_BUG");
  return named != nullptr && bug == named;
}

// True for three calls of four.
inline bool is_put_off() {
  static unsigned calls = 0;
  return ++calls % 4 != 0;
}

// The time at which this process decided first.
inline payment::Time first_decision(payment::Time now) {
  static const payment::Time first = now;
  return first;
}

// What was first seen of a transaction at this decision time, which is that of a batch.
inline payment::TransactionPtr first_seen(const payment::TransactionPtr& found, payment::Time now) {
  static payment::Time at{};
  static std::map<std::string, payment::TransactionPtr> seen;
  if (at != now) seen.clear();
  at = now;
  return seen.try_emplace(found->reference_no, found).first->second;
}

// An event as it would be, had it been made of the transaction's present state.
inline payment::EventPtr brought_up_to_date(const payment::EventPtr& event,
                                            const payment::TransactionPtr& now) {
  auto changed = std::make_shared<payment::Event>(*event);
  changed->transaction = now;
  return changed;
}

// Exchanges what became of the first two of a delivery that are of the same service.
template <class Delivered>
void mix_up(Delivered& delivered) {
  for (std::size_t i = 1; i < delivered.size(); ++i) {
    auto& one = *delivered[i - 1];
    auto& other = *delivered[i];
    if (one.command.call.service != other.command.call.service) continue;
    if (one.verdict == other.verdict) std::swap(one.outcome, other.outcome);
    return;
  }
}

}  // namespace batal::planted
