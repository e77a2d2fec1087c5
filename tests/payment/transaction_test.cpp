#include "payment/transaction.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "payment/samples.h"

namespace batal::payment {
namespace {

using namespace samples;

TEST(Kind, IsNamedAsPeopleSayIt) {
  EXPECT_EQ(name_of(Kind::Debit), "debit");
  EXPECT_EQ(name_of(Kind::Qris), "qris");
  EXPECT_EQ(name_of(Kind::Hold), "hold");
  EXPECT_EQ(name_of(Kind::VirtualAccount), "virtual account");
}

TEST(State, IsNamedAsPeopleSayIt) {
  EXPECT_EQ(name_of(State::Pending), "pending");
  EXPECT_EQ(name_of(State::Authorised), "authorised");
  EXPECT_EQ(name_of(State::Paid), "paid");
  EXPECT_EQ(name_of(State::Refunded), "refunded");
  EXPECT_EQ(name_of(State::Cancelled), "cancelled");
  EXPECT_EQ(name_of(State::Failed), "failed");
  EXPECT_EQ(name_of(State::Expired), "expired");
}

TEST(State, IsLiveWhilePendingOrAuthorised) {
  for (const State state : kStates) {
    const bool live = state == State::Pending || state == State::Authorised;
    EXPECT_EQ(is_live(state), live) << name_of(state);
  }
}

TEST(State, OfALiveTransactionIsExpiredFromTheInstantOfItsExpiry) {
  for (const State state : kStates) {
    EXPECT_EQ(state_at(state, kStart, kStart - kTick), state) << name_of(state);
    const State then = is_live(state) ? State::Expired : state;
    EXPECT_EQ(state_at(state, kStart, kStart), then) << name_of(state);
    EXPECT_EQ(state_at(state, kStart, kStart + kTick), then) << name_of(state);
  }
}

TEST(Transaction, DiffersWhenAnyOfItsPartsDoes) {
  const std::vector<std::function<void(Transaction&)>> changes{
      [](Transaction& it) { it.reference_no = "R-b"; },
      [](Transaction& it) { it.partner = "another"; },
      [](Transaction& it) { it.external_id = "X-b"; },
      [](Transaction& it) { it.partner_reference_no = "P-b"; },
      [](Transaction& it) { it.merchant_id = "another"; },
      [](Transaction& it) { it.kind = Kind::Qris; },
      [](Transaction& it) { it.state = State::Cancelled; },
      [](Transaction& it) { it.amount.hundredths += 1; },
      [](Transaction& it) { it.amount.currency = "USD"; },
      [](Transaction& it) { it.created_at += kTick; },
      [](Transaction& it) { it.expires_at += kTick; },
      [](Transaction& it) { it.changed_at += kTick; },
      [](Transaction& it) { it.paid_at = kStart; },
      [](Transaction& it) { it.refunded_at = kStart; },
      [](Transaction& it) { it.refund_no = "N-b"; },
      [](Transaction& it) { it.details = "{}"; },
      [](Transaction& it) { it.trx_id = "T-b"; },
      [](Transaction& it) { it.partner_service_id = "   54321"; },
      [](Transaction& it) { it.customer_no = "77b"; },
      [](Transaction& it) { it.virtual_account_no = "   1234577b"; },
      [](Transaction& it) { it.virtual_account_name = "Budi"; },
  };
  expect_each_differs(created(Kind::VirtualAccount, "a"), changes);
}

TEST(Lists, NameEachKindStateAndActionOnce) {
  EXPECT_EQ(std::set(kKinds.begin(), kKinds.end()).size(), 4u);
  EXPECT_EQ(std::set(kStates.begin(), kStates.end()).size(), 7u);
  EXPECT_EQ(std::set(kActions.begin(), kActions.end()).size(), 8u);
}

}  // namespace
}  // namespace batal::payment
