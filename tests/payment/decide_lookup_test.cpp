// How a transaction is found, and what a caller must not claim about it.
#include <gtest/gtest.h>

#include <functional>

#include "payment/model.h"
#include "payment/samples.h"

namespace batal::payment {
namespace {

using namespace samples;

constexpr Kind kVa = Kind::VirtualAccount;
constexpr std::chrono::microseconds kRetention = 7 * 24h;

// A way in which the text "same" can name a transaction: as the external id of a call under a
// service, or as a trxId (service 0).
struct Name {
  Kind kind;
  std::vector<int> services;  // in the order in which a query looks
};

const std::vector<Name> kLookups{{Kind::Debit, {54, 57}},
                                 {Kind::Qris, {47, 77}},
                                 {Kind::Hold, {63, 67, 65}},
                                 {kVa, {0, 27, 31}}};

// Makes the transaction R-<service>, which "same" names by that service's call.
void name_same(Model& model, Kind kind, int service) {
  const std::string name = std::to_string(service);
  Command creation = create(kind, name);
  if (service == 0) creation.draft.trx_id = "same";
  if (service == creation_service(kind)) creation.call.external_id = "same";
  model.submit(creation, kStart);
  if (service == 0 || service == creation_service(kind)) return;
  Command change = service == 65 ? capture(name) : cancel(kind, name);
  change.call.external_id = "same";
  model.submit(change, kStart);
}

TEST(QueryByExternalId, LooksThroughTheServicesInOrder) {
  for (const Name& name : kLookups) {
    for (unsigned chosen = 1; chosen < (1u << name.services.size()); ++chosen) {
      Model model;
      std::string expected;
      for (std::size_t i = name.services.size(); i-- > 0;) {
        if ((chosen >> i & 1) == 0) continue;
        name_same(model, name.kind, name.services[i]);
        expected = "R-" + std::to_string(name.services[i]);
      }
      const Decision decision = model.submit(query_by_external_id(name.kind, "same"), kStart);
      ASSERT_EQ(decision.outcome.result, Outcome::Result::Found) << expected;
      EXPECT_EQ(decision.outcome.transaction->reference_no, expected);
      EXPECT_EQ(kept(decision), "nothing");
    }
  }
}

TEST(QueryByExternalId, FindsByTheIdOfAChangeAsLongAsIdentitiesAreKept) {
  for (const Name& name : kLookups) {
    for (const int service : name.services) {
      const bool is_creation = service == 0 || service == creation_service(name.kind);
      Model model;
      name_same(model, name.kind, service);
      const Command query = query_by_external_id(name.kind, "same");
      EXPECT_EQ(Model(model).submit(query, kStart + kRetention - kTick).outcome.result,
                Outcome::Result::Found);
      EXPECT_EQ(model.submit(query, kStart + kRetention).outcome.result == Outcome::Result::Found,
                is_creation)
          << service;
      EXPECT_EQ(
          model.submit(query, kStart + 3 * 365 * 24h).outcome.result == Outcome::Result::Found,
          is_creation)
          << service;
    }
  }
}

TEST(QueryByExternalId, PassesALapsedIdForTheNextService) {
  Model model;
  name_same(model, Kind::Hold, 67);
  Command later = create(Kind::Hold, "later");
  later.valid_until = kStart + 30 * 24h;
  model.submit(later, kStart + 1s);
  Command capture_later = capture("later");
  capture_later.call.external_id = "same";
  model.submit(capture_later, kStart + 1s);
  const auto found_at = [&](Time now) {
    const Command query = query_by_external_id(Kind::Hold, "same");
    return Model(model).submit(query, now).outcome.transaction->reference_no;
  };
  EXPECT_EQ(found_at(kStart + kRetention - kTick), "R-67");
  EXPECT_EQ(found_at(kStart + kRetention), "R-later");
}

TEST(Change, IsNotFoundByTheIdOfAnotherChange) {
  Model model;
  name_same(model, Kind::Hold, 67);
  name_same(model, Kind::Hold, 65);
  Command by_same = cancel_by_creation(Kind::Hold, "a");
  by_same.target.external_id = "same";
  EXPECT_EQ(told(model.submit(by_same, kStart)), "refused: not found");
}

TEST(Query, AnswersThePresentStateAndLeavesNothing) {
  for (const Kind kind : kKinds) {
    Model model;
    model.submit(create(kind, "a"), kStart);
    model.submit(cancel(kind, "a"), kStart + 1s);
    const Decision decision = model.submit(query(kind, "a"), kStart + 2s);
    EXPECT_EQ(told(decision), "found cancelled");
    EXPECT_EQ(kept(decision), "nothing");
    EXPECT_EQ(*decision.outcome.transaction, *model.transaction(kPartner, "R-a"));
  }
}

TEST(Lookup, StartsFromTheCallersPartner) {
  for (const Kind kind : kKinds) {
    Model model;
    model.submit(create(kind, "a"), kStart);
    for (Command command : {cancel(kind, "a"), cancel_by_creation(kind, "a"), query(kind, "a"),
                            query_by_external_id(kind, "X-a"), provider(Action::Fail, "a")}) {
      command.partner = "beta";
      const Decision decision = model.submit(command, kStart);
      EXPECT_EQ(told(decision), "refused: not found");
      EXPECT_EQ(decision.outcome.transaction, nullptr);
    }
  }
}

TEST(Lookup, TakesATransactionOfAnotherKindForNone) {
  for (const Kind kind : kKinds) {
    for (const Kind asked : kKinds) {
      Model model;
      model.submit(create(kind, "a"), kStart);
      const Decision found = model.submit(query(asked, "a"), kStart);
      const Decision cancelled = model.submit(cancel(asked, "a"), kStart);
      EXPECT_EQ(told(found) == "refused: not found", asked != kind);
      EXPECT_EQ(told(cancelled), asked == kind ? "accepted cancelled" : "refused: not found");
      EXPECT_EQ(cancelled.outcome.transaction == nullptr, asked != kind);
    }
  }
}

struct Claim {
  std::string what;
  std::function<void(Target&)> right;
  std::function<void(Target&)> wrong;
  std::string told;  // to a cancel
};

const std::vector<Claim> kClaims{
    {"merchant", [](Target& is) { is.merchant_id = "M1"; },
     [](Target& is) { is.merchant_id = "M2"; }, "refused: not found"},
    {"partner reference number", [](Target& is) { is.partner_reference_no = "P-a"; },
     [](Target& is) { is.partner_reference_no = "P-b"; }, "refused: identifiers disagree"},
    {"partner service id", [](Target& is) { is.partner_service_id = "   12345"; },
     [](Target& is) { is.partner_service_id = "   12346"; }, "refused: identifiers disagree"},
    {"customer number", [](Target& is) { is.customer_no = "77a"; },
     [](Target& is) { is.customer_no = "77b"; }, "refused: identifiers disagree"},
    {"number", [](Target& is) { is.virtual_account_no = "   1234577a"; },
     [](Target& is) { is.virtual_account_no = "   1234577b"; }, "refused: identifiers disagree"},
    {"amount", [](Target& is) { is.amount_hundredths = 150000; },
     [](Target& is) { is.amount_hundredths = 150001; }, "refused: invalid amount"},
    {"currency", [](Target& is) { is.currency = "IDR"; },
     [](Target& is) { is.currency = "USD"; }, "refused: invalid amount"},
};

std::string told_about_account(Command command, const std::function<void(Target&)>& claim) {
  Model model;
  model.submit(create(kVa, "a"), kStart);
  claim(command.target);
  const Decision decision = model.submit(command, kStart);
  EXPECT_EQ(kept(decision) == "nothing", decision.outcome.result != Outcome::Result::Accepted);
  return told(decision);
}

TEST(Claims, ThatAreRightChangeNothing) {
  for (const Claim& claim : kClaims) {
    EXPECT_EQ(told_about_account(cancel(kVa, "a"), claim.right), "accepted cancelled")
        << claim.what;
    EXPECT_EQ(told_about_account(query(kVa, "a"), claim.right), "found pending") << claim.what;
  }
}

TEST(Claims, ThatAreWrongAreRefused) {
  for (const Claim& claim : kClaims) {
    EXPECT_EQ(told_about_account(cancel(kVa, "a"), claim.wrong), claim.told) << claim.what;
    EXPECT_EQ(told_about_account(cancel_by_creation(kVa, "a"), claim.wrong), claim.told)
        << claim.what;
    const bool about_money = claim.told == "refused: invalid amount";
    EXPECT_EQ(told_about_account(query(kVa, "a"), claim.wrong),
              about_money ? claim.told : "refused: not found")
        << claim.what;
  }
}

TEST(Claims, OfAnExternalIdBesideAReferenceNumberAreNotCompared) {
  Model model;
  model.submit(create(Kind::Debit, "a"), kStart);
  Command both = cancel(Kind::Debit, "a");
  both.target.external_id = "X-of-nothing";
  EXPECT_EQ(told(model.submit(both, kStart)), "accepted cancelled");
}

// The answer to a refused cancel names the transaction that it found.
TEST(Refused, TellsTheTransactionAndItsStateWhereOneWasFound) {
  Model model;
  model.submit(create(Kind::Debit, "a"), kStart);
  model.submit(provider(Action::Pay, "a"), kStart);
  Command disagreeing = cancel(Kind::Debit, "a");
  disagreeing.target.partner_reference_no = "P-b";
  Command mispriced = cancel(Kind::Debit, "a");
  mispriced.target.amount_hundredths = 1;
  for (const Command& command : {cancel(Kind::Debit, "a"), disagreeing, mispriced}) {
    const Decision decision = model.submit(command, kStart);
    EXPECT_EQ(decision.outcome.result, Outcome::Result::Refused);
    ASSERT_NE(decision.outcome.transaction, nullptr) << told(decision);
    EXPECT_EQ(decision.outcome.transaction->reference_no, "R-a");
    EXPECT_EQ(decision.outcome.state, State::Paid);
  }
}

}  // namespace
}  // namespace batal::payment
