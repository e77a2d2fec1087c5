// A cancel that overtakes its creation: what is remembered, of whom, and for how long.
#include <gtest/gtest.h>

#include "payment/model.h"
#include "payment/samples.h"

namespace batal::payment {
namespace {

using namespace samples;

constexpr auto kKept = 605s;

NotFoundYet word_for(Kind kind) {
  NotFoundYet word{.at = kStart, .until = kStart + kKept, .partner = kPartner};
  if (kind == Kind::VirtualAccount) {
    word.trx_id = "T-a";
  } else {
    word.service = creation_service(kind);
    word.external_id = "X-a";
  }
  return word;
}

TEST(Overtaking, CancelLeavesWordUnderTheCreationsIdentifier) {
  for (const Kind kind : kKinds) {
    const Decision decision = Model().submit(cancel_by_creation(kind, "a"), kStart);
    EXPECT_EQ(told(decision), "refused: not found");
    ASSERT_EQ(kept(decision), "not found yet") << name_of(kind);
    EXPECT_EQ(std::get<NotFoundYet>(*decision.record), word_for(kind)) << name_of(kind);
  }
}

TEST(Overtaking, NothingButACancelByTheCreationsIdentifierLeavesWord) {
  Command capture_by_creation = capture("a");
  capture_by_creation.target = cancel_by_creation(Kind::Hold, "a").target;
  std::vector<Command> others{capture("a"), capture_by_creation, sweep("a")};
  for (const Kind kind : kKinds) {
    others.push_back(cancel(kind, "a"));
    others.push_back(query(kind, "a"));
    others.push_back(query_by_external_id(kind, "X-a"));
    Command both = cancel_by_creation(kind, "a");
    both.target.reference_no = "R-a";
    others.push_back(both);
  }
  for (const Action action : {Action::Pay, Action::Fail, Action::Refund, Action::Expire}) {
    others.push_back(provider(action, "a"));
  }
  for (const Command& command : others) {
    const Decision decision = Model().submit(command, kStart);
    EXPECT_EQ(told(decision), "refused: not found") << name_of(command.action);
    EXPECT_EQ(kept(decision), "nothing") << name_of(command.action);
  }
}

TEST(Overtaking, NoWordIsLeftWhereTheTransactionExistsOrTheMerchantIsNotThePartners) {
  for (const Kind kind : kKinds) {
    Model model;
    Command unknown_merchant = cancel_by_creation(kind, "a");
    unknown_merchant.merchant_known = false;
    const Decision unknown = model.submit(unknown_merchant, kStart);
    EXPECT_EQ(told(unknown), "refused: invalid merchant");
    EXPECT_EQ(kept(unknown), "nothing");

    model.submit(create(kind, "a"), kStart);
    Command other_merchant = cancel_by_creation(kind, "a");
    other_merchant.target.merchant_id = "M2";
    const Decision other = model.submit(other_merchant, kStart);
    EXPECT_EQ(told(other), "refused: not found");
    EXPECT_EQ(kept(other), "nothing");
    EXPECT_EQ(other.outcome.transaction, nullptr);
  }
}

TEST(Overtaking, CreationIsRefusedUntilTheWordLapses) {
  for (const Kind kind : kKinds) {
    Model model;
    model.submit(cancel_by_creation(kind, "a"), kStart);
    const Command late = create(kind, "a");
    for (const auto after : {0us, 1us, std::chrono::microseconds(kKept) - kTick}) {
      const Decision refused = model.submit(late, kStart + after);
      EXPECT_EQ(told(refused), "refused: already cancelled") << name_of(kind);
      EXPECT_EQ(kept(refused), "nothing");
    }
    const Decision accepted = model.submit(late, kStart + kKept);
    EXPECT_EQ(accepted.outcome.result, Outcome::Result::Accepted) << told(accepted);
  }
}

TEST(Overtaking, EachCancelRenewsTheWord) {
  for (const Kind kind : kKinds) {
    Model model;
    model.submit(cancel_by_creation(kind, "a"), kStart);
    const Decision again = model.submit(cancel_by_creation(kind, "a"), kStart + 300s);
    EXPECT_EQ(kept(again), "not found yet");
    EXPECT_EQ(told(model.submit(create(kind, "a"), kStart + 300s + kKept - kTick)),
              "refused: already cancelled");
    EXPECT_EQ(model.submit(create(kind, "a"), kStart + 300s + kKept).outcome.result,
              Outcome::Result::Accepted);
  }
}

TEST(Overtaking, AQueryTellsThatNothingIsThere) {
  Model model;
  for (const Kind kind : kKinds) {
    model.submit(cancel_by_creation(kind, "a"), kStart);
    const std::string id = kind == Kind::VirtualAccount ? "T-a" : "X-a";
    EXPECT_EQ(told(model.submit(query_by_external_id(kind, id), kStart)), "refused: not found");
  }
}

TEST(Overtaking, WordConcernsOnePartnerOneKindAndOneIdentifier) {
  for (const Kind awaited : kKinds) {
    Model model;
    model.submit(cancel_by_creation(awaited, "a"), kStart);
    Command of_another_partner = create(awaited, "a");
    of_another_partner.partner = "beta";
    EXPECT_EQ(model.submit(of_another_partner, kStart).outcome.result, Outcome::Result::Accepted);
    EXPECT_EQ(model.submit(create(awaited, "b"), kStart).outcome.result, Outcome::Result::Accepted);
    for (const Kind kind : kKinds) {
      const bool refused = kind == awaited;
      Command creation = create(kind, "a");
      creation.draft.reference_no += name_of(kind);
      EXPECT_EQ(told(model.submit(creation, kStart)) == "refused: already cancelled", refused)
          << name_of(kind) << " while a " << name_of(awaited) << " is awaited";
    }
  }
}

TEST(Overtaking, VirtualAccountIsAwaitedByItsTrxIdWhateverItsExternalId) {
  Model model;
  model.submit(cancel_by_creation(Kind::VirtualAccount, "a"), kStart);
  Command creation = create(Kind::VirtualAccount, "a");
  creation.call.external_id = "X-other";
  EXPECT_EQ(told(model.submit(creation, kStart)), "refused: already cancelled");
  creation.draft.trx_id = "T-other";
  EXPECT_EQ(told(model.submit(creation, kStart)), "accepted pending");
}

TEST(Overtaking, CancelThatCameInTimeCancels) {
  for (const Kind kind : kKinds) {
    Model model;
    model.submit(create(kind, "a"), kStart);
    EXPECT_EQ(told(model.submit(cancel_by_creation(kind, "a"), kStart)), "accepted cancelled");
  }
}

TEST(Overtaking, RefusedCancelMayBeRepeatedOnceTheCreationIsThere) {
  Model model;
  const Command cancel = cancel_by_creation(Kind::Debit, "a");
  model.submit(cancel, kStart);
  model.submit(create(Kind::Debit, "a"), kStart + kKept);
  EXPECT_EQ(told(model.submit(cancel, kStart + kKept)), "accepted cancelled");
}

TEST(Overtaking, TakesItsTimeFromTheRules) {
  Rules rules;
  rules.not_found_kept = 10s;
  Model model(rules);
  model.submit(cancel_by_creation(Kind::Debit, "a"), kStart);
  EXPECT_EQ(told(model.submit(create(Kind::Debit, "a"), kStart + 10s - kTick)),
            "refused: already cancelled");
  EXPECT_EQ(told(model.submit(create(Kind::Debit, "a"), kStart + 10s)), "accepted pending");
}

}  // namespace
}  // namespace batal::payment
