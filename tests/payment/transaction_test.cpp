#include "payment/transaction.h"

#include <gtest/gtest.h>

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

TEST(Lists, NameEachKindStateAndActionOnce) {
  EXPECT_EQ(std::set(kKinds.begin(), kKinds.end()).size(), 4u);
  EXPECT_EQ(std::set(kStates.begin(), kStates.end()).size(), 7u);
  EXPECT_EQ(std::set(kActions.begin(), kActions.end()).size(), 8u);
}

}  // namespace
}  // namespace batal::payment
