#include "histories/state.h"

#include <functional>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "histories/wording.h"
#include "payment/keys.h"

namespace batal::histories {
namespace {

using payment::Event;
using payment::EventPtr;
using payment::Key;
using payment::Outcome;
using payment::Record;
using payment::Transaction;

// A well-spread mixture of several values, in this order (the finaliser of SplitMix64).
class Mixture {
 public:
  Mixture& add(std::uint64_t value) {
    mixed_ += 0x9e3779b97f4a7c15 + value;
    mixed_ = (mixed_ ^ (mixed_ >> 30)) * 0xbf58476d1ce4e5b9;
    mixed_ = (mixed_ ^ (mixed_ >> 27)) * 0x94d049bb133111eb;
    mixed_ ^= mixed_ >> 31;
    return *this;
  }
  Mixture& add(std::string_view text) { return add(std::hash<std::string_view>{}(text)); }
  Mixture& add(payment::Time time) {
    return add(static_cast<std::uint64_t>(time.time_since_epoch().count()));
  }
  Mixture& add(const std::optional<payment::Time>& time) {
    return time ? add(*time) : add(std::uint64_t{0});
  }
  std::uint64_t value() const { return mixed_; }

 private:
  std::uint64_t mixed_ = 0;
};

void add(Mixture& mixture, const Transaction& transaction) {
  mixture.add(transaction.reference_no)
      .add(static_cast<std::uint64_t>(transaction.state))
      .add(transaction.created_at)
      .add(transaction.changed_at)
      .add(transaction.paid_at)
      .add(transaction.refunded_at)
      .add(transaction.refund_no);
}

void add(Mixture& mixture, const Record& record) {
  if (const auto* event = std::get_if<EventPtr>(&record)) {
    mixture.add((*event)->call.request).add((*event)->at);
    return add(mixture, *(*event)->transaction);
  }
  mixture.add(time_of(record));
}

// Numbers of ours, as the model names them: after the operation that would have made them.
std::string symbol(std::size_t index) {
  return fmt::format("#{}", index);
}

// Which services' answers to a change tell the transaction's reference number.
bool tells_reference(int service) {
  return service != 27 && service != 31;
}

// ... and which when they refuse for the transaction's sake.
bool refusal_tells_reference(int service) {
  return service == 57 || service == 77 || service == 67;
}

bool is_for_the_transactions_sake(payment::Refusal refusal) {
  using enum payment::Refusal;
  return refusal != NotFound && refusal != InvalidAmount && refusal != Conflict &&
         refusal != InvalidMerchant;
}

std::string_view status_of(payment::State state) {
  switch (state) {
    case payment::State::Paid:
      return "00";
    case payment::State::Authorised:
      return "01";
    case payment::State::Pending:
      return "03";
    case payment::State::Refunded:
      return "04";
    case payment::State::Cancelled:
      return "05";
    case payment::State::Failed:
      return "06";
    case payment::State::Expired:
      break;
  }
  return "08";
}

}  // namespace

bool State::take(const Operation& operation, std::size_t index) {
  if (operation.advance.count() != 0) {
    moved_ += operation.advance;
    hash_ ^= Mixture().add("moved").add(static_cast<std::uint64_t>(moved_.count())).value();
    return true;
  }
  const payment::Decision decision = decide(operation, index);
  if (operation.known && operation.heard.said != said_of(operation, decision.outcome)) return false;
  if (decision.record) keep(*decision.record);
  return !operation.known || explains(operation, decision.outcome);
}

payment::Decision State::decide(const Operation& operation, std::size_t index) const {
  payment::Command command = operation.command;
  command.call.request = symbol(index);
  command.action_no = symbol(index);
  command.draft.reference_no = symbol(index);
  if (std::string& target = command.target.reference_no; !target.empty()) {
    const auto known = symbol_of_.find(target);
    target = known == symbol_of_.end() ? "?" : known->second;
  }
  return payment::decide(view(command), command, kModelStart + moved_, {});
}

payment::Standing State::standing(const Key& key) const {
  const auto found =
      newest_.find({key.by, key.service, std::string(key.partner), std::string(key.id)});
  if (found == newest_.end()) return {};
  payment::Standing standing;
  if (const auto* word = std::get_if<payment::NotFoundYet>(&found->second)) {
    standing.not_found_yet = *word;
    return standing;
  }
  standing.event = std::get<EventPtr>(found->second);
  const Transaction& then = *standing.event->transaction;
  const Record& latest = newest_.at({Key::By::Reference, 0, then.partner, then.reference_no});
  standing.transaction = std::get<EventPtr>(latest)->transaction;
  return standing;
}

payment::View State::view(const payment::Command& command) const {
  const payment::Keys keys = keys_of(command);
  payment::View view;
  view.last_record_at = kModelStart + moved_;
  if (keys.identity) view.identity = standing(*keys.identity);
  for (const Key& key : keys.transaction) view.transaction.push_back(standing(key));
  if (keys.trx_id) view.trx_id = standing(*keys.trx_id);
  if (keys.va_number) view.va_number = standing(*keys.va_number);
  return view;
}

void State::keep(const Record& record) {
  const auto mixed = [](const Name& name, const Record& kept) {
    Mixture mixture;
    mixture.add(static_cast<std::uint64_t>(std::get<0>(name)))
        .add(static_cast<std::uint64_t>(std::get<1>(name)))
        .add(std::get<2>(name))
        .add(std::get<3>(name));
    add(mixture, kept);
    return mixture.value();
  };
  for (const Key& key : keys_of(record)) {
    const Name name{key.by, key.service, std::string(key.partner), std::string(key.id)};
    const auto [place, is_new] = newest_.try_emplace(name, record);
    if (!is_new) hash_ ^= mixed(name, place->second);
    place->second = record;
    hash_ ^= mixed(name, record);
  }
}

// The words are right; the rest of the answer must be too.
bool State::explains(const Operation& operation, const Outcome& outcome) {
  if (outcome.result != Outcome::Result::Refused) return explains_success(operation, outcome);
  const bool tells = refusal_tells_reference(operation.service) && outcome.transaction &&
                     is_for_the_transactions_sake(outcome.refusal);
  if (tells)
    return learn_reference(outcome.transaction->reference_no, operation.heard.reference_no);
  return operation.heard.reference_no.empty();
}

// An answer is rendered from its event alone, or from the transaction as it stands. So all answers
// that are rendered from the same are the same, byte for byte.
bool State::explains_success(const Operation& operation, const Outcome& outcome) {
  const Observation& heard = operation.heard;
  const bool found = outcome.result == Outcome::Result::Found;
  const Transaction& transaction = found ? *outcome.transaction : *outcome.event->transaction;
  if (found && heard.status != status_of(outcome.state)) return false;
  if (outcome.result == Outcome::Result::Accepted && !is_no_earlier(heard.at_s)) return false;
  const bool same =
      learn(found ? version_of(outcome) : "event " + outcome.event->call.request, heard.body);
  return same && (!tells_reference(operation.service) ||
                  learn_reference(transaction.reference_no, heard.reference_no));
}

// Decision time never goes back.
bool State::is_no_earlier(std::int64_t at_s) {
  if (at_s == 0) return true;
  if (at_s < latest_s_) return false;
  const auto mixed = [](std::int64_t latest) {
    return Mixture().add("latest").add(static_cast<std::uint64_t>(latest)).value();
  };
  if (at_s != latest_s_) hash_ ^= mixed(latest_s_) ^ mixed(at_s);
  latest_s_ = at_s;
  return true;
}

std::string State::version_of(const Outcome& outcome) const {
  const Transaction& transaction = *outcome.transaction;
  const Record& latest =
      newest_.at({Key::By::Reference, 0, transaction.partner, transaction.reference_no});
  return fmt::format("version {} {} {}", transaction.reference_no,
                     std::get<EventPtr>(latest)->call.request, payment::name_of(outcome.state));
}

// Both ways: a transaction has one number, and a number names one transaction.
bool State::learn_reference(const std::string& symbol, std::string_view reference_no) {
  if (reference_no.empty() || !learn("number " + symbol, reference_no)) return false;
  return symbol_of_.try_emplace(reference_no, symbol).first->second == symbol;
}

bool State::learn(std::string&& what, std::string_view is) {
  const std::uint64_t mixed = Mixture().add(what).add(is).value();
  const auto [known, is_new] = learnt_.try_emplace(std::move(what), is);
  if (is_new) hash_ ^= mixed;
  return known->second == is;
}

}  // namespace batal::histories
