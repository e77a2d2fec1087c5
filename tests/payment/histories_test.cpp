// Properties of every history: random commands of two partners over few names, so that calls meet,
// overtake, repeat and contradict each other, with time passing or standing still between them.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <functional>
#include <map>
#include <tuple>

#include "payment/model.h"
#include "payment/samples.h"

namespace batal::payment {
namespace {

using namespace samples;

// A command in small numbers, which RapidCheck makes, shrinks and shows.
struct Op {
  std::uint8_t partner = 0;
  Kind kind = Kind::Debit;
  Action action = Action::Create;
  std::uint8_t name = 0;     // which sample is meant
  std::uint8_t call = 0;     // external id of the call
  std::uint8_t body = 0;     // its fingerprint
  bool by_creation = false;  // named by the creation's identifier
  bool wrong_merchant = false;
  std::chrono::microseconds pause{};  // before it
};
using History = std::vector<Op>;

constexpr std::chrono::microseconds kRetention = 7 * 24h;

std::ostream& operator<<(std::ostream& out, const Op& op) {
  return out << "\n  after " << op.pause.count() << " us, partner " << int{op.partner} << ": "
             << name_of(op.action) << " " << name_of(op.kind) << " " << int{op.name} << " as call "
             << int{op.call} << " body " << int{op.body} << (op.by_creation ? " by creation" : "")
             << (op.wrong_merchant ? " wrong merchant" : "");
}

rc::Gen<Op> arbitrary_op() {
  const auto below = [](int end) { return rc::gen::cast<std::uint8_t>(rc::gen::inRange(0, end)); };
  const std::vector<std::chrono::microseconds> pauses{0us, 0us, 0us, 1us, 300s, 605s, 15min, 24h};
  const auto usually_not = rc::gen::map(below(8), [](int dice) { return dice == 7; });
  return rc::gen::build<Op>(
      rc::gen::set(&Op::partner, below(2)), rc::gen::set(&Op::kind, rc::gen::elementOf(kKinds)),
      rc::gen::set(&Op::action, rc::gen::elementOf(kActions)), rc::gen::set(&Op::name, below(2)),
      rc::gen::set(&Op::call, below(3)), rc::gen::set(&Op::body, usually_not),
      rc::gen::set(&Op::by_creation), rc::gen::set(&Op::wrong_merchant, usually_not),
      rc::gen::set(&Op::pause, rc::gen::elementOf(pauses)));
}

std::string partner_name(std::uint8_t partner) {
  return partner == 0 ? "alpha" : "beta";
}

Command base(const Op& op, const std::string& name) {
  if (op.action == Action::Create) return create(op.kind, name);
  if (op.action == Action::Capture) return capture(name);
  if (op.action == Action::Query) return query(op.kind, name);
  if (op.action != Action::Cancel) return provider(op.action, name);
  return op.by_creation ? cancel_by_creation(op.kind, name) : cancel(op.kind, name);
}

Command command_of(const Op& op) {
  Command command = base(op, std::to_string(op.name));
  command.partner = partner_name(op.partner);
  command.call.fingerprint = fingerprint(op.body);
  if (op.action == Action::Create) return command;
  if (op.wrong_merchant) command.target.merchant_id = "M2";
  if (op.action != Action::Query) command.call.external_id = "call-" + std::to_string(op.call);
  return command;
}

struct Step {
  Command command;
  Time now;
};

// Every creation brings a new reference number, as ours do; the commands after it name the newest
// that was accepted for their sample, which a model of its own finds out.
std::vector<Step> steps_of(const History& history) {
  std::vector<Step> steps;
  std::map<std::tuple<std::uint8_t, Kind, std::uint8_t>, std::string> newest;
  Model model;
  Time now = kStart;
  for (const Op& op : history) {
    now += op.pause;
    Command command = command_of(op);
    std::string& reference_no = newest[{op.partner, op.kind, op.name}];
    command.draft.reference_no = "R-" + std::to_string(steps.size());
    if (!command.target.reference_no.empty() && !reference_no.empty()) {
      command.target.reference_no = reference_no;
    }
    const Outcome outcome = model.submit(command, now).outcome;
    if (op.action == Action::Create && outcome.result == Outcome::Result::Accepted) {
      reference_no = command.draft.reference_no;
    }
    steps.push_back({std::move(command), now});
  }
  return steps;
}

bool is_final(State state) {
  return !is_live(state) && state != State::Paid;
}

// Shows a failing history in its shrunk form, and the seed that made it.
bool holds(const std::string& what, const std::function<void(const std::vector<Step>&)>& property) {
  return rc::check(what, [&] {
    property(steps_of(*rc::gen::container<History>(arbitrary_op()).as("history")));
  });
}

std::map<std::string, Transaction> by_reference(const Model& model, const std::string& partner) {
  std::map<std::string, Transaction> found;
  for (const Transaction& transaction : model.transactions(partner)) {
    found.emplace(transaction.reference_no, transaction);
  }
  return found;
}

TEST(History, AcceptsAtMostOneCancelOfATransaction) {
  ASSERT_TRUE(holds("one cancel", [](const std::vector<Step>& steps) {
    Model model;
    std::map<std::string, int> cancels;
    for (const auto& [command, now] : steps) {
      const Outcome outcome = model.submit(command, now).outcome;
      if (outcome.result != Outcome::Result::Accepted) continue;
      if (command.action != Action::Cancel) continue;
      RC_ASSERT(++cancels[outcome.transaction->reference_no] == 1);
    }
  }));
}

TEST(History, NeverLeavesAFinalState) {
  ASSERT_TRUE(holds("final is final", [](const std::vector<Step>& steps) {
    Model model;
    for (const auto& [command, now] : steps) {
      const auto before = by_reference(model, command.partner);
      model.submit(command, now);
      const auto after = by_reference(model, command.partner);
      for (const auto& [reference_no, transaction] : before) {
        const Transaction& then = after.at(reference_no);
        if (is_final(transaction.state)) RC_ASSERT(then == transaction);
        if (transaction.state == State::Paid) {
          RC_ASSERT(then.state == State::Paid || then.state == State::Refunded);
        }
      }
    }
  }));
}

TEST(History, ReplaysTheFirstEventWheneverTheCallIsRepeatedInTime) {
  using Identity = std::tuple<std::string, int, std::string>;
  ASSERT_TRUE(holds("replay", [](const std::vector<Step>& steps) {
    Model model;
    std::map<Identity, EventPtr> accepted;
    for (const auto& [command, now] : steps) {
      const Decision decision = model.submit(command, now);
      const Identity identity(command.partner, command.call.service, command.call.external_id);
      if (command.action == Action::Query) continue;
      EventPtr& earlier = accepted[identity];
      if (earlier && now < earlier->at + kRetention) {
        const bool same = earlier->call.fingerprint == command.call.fingerprint;
        RC_ASSERT(told(decision) == (same ? "replayed" : "refused: conflict"));
        RC_ASSERT(!same || decision.outcome.event == earlier);
        RC_ASSERT(!decision.record);
      } else {
        RC_ASSERT(decision.outcome.result != Outcome::Result::Replayed);
        RC_ASSERT(told(decision) != "refused: conflict");
      }
      if (decision.outcome.result == Outcome::Result::Accepted) earlier = decision.outcome.event;
    }
  }));
}

TEST(History, TimeDoesNotMatterToAnAcceptedCall) {
  ASSERT_TRUE(holds("any later time", [](const std::vector<Step>& steps) {
    const auto delay =
        std::chrono::microseconds(*rc::gen::inRange<std::int64_t>(0, kRetention.count()));
    Model model;
    for (const auto& [command, now] : steps) {
      const Outcome outcome = model.submit(command, now).outcome;
      if (outcome.result != Outcome::Result::Accepted) continue;
      const Outcome again = Model(model).submit(command, now + delay).outcome;
      RC_ASSERT(again.result == Outcome::Result::Replayed);
      RC_ASSERT(again.event == outcome.event);
    }
  }));
}

TEST(History, ChangesAtMostTheTransactionThatItsEventNames) {
  ASSERT_TRUE(holds("one at a time", [](const std::vector<Step>& steps) {
    Model model;
    for (const auto& [command, now] : steps) {
      std::map<std::string, std::map<std::string, Transaction>> before;
      for (const std::string partner : {"alpha", "beta"}) {
        before[partner] = by_reference(model, partner);
      }
      const Decision decision = model.submit(command, now);
      if (decision.outcome.result == Outcome::Result::Accepted) {
        const Transaction& changed = *decision.outcome.transaction;
        RC_ASSERT(changed.partner == command.partner);
        before[changed.partner].insert_or_assign(changed.reference_no, changed);
      }
      for (const auto& [partner, transactions] : before) {
        RC_ASSERT(by_reference(model, partner) == transactions);
      }
    }
  }));
}

// What one partner is told is the same whether or not there is another.
TEST(History, TellsAPartnerNothingOfAnother) {
  ASSERT_TRUE(holds("alone or not", [](const std::vector<Step>& steps) {
    Model together;
    Model alone;
    for (const auto& [command, now] : steps) {
      const Decision decision = together.submit(command, now);
      if (command.partner != "alpha") continue;
      RC_ASSERT(told(alone.submit(command, now)) == told(decision));
      RC_ASSERT(by_reference(alone, "alpha") == by_reference(together, "alpha"));
    }
  }));
}

TEST(History, KeepsNumbersOfLiveAccountsAndTrxIdsApart) {
  ASSERT_TRUE(holds("unique", [](const std::vector<Step>& steps) {
    Model model;
    for (const auto& [command, now] : steps) {
      model.submit(command, now);
      std::map<std::string, int> numbers;
      std::map<std::string, int> trx_ids;
      for (const Transaction& each : model.transactions(command.partner)) {
        if (each.kind != Kind::VirtualAccount) continue;
        RC_ASSERT(++trx_ids[each.trx_id] == 1);
        if (!is_live(state_at(each.state, each.expires_at, now))) continue;
        RC_ASSERT(++numbers[each.virtual_account_no] == 1);
      }
    }
  }));
}

TEST(History, NeverMakesWhatWasCancelledBeforeItCame) {
  using Awaited = std::tuple<std::string, int, std::string>;
  ASSERT_TRUE(holds("overtaken", [](const std::vector<Step>& steps) {
    Model model;
    std::map<Awaited, Time> until;
    for (const auto& [command, now] : steps) {
      const Decision decision = model.submit(command, now);
      if (kept(decision) == "not found yet") {
        const auto& word = std::get<NotFoundYet>(*decision.record);
        until[{word.partner, word.service, word.external_id + word.trx_id}] = now + 605s;
      }
      if (command.action != Action::Create) continue;
      const bool account = command.kind == Kind::VirtualAccount;
      const auto awaited = until.find({command.partner, account ? 0 : int{command.call.service},
                                       account ? command.draft.trx_id : command.call.external_id});
      if (awaited == until.end() || now >= awaited->second) continue;
      RC_ASSERT(told(decision) == "refused: already cancelled");
    }
  }));
}

}  // namespace
}  // namespace batal::payment
