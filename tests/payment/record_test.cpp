#include "payment/record.h"

#include <gtest/gtest.h>

#include <functional>

#include "payment/samples.h"

namespace batal::payment {
namespace {

using namespace samples;

Event sample_event() {
  return *event(cancel(Kind::Hold, "a"), created(Kind::Hold, "a"));
}

TEST(Event, IsEqualToItsCopyWithATransactionOfItsOwn) {
  Event copy = sample_event();
  EXPECT_EQ(copy, sample_event());
  copy.transaction = std::make_shared<const Transaction>(*copy.transaction);
  EXPECT_EQ(copy, sample_event());
}

TEST(Event, DiffersWhenAnyOfItsPartsDoes) {
  const std::vector<std::function<void(Event&)>> changes{
      [](Event& it) { it.at += kTick; },
      [](Event& it) { it.action = Action::Capture; },
      [](Event& it) { it.call.service = 57; },
      [](Event& it) { it.call.external_id = "X-b"; },
      [](Event& it) { it.call.fingerprint = fingerprint(9); },
      [](Event& it) { it.call.request = "another"; },
      [](Event& it) { it.action_no = "V-b"; },
      [](Event& it) { it.partner_action_no = "PV-b"; },
      [](Event& it) { it.rendering = 2; },
      [](Event& it) {
        Transaction other = *it.transaction;
        other.state = State::Paid;
        it.transaction = std::make_shared<const Transaction>(other);
      },
  };
  expect_each_differs(sample_event(), changes);
}

TEST(NotFoundYet, DiffersWhenAnyOfItsPartsDoes) {
  const std::vector<std::function<void(NotFoundYet&)>> changes{
      [](NotFoundYet& it) { it.at += kTick; },         [](NotFoundYet& it) { it.until += kTick; },
      [](NotFoundYet& it) { it.partner = "another"; }, [](NotFoundYet& it) { it.service = 63; },
      [](NotFoundYet& it) { it.external_id = "X-b"; }, [](NotFoundYet& it) { it.trx_id = "T-b"; },
  };
  expect_each_differs(NotFoundYet{kStart, kStart + 605s, "demo", 54, "X-a", {}}, changes);
}

TEST(TimeMark, DiffersWhenItsTimeDoes) {
  const std::vector<std::function<void(TimeMark&)>> changes{
      [](TimeMark& it) { it.at += kTick; },
  };
  expect_each_differs(TimeMark{kStart}, changes);
}

TEST(Record, KnowsItsTime) {
  EXPECT_EQ(time_of(event(create(Kind::Debit, "a"), created(Kind::Debit, "a"))), kStart);
  EXPECT_EQ(time_of(NotFoundYet{.at = kStart + 1s, .until = kStart + 9s}), kStart + 1s);
  EXPECT_EQ(time_of(TimeMark{kStart + 2s}), kStart + 2s);
}

}  // namespace
}  // namespace batal::payment
