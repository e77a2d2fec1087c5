// The same call again: replay, conflict, and for how long an identity is remembered.
#include <gtest/gtest.h>

#include "payment/model.h"
#include "payment/samples.h"

namespace batal::payment {
namespace {

using namespace samples;

struct Accepted {
  std::string what;
  std::vector<Command> before;  // what leads to it
  Command command;
  State state;  // of the sample after it
};

std::vector<Accepted> everything_that_can_be_accepted() {
  std::vector<Accepted> all;
  for (const Kind kind : kKinds) {
    const Command creation = create(kind, "a");
    const Command paid = kind == Kind::Hold ? capture("a") : provider(Action::Pay, "a");
    const Command refund = provider(Action::Refund, "a");
    const std::string of = " " + std::string(name_of(kind));
    all.push_back({"create" + of, {}, creation, created(kind, "a").state});
    all.push_back({"cancel" + of, {creation}, cancel(kind, "a"), State::Cancelled});
    all.push_back({"pay" + of, {creation}, paid, State::Paid});
    all.push_back({"refund" + of, {creation, paid}, refund, State::Refunded});
    all.push_back({"fail" + of, {creation}, provider(Action::Fail, "a"), State::Failed});
    all.push_back({"expire" + of, {creation}, provider(Action::Expire, "a"), State::Expired});
  }
  return all;
}

// A ledger in which the call was accepted at kStart.
Model model_after(const Accepted& accepted) {
  Model model;
  for (const Command& step : accepted.before) model.submit(step, kStart);
  EXPECT_EQ(told(model.submit(accepted.command, kStart)),
            "accepted " + std::string(name_of(accepted.state)))
      << accepted.what;
  return model;
}

constexpr auto kRetention = 7 * 24h;

TEST(DecideRetry, ReplaysTheFirstEventAsLongAsItIsKept) {
  for (const Accepted& accepted : everything_that_can_be_accepted()) {
    Model model = model_after(accepted);
    const EventPtr first = std::get<EventPtr>(model.records().back());
    for (const auto later : {0us, 1us, 900'000'000us, kRetention - kTick}) {
      const Decision again = model.submit(accepted.command, kStart + later);
      EXPECT_EQ(told(again), "replayed") << accepted.what << " after " << later.count();
      EXPECT_EQ(again.outcome.event, first) << accepted.what;
      EXPECT_EQ(kept(again), "nothing") << accepted.what;
    }
  }
}

TEST(DecideRetry, ReplaysAfterTheTransactionHasMovedOn) {
  Model model;
  model.submit(create(Kind::Debit, "a"), kStart);
  const Command pay = provider(Action::Pay, "a");
  model.submit(pay, kStart + 1s);
  model.submit(provider(Action::Refund, "a"), kStart + 2s);
  const Decision again = model.submit(pay, kStart + 3s);
  EXPECT_EQ(told(again), "replayed");
  EXPECT_EQ(again.outcome.event->transaction->state, State::Paid);
}

TEST(DecideRetry, RefusesAnotherBodyUnderTheSameIdentity) {
  for (const Accepted& accepted : everything_that_can_be_accepted()) {
    Model model = model_after(accepted);
    Command other = accepted.command;
    other.call.fingerprint = fingerprint(99);
    for (const auto later : {0us, kRetention - kTick}) {
      const Decision decision = model.submit(other, kStart + later);
      EXPECT_EQ(told(decision), "refused: conflict") << accepted.what;
      EXPECT_EQ(kept(decision), "nothing") << accepted.what;
      EXPECT_EQ(decision.outcome.transaction, nullptr) << accepted.what;
    }
  }
}

TEST(DecideRetry, ComparesTheWholeFingerprint) {
  Command command = create(Kind::Debit, "a");
  Model model;
  model.submit(command, kStart);
  for (std::uint8_t& byte : command.call.fingerprint) {
    ++byte;
    EXPECT_EQ(told(model.submit(command, kStart)), "refused: conflict");
    --byte;
  }
  EXPECT_EQ(told(model.submit(command, kStart)), "replayed");
}

TEST(DecideRetry, IsDecidedAfreshFromTheInstantItsIdentityLapses) {
  for (const Accepted& accepted : everything_that_can_be_accepted()) {
    for (const std::uint8_t body : {accepted.command.call.fingerprint[0], std::uint8_t{99}}) {
      if (accepted.command.action == Action::Create) continue;
      Model model = model_after(accepted);
      Command again = accepted.command;
      again.call.fingerprint = fingerprint(body);
      const Decision decision = model.submit(again, kStart + kRetention);
      EXPECT_EQ(decision.outcome.result, Outcome::Result::Refused) << accepted.what;
      EXPECT_NE(decision.outcome.refusal, Refusal::Conflict) << accepted.what;
      EXPECT_EQ(decision.outcome.state, accepted.state) << accepted.what;
    }
  }
}

TEST(DecideRetry, OfACreationMakesANewTransactionOnceItsIdentityHasLapsed) {
  for (const Kind kind : {Kind::Debit, Kind::Qris, Kind::Hold}) {
    Model model;
    model.submit(create(kind, "a"), kStart);
    Command again = create(kind, "a");
    again.draft.reference_no = "R-again";
    again.call.fingerprint = fingerprint(99);
    EXPECT_EQ(told(model.submit(again, kStart + kRetention - kTick)), "refused: conflict");
    const Decision decision = model.submit(again, kStart + kRetention);
    EXPECT_EQ(decision.outcome.result, Outcome::Result::Accepted) << told(decision);
    const Decision found = model.submit(query_by_external_id(kind, "X-a"), kStart + kRetention);
    EXPECT_EQ(found.outcome.transaction->reference_no, "R-again") << "the newest is found";
  }
}

TEST(DecideRetry, OfARefusedCallIsDecidedAfresh) {
  Model model;
  const Command pay = provider(Action::Pay, "a");
  EXPECT_EQ(told(model.submit(pay, kStart)), "refused: not found");
  model.submit(create(Kind::Debit, "a"), kStart);
  EXPECT_EQ(told(model.submit(pay, kStart)), "accepted paid");
}

TEST(DecideRetry, KeepsIdentitiesOfPartnersAndServicesApart) {
  Model model;
  Command creation = create(Kind::Debit, "a");
  model.submit(creation, kStart);
  Command of_another_partner = creation;
  of_another_partner.partner = "beta";
  EXPECT_EQ(told(model.submit(of_another_partner, kStart)), "accepted pending");
  Command of_another_service = cancel(Kind::Debit, "a");
  of_another_service.call.external_id = creation.call.external_id;
  EXPECT_EQ(told(model.submit(of_another_service, kStart)), "accepted cancelled");
}

TEST(DecideRetry, TakesTheRetentionFromTheRules) {
  Rules rules;
  rules.identity_kept = 24h;
  Model model(rules);
  model.submit(create(Kind::Debit, "a"), kStart);
  model.submit(cancel(Kind::Debit, "a"), kStart);
  EXPECT_EQ(told(model.submit(cancel(Kind::Debit, "a"), kStart + 24h - kTick)), "replayed");
  EXPECT_EQ(told(model.submit(cancel(Kind::Debit, "a"), kStart + 24h)),
            "refused: already cancelled");
}

}  // namespace
}  // namespace batal::payment
