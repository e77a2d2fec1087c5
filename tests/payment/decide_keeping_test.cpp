// Past its keeping a finished transaction is as if it had never been: pruning may take it away, and
// no answer shows whether it has.
#include <gtest/gtest.h>

#include <map>

#include "payment/model.h"
#include "payment/samples.h"

namespace batal::payment {
namespace {

using namespace samples;

constexpr std::chrono::microseconds kKept = 30 * 24h;

Rules keeping() {
  Rules rules;
  rules.transaction_kept = kKept;
  return rules;
}

TEST(EndOf, IsThePaymentOrWhateverElseEndedIt) {
  struct Case {
    std::string what;
    Kind kind;
    std::vector<Command> lives;  // each a minute after the one before
    Time end;
  };
  const Time expiry = kStart + 15min;
  const Case cases[] = {
      {"live", Kind::Debit, {}, expiry},
      {"cancelled", Kind::Debit, {cancel(Kind::Debit, "a")}, kStart + 1min},
      {"failed", Kind::Debit, {provider(Action::Fail, "a")}, kStart + 1min},
      {"paid", Kind::Debit, {provider(Action::Pay, "a")}, kStart + 1min},
      {"refunded",
       Kind::Debit,
       {provider(Action::Pay, "a"), provider(Action::Refund, "a")},
       kStart + 1min},
      {"captured", Kind::Hold, {capture("a")}, kStart + 1min},
      {"ended by the provider", Kind::Debit, {provider(Action::Expire, "a")}, kStart + 1min},
  };
  for (const auto& [what, kind, lives, end] : cases) {
    Model model;
    Command creation = create(kind, "a");
    creation.valid_until = expiry;
    model.submit(creation, kStart);
    Time now = kStart;
    for (const Command& command : lives) {
      now += 1min;
      ASSERT_EQ(model.submit(command, now).outcome.result, Outcome::Result::Accepted) << what;
    }
    EXPECT_EQ(end_of(*model.transaction(kPartner, "R-a")), end) << what;
  }
}

// However late the sweeper comes, and whatever is recorded after the end.
TEST(EndOf, IsAtTheLatestItsExpiry) {
  Model model;
  model.submit(create(Kind::Debit, "a"), kStart);
  const Time expiry = model.transaction(kPartner, "R-a")->expires_at;
  model.submit(sweep("a"), expiry + 24h);
  const TransactionPtr expired = model.transaction(kPartner, "R-a");
  ASSERT_EQ(expired->state, State::Expired);
  EXPECT_EQ(expired->changed_at, expiry + 24h);
  EXPECT_EQ(end_of(*expired), expiry);
}

// By every name that a call can give.
std::map<std::string, Command> look_ups() {
  constexpr Kind kVa = Kind::VirtualAccount;
  Command late = cancel(kVa, "a");
  late.call.external_id = "C-late";
  Command late_by_creation = cancel_by_creation(kVa, "a");
  late_by_creation.call.external_id = "C-late";
  return {
      {"query by reference number", query(kVa, "a")},
      {"query by the creation's external id", query_by_external_id(kVa, "X-a")},
      {"query by trxId", query_by_external_id(kVa, "T-a")},
      {"cancel by reference number", late},
      {"cancel by the creation's name", late_by_creation},
      {"refund", provider(Action::Refund, "a")},
  };
}

Model paid() {
  Model model(keeping());
  model.submit(create(Kind::VirtualAccount, "a"), kStart);
  model.submit(provider(Action::Pay, "a"), kStart);
  return model;
}

TEST(Keeping, EndsForEveryLookUpAtItsInstant) {
  for (const auto& [what, command] : look_ups()) {
    const Decision kept_still = paid().submit(command, kStart + kKept - kTick);
    EXPECT_NE(told(kept_still), "refused: not found") << what;
    const Decision gone = paid().submit(command, kStart + kKept);
    const Decision never = Model(keeping()).submit(command, kStart + kKept);
    EXPECT_EQ(told(gone), "refused: not found") << what;
    EXPECT_EQ(told(gone), told(never)) << what;
    EXPECT_EQ(gone.outcome.transaction, nullptr) << what;
  }
}

TEST(Keeping, LastsForEverWhereNoneIsSet) {
  Model model;
  model.submit(create(Kind::Debit, "a"), kStart);
  model.submit(provider(Action::Pay, "a"), kStart);
  EXPECT_EQ(told(model.submit(query(Kind::Debit, "a"), kStart + 4000 * 24h)), "found paid");
}

TEST(Keeping, SetsATrxIdFreeAtItsEnd) {
  Command again = create(Kind::VirtualAccount, "a");
  again.call.external_id = "X-b";
  again.draft.reference_no = "R-b";
  EXPECT_EQ(told(paid().submit(again, kStart + kKept - kTick)), "refused: trxId is used");
  EXPECT_EQ(told(paid().submit(again, kStart + kKept)), "accepted pending");
}

// A transaction that lives is kept, whatever its age; it is kept from its expiry on.
TEST(Keeping, CountsFromTheEndOfALife) {
  Rules rules = keeping();
  Model model(rules);
  Command creation = create(Kind::Debit, "a");
  creation.valid_until = kStart + 90 * 24h;
  model.submit(creation, kStart);
  EXPECT_EQ(told(Model(model).submit(query(Kind::Debit, "a"), kStart + 89 * 24h)), "found pending");
  const Time gone = kStart + 90 * 24h + kKept;
  EXPECT_EQ(told(Model(model).submit(query(Kind::Debit, "a"), gone - kTick)), "found expired");
  EXPECT_EQ(told(Model(model).submit(query(Kind::Debit, "a"), gone)), "refused: not found");
}

TEST(Keeping, IsNotProlongedByARefund) {
  Model model(keeping());
  model.submit(create(Kind::Debit, "a"), kStart);
  model.submit(provider(Action::Pay, "a"), kStart);
  model.submit(provider(Action::Refund, "a"), kStart + kKept - 1s);
  EXPECT_EQ(told(Model(model).submit(query(Kind::Debit, "a"), kStart + kKept - kTick)),
            "found refunded");
  EXPECT_EQ(told(model.submit(query(Kind::Debit, "a"), kStart + kKept)), "refused: not found");
}

// After an outage longer than the keeping, memory must still be let go of.
TEST(Keeping, DoesNotBindTheSweeper) {
  Model model(keeping());
  model.submit(create(Kind::Debit, "a"), kStart);
  const Time late = kStart + 15min + kKept + 24h;
  EXPECT_EQ(told(Model(model).submit(provider(Action::Expire, "a"), late)), "refused: not found")
      << "a caller's word";
  const Decision swept = model.submit(sweep("a"), late);
  EXPECT_EQ(told(swept), "accepted expired");
  EXPECT_EQ(kept(swept), "event");
}

// No restart with an earlier clock may bring back what was told to be gone.
TEST(Keeping, LeavesATimeMarkWhereAnAnswerRestsOnItsEnd) {
  for (const auto& [what, command] : look_ups()) {
    if (what == "cancel by the creation's name") continue;  // leaves a word, which is as late
    Model model = paid();
    const Decision gone = Model(model).submit(command, kStart + kKept + 1s);
    ASSERT_EQ(kept(gone), "time mark") << what;
    EXPECT_EQ(std::get<TimeMark>(*gone.record).at, kStart + kKept + 1s) << what;
    model.keep(TimeMark{kStart + kKept});
    EXPECT_EQ(kept(model.submit(command, kStart + kKept + 1s)), "nothing") << what;
  }
}

TEST(Keeping, LeavesTheWordOfACancelAsForAStranger) {
  const Command by_creation = cancel_by_creation(Kind::Debit, "a");
  Model model(keeping());
  model.submit(create(Kind::Debit, "a"), kStart);
  model.submit(provider(Action::Pay, "a"), kStart);
  const Decision gone = model.submit(by_creation, kStart + kKept);
  EXPECT_EQ(told(gone), "refused: not found");
  EXPECT_EQ(kept(gone), "not found yet");
}

}  // namespace
}  // namespace batal::payment
