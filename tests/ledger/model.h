// The ledger as one would write it if there were no disk: the newest record under each key, in a
// map, and the same decide(). What the real one answers is compared with it.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "payment/decide.h"
#include "payment/keys.h"

namespace batal::ledger {

class Model {
 public:
  explicit Model(payment::Rules rules = {}) : rules_(rules) {}

  payment::Outcome run(const payment::Command& command, payment::Time clock) {
    last_decision_ = std::max({clock, last_record_, last_decision_});
    auto decision = payment::decide(view(command), command, last_decision_, rules_);
    if (decision.record) apply(*decision.record);
    return decision.outcome;
  }

  // Writes down all expiries that have come.
  void sweep(payment::Time clock) {
    std::vector<payment::TransactionPtr> live;
    for (const auto& [name, record] : newest_)
      if (std::get<0>(name) == payment::Key::By::Reference)
        live.push_back(std::get<payment::EventPtr>(record)->transaction);
    for (const auto& transaction : live) {
      payment::Command command;
      command.action = payment::Action::Expire;
      command.partner = transaction->partner;
      command.target.reference_no = transaction->reference_no;
      const auto now = std::max({clock, last_record_, last_decision_});
      if (is_live(transaction->state) && transaction->expires_at <= now) run(command, now);
    }
  }

  void apply(const payment::Record& record) {
    last_record_ = std::max(last_record_, time_of(record));
    for (const auto& key : keys_of(record)) newest_[name_of(key)] = record;
  }

  void restart() { last_decision_ = {}; }

 private:
  using Name = std::tuple<payment::Key::By, int, std::string, std::string>;

  static Name name_of(const payment::Key& key) {
    return {key.by, key.service, std::string(key.partner), std::string(key.id)};
  }

  payment::Standing standing(const payment::Key& key) const {
    payment::Standing standing;
    const auto found = newest_.find(name_of(key));
    if (found == newest_.end()) return standing;
    if (const auto* word = std::get_if<payment::NotFoundYet>(&found->second)) {
      standing.not_found_yet = *word;
    } else {
      standing.event = std::get<payment::EventPtr>(found->second);
      const auto& transaction = *standing.event->transaction;
      const Name latest{payment::Key::By::Reference, 0, transaction.partner,
                        transaction.reference_no};
      standing.transaction = std::get<payment::EventPtr>(newest_.at(latest))->transaction;
    }
    return standing;
  }

  payment::View view(const payment::Command& command) const {
    const auto keys = keys_of(command);
    payment::View view;
    view.last_record_at = last_record_;
    if (keys.identity) view.identity = standing(*keys.identity);
    for (const auto& key : keys.transaction) view.transaction.push_back(standing(key));
    if (keys.trx_id) view.trx_id = standing(*keys.trx_id);
    if (keys.va_number) view.va_number = standing(*keys.va_number);
    return view;
  }

  payment::Rules rules_;
  std::map<Name, payment::Record> newest_;
  payment::Time last_record_{};
  payment::Time last_decision_{};
};

}  // namespace batal::ledger
