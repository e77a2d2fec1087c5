// Which of several reasons to refuse is told: every combination of everything that can be wrong.
#include <gtest/gtest.h>

#include <functional>

#include "payment/decide.h"
#include "payment/samples.h"

namespace batal::payment {
namespace {

using namespace samples;

struct Case {
  Command command;
  View view;
};

// One thing that is wrong, and what the caller is told if nothing before it is.
struct Wrong {
  std::string told;
  std::function<void(Case&)> apply;
};

void stand(Standing& standing, const Transaction& transaction) {
  standing.event = event(create(transaction.kind, "a"), transaction);
  standing.transaction = standing.event->transaction;
}

void use_identity_for_another_body(Case& it) {
  Command earlier = it.command;
  earlier.call.fingerprint = fingerprint(99);
  it.view.identity.event = event(earlier, created(*it.command.kind, "a"));
  it.view.identity.transaction = it.view.identity.event->transaction;
}

void change(Case& it, const std::function<void(Transaction&)>& how) {
  Transaction transaction = *it.view.transaction[0].transaction;
  how(transaction);
  stand(it.view.transaction[0], transaction);
}

// Checks every combination of wrongs, told in their order.
void expect_order(const std::vector<Wrong>& wrongs, const std::function<Case()>& make_right,
                  const std::string& told_when_right) {
  for (std::size_t chosen = 0; chosen < (std::size_t{1} << wrongs.size()); ++chosen) {
    Case it = make_right();
    std::string expected;
    std::string combination;
    for (std::size_t i = wrongs.size(); i-- > 0;) {  // the first to be told is applied last
      if ((chosen >> i & 1) == 0) continue;
      wrongs[i].apply(it);
      expected = wrongs[i].told;
      combination = wrongs[i].told + "; " + combination;
    }
    const Decision decision = decide(it.view, it.command, kStart, kRules);
    EXPECT_EQ(told(decision), expected.empty() ? told_when_right : expected) << combination;
  }
}

std::vector<Wrong> wrongs_of_a_change(const std::string& disagreement) {
  return {
      {"refused: conflict", use_identity_for_another_body},
      {"refused: invalid merchant", [](Case& it) { it.command.merchant_known = false; }},
      {"refused: not found", [](Case& it) { it.command.target.merchant_id = "M2"; }},
      {disagreement, [](Case& it) { it.command.target.partner_reference_no = "P-other"; }},
      {"refused: invalid amount", [](Case& it) { it.command.target.amount_hundredths = 1; }},
  };
}

TEST(DecideOrder, OfACancelIsIdentityMerchantTransactionIdentifiersAmountState) {
  for (const Kind kind : kKinds) {
    std::vector<Wrong> wrongs = wrongs_of_a_change("refused: identifiers disagree");
    wrongs.push_back({"refused: failed", [](Case& it) {
                        change(it, [](Transaction& is) { is.state = State::Failed; });
                      }});
    const auto right = [kind] {
      Case it{.command = cancel(kind, "a"), .view = {}};
      stand(it.view.transaction.emplace_back(), created(kind, "a"));
      return it;
    };
    expect_order(wrongs, right, "accepted cancelled");
  }
}

TEST(DecideOrder, OfACaptureIsTheSame) {
  std::vector<Wrong> wrongs = wrongs_of_a_change("refused: identifiers disagree");
  wrongs.push_back({"refused: already captured",
                    [](Case& it) { change(it, [](Transaction& is) { is.state = State::Paid; }); }});
  const auto right = [] {
    Case it{.command = capture("a"), .view = {}};
    stand(it.view.transaction.emplace_back(), created(Kind::Hold, "a"));
    return it;
  };
  expect_order(wrongs, right, "accepted paid");
}

TEST(DecideOrder, OfAQueryTellsDisagreementAsNotFound) {
  for (const Kind kind : kKinds) {
    std::vector<Wrong> wrongs = wrongs_of_a_change("refused: not found");
    wrongs.erase(wrongs.begin());  // a query has no identity
    const auto right = [kind] {
      Case it{.command = query(kind, "a"), .view = {}};
      stand(it.view.transaction.emplace_back(), created(kind, "a"));
      return it;
    };
    expect_order(wrongs, right, kind == Kind::Hold ? "found authorised" : "found pending");
  }
}

TEST(DecideOrder, OfATransactionThatDoesNotExistIsIdentityMerchantNotFound) {
  for (const Kind kind : kKinds) {
    const std::vector<Wrong> wrongs{
        {"refused: conflict", use_identity_for_another_body},
        {"refused: invalid merchant", [](Case& it) { it.command.merchant_known = false; }},
    };
    const auto right = [kind] {
      Case it{.command = cancel_by_creation(kind, "a"), .view = {}};
      it.view.transaction.emplace_back();
      return it;
    };
    expect_order(wrongs, right, "refused: not found");
  }
}

const Wrong kUnknownMerchant{"refused: invalid merchant",
                             [](Case& it) { it.command.merchant_known = false; }};
const Wrong kTooShortALife{"refused: expiry out of range",
                           [](Case& it) { it.command.valid_until = kStart + 1s; }};

Case right_creation(Kind kind) {
  return {.command = create(kind, "a"), .view = {}};
}

TEST(DecideOrder, OfACreationIsIdentityMerchantOvertakenExpiry) {
  for (const Kind kind : {Kind::Debit, Kind::Qris, Kind::Hold}) {
    const std::vector<Wrong> wrongs{
        {"refused: conflict", use_identity_for_another_body},
        kUnknownMerchant,
        {"refused: already cancelled",
         [](Case& it) { it.view.identity.not_found_yet = NotFoundYet{.until = kStart + 1s}; }},
        kTooShortALife,
    };
    expect_order(
        wrongs, [kind] { return right_creation(kind); },
        kind == Kind::Hold ? "accepted authorised" : "accepted pending");
  }
}

TEST(DecideOrder, OfAVirtualAccountsCreationHasItsNumberBeforeItsTrxId) {
  const std::vector<Wrong> wrongs{
      {"refused: conflict", use_identity_for_another_body},
      kUnknownMerchant,
      {"refused: already cancelled",
       [](Case& it) { it.view.trx_id.not_found_yet = NotFoundYet{.until = kStart + 1s}; }},
      {"refused: virtual account number is pending",
       [](Case& it) { stand(it.view.va_number, created(Kind::VirtualAccount, "a")); }},
      {"refused: trxId is used",
       [](Case& it) { stand(it.view.trx_id, created(Kind::VirtualAccount, "a")); }},
      kTooShortALife,
  };
  expect_order(wrongs, [] { return right_creation(Kind::VirtualAccount); }, "accepted pending");
}

TEST(Refusal, IsNamedAsTheStandardsReasonsAre) {
  constexpr std::array<std::string_view, kRefusalCount> kNames{
      "conflict",
      "invalid merchant",
      "not found",
      "identifiers disagree",
      "invalid amount",
      "already cancelled",
      "already paid",
      "already captured",
      "already refunded",
      "expired",
      "failed",
      "not in this state",
      "virtual account number is pending",
      "trxId is used",
      "expiry out of range",
  };
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    EXPECT_EQ(name_of(static_cast<Refusal>(i)), kNames[i]) << i;
  }
}

}  // namespace
}  // namespace batal::payment
