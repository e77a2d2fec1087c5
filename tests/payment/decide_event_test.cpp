// What an accepted command leaves: the event, and in it the transaction as it stands afterwards.
#include <gtest/gtest.h>

#include "payment/model.h"
#include "payment/samples.h"

namespace batal::payment {
namespace {

using namespace samples;

// The event of a decision, which must have been accepted and be what is kept.
Event event_of(const Decision& decision) {
  EXPECT_EQ(decision.outcome.result, Outcome::Result::Accepted) << told(decision);
  const EventPtr kept = std::get<EventPtr>(decision.record.value());
  EXPECT_EQ(kept, decision.outcome.event);
  EXPECT_EQ(kept->transaction, decision.outcome.transaction);
  EXPECT_EQ(kept->transaction->state, decision.outcome.state);
  return *kept;
}

void expect_event(const Event& event, const Command& command, Time at, const Transaction& after) {
  EXPECT_EQ(event.at, at);
  EXPECT_EQ(event.action, command.action);
  EXPECT_EQ(event.call, command.call);
  EXPECT_EQ(event.action_no, command.action_no);
  EXPECT_EQ(event.partner_action_no, command.partner_action_no);
  EXPECT_EQ(event.rendering, 1);
  EXPECT_EQ(*event.transaction, after) << name_of(after.kind) << " " << name_of(command.action);
}

TEST(DecideCreate, FillsInPartnerExternalIdStateAndTimes) {
  for (const Kind kind : kKinds) {
    Command command = create(kind, "a");
    command.valid_until = kStart + 15min;
    command.draft.partner = "forged";
    command.draft.external_id = "forged";
    command.draft.state = State::Paid;
    const Event event = event_of(decide({}, command, kStart, kRules));
    expect_event(event, command, kStart, created(kind, "a"));
  }
}

TEST(DecideCreate, GivesEachKindItsDefaultLife) {
  const auto life = [](Kind kind) {
    const Event event = event_of(decide({}, create(kind, "a"), kStart, kRules));
    return event.transaction->expires_at - kStart;
  };
  EXPECT_EQ(life(Kind::Debit), 15min);
  EXPECT_EQ(life(Kind::Qris), 15min);
  EXPECT_EQ(life(Kind::Hold), 7 * 24h);
  EXPECT_EQ(life(Kind::VirtualAccount), 24h);
}

TEST(DecideCreate, TakesALifeOfTwentySecondsToAHundredAndEightyDays) {
  const auto with_life = [](std::chrono::microseconds life) {
    Command command = create(Kind::Debit, "a");
    command.valid_until = kStart + life;
    return told(decide({}, command, kStart, kRules));
  };
  EXPECT_EQ(with_life(20s - kTick), "refused: expiry out of range");
  EXPECT_EQ(with_life(20s), "accepted pending");
  EXPECT_EQ(with_life(180 * 24h), "accepted pending");
  EXPECT_EQ(with_life(180 * 24h + kTick), "refused: expiry out of range");
  EXPECT_EQ(with_life(-1h), "refused: expiry out of range");
}

TEST(DecideCreate, TakesItsLimitsFromTheRules) {
  Command command = create(Kind::Debit, "a");
  command.valid_until = kStart + 10s;
  Rules rules;
  rules.life_min = 10s;
  EXPECT_EQ(told(decide({}, command, kStart, rules)), "accepted pending");
  rules.life_min = 1s;
  rules.life_max = 9s;
  EXPECT_EQ(told(decide({}, command, kStart, rules)), "refused: expiry out of range");
}

struct Step {
  Command command;
  State state;
  bool is_paid = false;      // paid_at becomes the decision's time
  bool is_refunded = false;  // refunded_at and refund_no are set
};

// What every accepted change leaves: nothing of the transaction but its state and the state's own
// times changes, and what is known of earlier states stays.
void expect_events(Kind kind, const std::vector<Step>& steps) {
  Model model;
  model.submit(create(kind, "a"), kStart);
  Transaction after = *model.transaction(kPartner, "R-a");
  Time at = kStart;
  for (const Step& step : steps) {
    at += 1s;
    after.state = step.state;
    after.changed_at = at;
    if (step.is_paid) after.paid_at = at;
    if (step.is_refunded) {
      after.refunded_at = at;
      after.refund_no = "F-a";
    }
    expect_event(event_of(model.submit(step.command, at)), step.command, at, after);
  }
}

TEST(DecideChange, KeepsTheTransactionAsItStandsAfterIt) {
  const Step paid{.command = provider(Action::Pay, "a"), .state = State::Paid, .is_paid = true};
  const Step refunded{
      .command = provider(Action::Refund, "a"), .state = State::Refunded, .is_refunded = true};
  const Step captured{.command = capture("a"), .state = State::Paid, .is_paid = true};
  for (const Kind kind : kKinds) {
    expect_events(kind, {{.command = cancel(kind, "a"), .state = State::Cancelled}});
    expect_events(kind, {{.command = provider(Action::Fail, "a"), .state = State::Failed}});
    expect_events(kind, {{.command = provider(Action::Expire, "a"), .state = State::Expired}});
    expect_events(kind, {kind == Kind::Hold ? captured : paid, refunded});
  }
}

TEST(DecideSweep, WritesDownAnExpiryThatTimeHasBrought) {
  for (const Kind kind : kKinds) {
    Model model;
    model.submit(create(kind, "a"), kStart);
    Transaction after = *model.transaction(kPartner, "R-a");
    const Time expiry = after.expires_at;
    const Decision early = model.submit(sweep("a"), expiry - kTick);
    EXPECT_EQ(told(early), "refused: not in this state");
    EXPECT_EQ(kept(early), "nothing");
    after.state = State::Expired;
    after.changed_at = expiry;
    expect_event(event_of(model.submit(sweep("a"), expiry)), sweep("a"), expiry, after);
  }
}

TEST(DecideSweep, LeavesEverythingElseAlone) {
  const std::vector<Command> ends{cancel(Kind::Debit, "a"), provider(Action::Pay, "a"),
                                  provider(Action::Fail, "a"), provider(Action::Expire, "a"),
                                  sweep("a")};
  for (const Command& end : ends) {
    Model model;
    model.submit(create(Kind::Debit, "a"), kStart);
    model.submit(end, end.call.external_id.empty() ? kStart + 15min : kStart + 1s);
    const Decision decision = model.submit(sweep("a"), kStart + 1h);
    EXPECT_EQ(told(decision), "refused: not in this state") << name_of(end.action);
    EXPECT_EQ(kept(decision), "nothing") << name_of(end.action);
  }
  EXPECT_EQ(told(Model().submit(sweep("a"), kStart)), "refused: not found");
}

}  // namespace
}  // namespace batal::payment
