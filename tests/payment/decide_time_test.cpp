// Expiry to the microsecond, and the time marks that keep what was told to be over from reviving.
#include <gtest/gtest.h>

#include "payment/model.h"
#include "payment/samples.h"

namespace batal::payment {
namespace {

using namespace samples;

constexpr std::chrono::microseconds kRetention = 7 * 24h;

std::string live(Kind kind) {
  return kind == Kind::Hold ? "authorised" : "pending";
}

TEST(Expiry, EndsALiveTransactionAtItsInstant) {
  for (const Kind kind : kKinds) {
    Model before;
    before.submit(create(kind, "a"), kStart);
    const Time expiry = before.transaction(kPartner, "R-a")->expires_at;
    std::vector<Command> changes{cancel(kind, "a"), cancel_by_creation(kind, "a"),
                                 provider(Action::Fail, "a"), provider(Action::Expire, "a")};
    changes.push_back(kind == Kind::Hold ? capture("a") : provider(Action::Pay, "a"));
    for (const Command& change : changes) {
      EXPECT_EQ(Model(before).submit(change, expiry - kTick).outcome.result,
                Outcome::Result::Accepted);
      const Decision late = Model(before).submit(change, expiry);
      EXPECT_EQ(told(late), "refused: expired") << name_of(change.action);
      EXPECT_EQ(late.outcome.state, State::Expired);
      EXPECT_EQ(late.outcome.transaction->reference_no, "R-a");
    }
    EXPECT_EQ(told(Model(before).submit(query(kind, "a"), expiry - kTick)), "found " + live(kind));
    EXPECT_EQ(told(Model(before).submit(query(kind, "a"), expiry)), "found expired");
  }
}

TEST(Expiry, DoesNotTouchWhatIsOver) {
  const std::vector<std::pair<Command, std::string>> ends{
      {cancel(Kind::Debit, "a"), "found cancelled"},
      {provider(Action::Pay, "a"), "found paid"},
      {provider(Action::Fail, "a"), "found failed"},
  };
  for (const auto& [end, expected] : ends) {
    Model model;
    model.submit(create(Kind::Debit, "a"), kStart);
    model.submit(end, kStart + 1s);
    const Decision later = model.submit(query(Kind::Debit, "a"), kStart + 1h);
    EXPECT_EQ(told(later), expected);
    EXPECT_EQ(kept(later), "nothing");
  }
}

// An answer that rests on something having lapsed.
struct Lapse {
  std::string what;
  std::vector<Command> before;  // submitted at kStart
  Command command;
  std::string told_before;
  std::string told_after;
  Time instant;  // of the lapse
};

Command second(Command creation) {
  creation.call.external_id += "-2";
  creation.draft.reference_no += "-2";
  return creation;
}

Command with_too_short_a_life(Command creation) {
  creation.valid_until = kStart;
  return creation;
}

Command with_amount(Command command) {
  command.target.amount_hundredths = 1;
  return command;
}

std::vector<Lapse> lapses() {
  constexpr Kind kVa = Kind::VirtualAccount;
  const Command creation = create(Kind::Debit, "a");
  const Command account = create(kVa, "a");
  const Command end = cancel(Kind::Debit, "a");
  Command late = cancel(Kind::Debit, "a");
  late.call.external_id = "C-late";
  Command other_body = end;
  other_body.call.fingerprint = fingerprint(99);
  return {
      {"query",
       {creation},
       query(Kind::Debit, "a"),
       "found pending",
       "found expired",
       kStart + 15min},
      {"query of a hold",
       {create(Kind::Hold, "a")},
       query(Kind::Hold, "a"),
       "found authorised",
       "found expired",
       kStart + 7 * 24h},
      {"cancel", {creation}, late, "accepted cancelled", "refused: expired", kStart + 15min},
      {"wrong amount",
       {creation},
       with_amount(late),
       "refused: invalid amount",
       "refused: invalid amount",
       kStart + 15min},
      {"number free again",
       {account},
       second(account),
       "refused: virtual account number is pending",
       "refused: trxId is used",
       kStart + 24h},
      {"replay",
       {creation, end},
       end,
       "replayed",
       "refused: already cancelled",
       kStart + kRetention},
      {"conflict",
       {creation, end},
       other_body,
       "refused: conflict",
       "refused: already cancelled",
       kStart + kRetention},
      {"query by the id of a cancel",
       {creation, end},
       query_by_external_id(Kind::Debit, "C-a"),
       "found cancelled",
       "refused: not found",
       kStart + kRetention},
      {"overtaken creation",
       {cancel_by_creation(Kind::Debit, "a")},
       with_too_short_a_life(creation),
       "refused: already cancelled",
       "refused: expiry out of range",
       kStart + 605s},
      {"overtaken account",
       {cancel_by_creation(kVa, "a")},
       with_too_short_a_life(account),
       "refused: already cancelled",
       "refused: expiry out of range",
       kStart + 605s},
  };
}

Model model_before(const Lapse& lapse) {
  Model model;
  for (const Command& command : lapse.before) model.submit(command, kStart);
  return model;
}

TEST(TimeMark, IsLeftByAnAnswerThatRestsOnALapseLaterThanTheLastRecord) {
  for (const Lapse& lapse : lapses()) {
    Model model = model_before(lapse);
    const Decision early = Model(model).submit(lapse.command, lapse.instant - kTick);
    EXPECT_EQ(told(early), lapse.told_before) << lapse.what;
    EXPECT_NE(kept(early), "time mark") << lapse.what;

    for (const auto later : {0us, 1us, 3'600'000'000us}) {
      const Decision decision = Model(model).submit(lapse.command, lapse.instant + later);
      EXPECT_EQ(told(decision), lapse.told_after) << lapse.what;
      ASSERT_EQ(kept(decision), "time mark") << lapse.what;
      EXPECT_EQ(std::get<TimeMark>(*decision.record).at, lapse.instant + later) << lapse.what;
    }

    model.keep(TimeMark{lapse.instant - kTick});
    EXPECT_EQ(kept(Model(model).submit(lapse.command, lapse.instant)), "time mark") << lapse.what;
    model.keep(TimeMark{lapse.instant});
    const Decision backed = model.submit(lapse.command, lapse.instant + 1s);
    EXPECT_EQ(told(backed), lapse.told_after) << lapse.what;
    EXPECT_EQ(kept(backed), "nothing") << lapse.what << ": a record is late enough";
  }
}

// The call's identity lapses after the transaction has expired: the later of the two counts, in
// whichever order they are looked at.
TEST(TimeMark, RestsOnTheLatestOfSeveralLapses) {
  Rules rules;
  for (const auto identity_kept : {20min, 10min}) {
    rules.identity_kept = identity_kept;
    Model model(rules);
    model.submit(create(Kind::Debit, "a"), kStart);
    const Command refused_as_expired = cancel(Kind::Debit, "a");
    Command earlier = refused_as_expired;
    earlier.target.reference_no = "R-b";
    model.submit(create(Kind::Debit, "b"), kStart);
    ASSERT_EQ(told(model.submit(earlier, kStart)), "accepted cancelled");
    const Time last_lapse = kStart + std::max<std::chrono::minutes>(15min, identity_kept);
    model.keep(TimeMark{last_lapse - kTick});
    const Decision decision = model.submit(refused_as_expired, last_lapse);
    EXPECT_EQ(told(decision), "refused: expired");
    EXPECT_EQ(kept(decision), "time mark") << identity_kept.count();
  }
}

TEST(TimeMark, IsNotNeededWhereAnEventIsKeptAnyway) {
  Model model;
  model.submit(create(Kind::VirtualAccount, "a"), kStart);
  Command successor = second(create(Kind::VirtualAccount, "a"));
  successor.draft.trx_id = "T-2";
  EXPECT_EQ(told(Model(model).submit(successor, kStart + 24h - kTick)),
            "refused: virtual account number is pending");
  EXPECT_EQ(kept(model.submit(successor, kStart + 24h)), "event");
}

TEST(Number, IsFreeAsSoonAsItsHolderIsOver) {
  const std::vector<Command> ends{cancel(Kind::VirtualAccount, "a"), provider(Action::Pay, "a"),
                                  provider(Action::Fail, "a"), provider(Action::Expire, "a")};
  Command successor = second(create(Kind::VirtualAccount, "a"));
  successor.draft.trx_id = "T-2";
  for (const Command& end : ends) {
    Model model;
    model.submit(create(Kind::VirtualAccount, "a"), kStart);
    EXPECT_EQ(told(model.submit(successor, kStart)), "refused: virtual account number is pending");
    model.submit(end, kStart);
    EXPECT_EQ(told(model.submit(successor, kStart)), "accepted pending") << name_of(end.action);
  }
}

TEST(TrxId, IsUsedForEverByOnePartner) {
  Model model;
  const Command creation = create(Kind::VirtualAccount, "a");
  model.submit(creation, kStart);
  model.submit(cancel(Kind::VirtualAccount, "a"), kStart);
  Command again = second(creation);
  EXPECT_EQ(told(model.submit(again, kStart)), "refused: trxId is used");
  EXPECT_EQ(told(model.submit(again, kStart + 400 * 24h)), "refused: trxId is used");
  again.partner = "beta";
  EXPECT_EQ(told(model.submit(again, kStart)), "accepted pending");
}

}  // namespace
}  // namespace batal::payment
