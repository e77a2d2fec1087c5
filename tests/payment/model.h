// A ledger in its plainest form, for the tests of the domain: a map from key to newest record.
// It decides at once and keeps what decisions tell it to; nothing is durable, nothing is fast.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "payment/decide.h"

namespace batal::payment {

class Model {
 public:
  explicit Model(const Rules& rules = {}) : rules_(rules) {}

  // Decides at `now`, or later where decision time is ahead already, and keeps the record.
  Decision submit(const Command& command, Time now) {
    decision_time_ = std::max(decision_time_, now);
    Decision decision = decide(view(command), command, decision_time_, rules_);
    if (decision.record) keep(*decision.record);
    return decision;
  }

  void keep(const Record& record) {
    for (const Key& key : keys_of(record)) {
      newest_.insert_or_assign(Name(key.by, key.service, key.partner, key.id), record);
    }
    last_record_at_ = time_of(record);
    records_.push_back(record);
  }

  View view(const Command& command) const {
    const Keys keys = keys_of(command);
    View view;
    view.last_record_at = last_record_at_;
    if (keys.identity) view.identity = standing(*keys.identity);
    for (const Key& key : keys.transaction) view.transaction.push_back(standing(key));
    if (keys.trx_id) view.trx_id = standing(*keys.trx_id);
    if (keys.va_number) view.va_number = standing(*keys.va_number);
    return view;
  }

  // The transaction as its latest event left it; null if there is none.
  TransactionPtr transaction(const std::string& partner, const std::string& reference_no) const {
    return standing({Key::By::Reference, 0, partner, reference_no}).transaction;
  }

  // All transactions of a partner, as their latest events left them.
  std::vector<Transaction> transactions(const std::string& partner) const {
    std::vector<Transaction> found;
    for (const auto& [name, record] : newest_) {
      if (std::get<0>(name) != Key::By::Reference || std::get<2>(name) != partner) continue;
      found.push_back(*std::get<EventPtr>(record)->transaction);
    }
    return found;
  }

  const std::vector<Record>& records() const { return records_; }

 private:
  using Name = std::tuple<Key::By, std::uint8_t, std::string, std::string>;

  Standing standing(const Key& key) const {
    const auto found = newest_.find(Name(key.by, key.service, key.partner, key.id));
    if (found == newest_.end()) return {};
    if (const auto* word = std::get_if<NotFoundYet>(&found->second)) {
      return {.event = nullptr, .transaction = nullptr, .not_found_yet = *word};
    }
    const EventPtr& event = std::get<EventPtr>(found->second);
    if (key.by == Key::By::Reference) return {event, event->transaction, std::nullopt};
    const Transaction& then = *event->transaction;
    return {event, transaction(then.partner, then.reference_no), std::nullopt};
  }

  Rules rules_;
  std::map<Name, Record> newest_;
  std::vector<Record> records_;
  Time decision_time_ = Time::min();
  Time last_record_at_{};
};

}  // namespace batal::payment
