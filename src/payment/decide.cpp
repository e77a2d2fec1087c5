#include "payment/decide.h"

#include <algorithm>
#include <utility>

#include "payment/transition.h"

namespace batal::payment {
namespace {

using Result = Outcome::Result;

// One decision being made. Every question about time goes through past(), so that an answer which
// rests on something having lapsed can be backed by a record at least that late.
class Judge {
 public:
  Judge(const View& view, const Command& command, Time now, const Rules& rules)
      : view_(view), command_(command), now_(now), rules_(rules) {}

  Decision decide() {
    if (Decision decision; replays_or_conflicts(decision)) return decision;
    if (!command_.merchant_known) return refuse(Refusal::InvalidMerchant);
    return command_.action == Action::Create ? create() : on_transaction();
  }

 private:
  bool past(Time instant) {
    if (now_ < instant) return false;
    rests_on_ = std::max(rests_on_, instant);
    return true;
  }

  // Step 12: the same call again.
  bool replays_or_conflicts(Decision& decision) {
    const EventPtr& earlier = view_.identity.event;
    if (!earlier || past(earlier->at + rules_.identity_kept)) return false;
    if (earlier->call.fingerprint == command_.call.fingerprint) {
      decision.outcome = {.result = Result::Replayed, .event = earlier};
    } else {
      decision.outcome = {.result = Result::Refused, .refusal = Refusal::Conflict};
    }
    return true;
  }

  Decision create() {
    if (was_cancelled_before_it_came()) return refuse(Refusal::AlreadyCancelled);
    if (const auto& holder = view_.va_number.transaction; holder && still_live(*holder)) {
      return refuse(Refusal::VaNumberPending);
    }
    if (const auto& other = view_.trx_id.transaction; other && is_kept(*other)) {
      return refuse(Refusal::DuplicateTrxId);
    }
    const Time expires_at = command_.valid_until.value_or(now_ + default_life(command_.draft.kind));
    if (expires_at < now_ + rules_.life_min || expires_at > now_ + rules_.life_max) {
      return refuse(Refusal::InvalidExpiry);
    }
    Transaction transaction = command_.draft;
    transaction.partner = command_.partner;
    transaction.external_id = command_.call.external_id;
    transaction.state = transaction.kind == Kind::Hold ? State::Authorised : State::Pending;
    transaction.created_at = now_;
    transaction.changed_at = now_;
    transaction.expires_at = expires_at;
    return accept(std::move(transaction));
  }

  // A cancel that overtook this creation was told "not found".
  bool was_cancelled_before_it_came() {
    const auto awaited = [this](const Standing& standing) {
      return standing.not_found_yet && !past(standing.not_found_yet->until);
    };
    return awaited(view_.identity) || awaited(view_.trx_id);
  }

  bool still_live(const Transaction& transaction) {
    return is_live(transaction.state) && !past(transaction.expires_at);
  }

  State present_state(const Transaction& transaction) {
    if (!is_live(transaction.state)) return transaction.state;
    return past(transaction.expires_at) ? State::Expired : transaction.state;
  }

  // Steps 14 and 15.
  Decision on_transaction() {
    const TransactionPtr found = find();
    if (!found) return not_found();
    if (!is_meant(*found)) return refuse(Refusal::NotFound);
    if (!identifiers_agree(*found)) {
      const bool query = command_.action == Action::Query;
      return refuse(query ? Refusal::NotFound : Refusal::IdentifiersDisagree, found);
    }
    if (!amount_agrees(found->amount)) return refuse(Refusal::InvalidAmount, found);
    const State state = present_state(*found);
    if (command_.action == Action::Query) return answer(found, state);
    if (is_sweep()) return sweep(*found, state);
    const auto [next, refusal] = transition(found->kind, state, command_.action);
    return next ? change(*found, *next) : refuse(refusal, found);
  }

  // The ledger's own sweeper writes down an expiry that time has brought, and nothing else.
  bool is_sweep() const {
    return command_.action == Action::Expire && command_.call.external_id.empty();
  }

  Decision sweep(const Transaction& transaction, State state) {
    if (is_live(transaction.state) && state == State::Expired) {
      return change(transaction, State::Expired);
    }
    return refuse(Refusal::WrongState);
  }

  TransactionPtr find() {
    const Keys keys = keys_of(command_);
    for (std::size_t i = 0; i < view_.transaction.size(); ++i) {
      const Standing& standing = view_.transaction[i];
      const TransactionPtr& transaction = standing.transaction;
      if (transaction && is_kept(*transaction) && is_remembered(keys.transaction[i], standing)) {
        return transaction;
      }
    }
    return nullptr;
  }

  // The sweeper ends what has expired however long ago.
  bool is_kept(const Transaction& transaction) {
    return !rules_.transaction_kept || is_sweep() ||
           !past(end_of(transaction) + *rules_.transaction_kept);
  }

  // A creation's external id finds as long as the transaction is kept; those of cancels, voids and
  // captures as long as identities are kept.
  bool is_remembered(const Key& key, const Standing& standing) {
    if (key.by != Key::By::Call || standing.event->action == Action::Create) return true;
    return !past(standing.event->at + rules_.identity_kept);
  }

  // No such transaction at all. A cancel by the creation's identifier leaves word, so that the
  // delayed creation cannot come to life after its cancel was answered.
  Decision not_found() {
    Decision decision = refuse(Refusal::NotFound);
    const Target& target = command_.target;
    if (command_.action != Action::Cancel || !target.reference_no.empty()) return decision;
    NotFoundYet word{
        .at = now_, .until = now_ + rules_.not_found_kept, .partner = command_.partner};
    if (!target.trx_id.empty()) {
      word.trx_id = target.trx_id;
    } else {
      word.service = creation_service(*command_.kind);
      word.external_id = target.external_id;
    }
    decision.record = std::move(word);
    return decision;
  }

  bool is_meant(const Transaction& transaction) const {
    const std::string& merchant = command_.target.merchant_id;
    return (!command_.kind || *command_.kind == transaction.kind) &&
           (merchant.empty() || merchant == transaction.merchant_id);
  }

  bool identifiers_agree(const Transaction& transaction) const {
    const auto agrees = [](const std::string& claim, const std::string& is) {
      return claim.empty() || claim == is;
    };
    const Target& claims = command_.target;
    return agrees(claims.partner_reference_no, transaction.partner_reference_no) &&
           agrees(claims.partner_service_id, transaction.partner_service_id) &&
           agrees(claims.customer_no, transaction.customer_no) &&
           agrees(claims.virtual_account_no, transaction.virtual_account_no);
  }

  bool amount_agrees(const Money& amount) const {
    const Target& claims = command_.target;
    return (!claims.amount_hundredths || *claims.amount_hundredths == amount.hundredths) &&
           (claims.currency.empty() || claims.currency == amount.currency);
  }

  Decision change(const Transaction& before, State next) {
    Transaction after = before;
    after.state = next;
    after.changed_at = now_;
    if (next == State::Paid) after.paid_at = now_;
    if (next == State::Refunded) {
      after.refunded_at = now_;
      after.refund_no = command_.action_no;
    }
    return accept(std::move(after));
  }

  Decision accept(Transaction&& after) {
    auto event = std::make_shared<Event>();
    event->at = now_;
    event->action = command_.action;
    event->call = command_.call;
    event->action_no = command_.action_no;
    event->partner_action_no = command_.partner_action_no;
    event->transaction = std::make_shared<const Transaction>(std::move(after));
    Decision decision;
    decision.outcome = {.result = Result::Accepted,
                        .event = event,
                        .transaction = event->transaction,
                        .state = event->transaction->state};
    decision.record = EventPtr(std::move(event));
    return decision;
  }

  Decision answer(const TransactionPtr& found, State state) {
    Decision decision;
    decision.outcome = {.result = Result::Found, .transaction = found, .state = state};
    return with_time_mark(std::move(decision));
  }

  Decision refuse(Refusal refusal, const TransactionPtr& found = nullptr) {
    Decision decision;
    decision.outcome = {.result = Result::Refused, .refusal = refusal, .transaction = found};
    if (found) decision.outcome.state = present_state(*found);
    return with_time_mark(std::move(decision));
  }

  // No restart or skew may revive what was told to be over.
  Decision with_time_mark(Decision&& decision) const {
    if (rests_on_ > view_.last_record_at) decision.record = TimeMark{now_};
    return std::move(decision);
  }

  const View& view_;
  const Command& command_;
  const Time now_;
  const Rules& rules_;
  Time rests_on_ = Time::min();
};

}  // namespace

std::chrono::microseconds default_life(Kind kind) {
  switch (kind) {
    case Kind::VirtualAccount:
      return std::chrono::hours(24);
    case Kind::Hold:
      return std::chrono::days(7);
    case Kind::Debit:
    case Kind::Qris:
      break;
  }
  return std::chrono::minutes(15);
}

std::string_view name_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::Conflict:
      return "conflict";
    case Refusal::InvalidMerchant:
      return "invalid merchant";
    case Refusal::NotFound:
      return "not found";
    case Refusal::IdentifiersDisagree:
      return "identifiers disagree";
    case Refusal::InvalidAmount:
      return "invalid amount";
    case Refusal::AlreadyCancelled:
      return "already cancelled";
    case Refusal::AlreadyPaid:
      return "already paid";
    case Refusal::AlreadyCaptured:
      return "already captured";
    case Refusal::AlreadyRefunded:
      return "already refunded";
    case Refusal::Expired:
      return "expired";
    case Refusal::Failed:
      return "failed";
    case Refusal::WrongState:
      return "not in this state";
    case Refusal::VaNumberPending:
      return "virtual account number is pending";
    case Refusal::DuplicateTrxId:
      return "trxId is used";
    case Refusal::InvalidExpiry:
      return "expiry out of range";
  }
  return "unknown";
}

Decision decide(const View& view, const Command& command, Time now, const Rules& rules) {
  return Judge(view, command, now, rules).decide();
}

}  // namespace batal::payment
