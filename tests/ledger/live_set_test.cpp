#include "ledger/embedded/image/live_set.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <set>

#include "ledger/commands.h"
#include "ledger/embedded/log/record_codec.h"
#include "ledger/test_key.h"
#include "support/heap.h"

namespace batal::ledger {
namespace {

using payment::Key;
using payment::Time;
using payment::Transaction;
using std::chrono::minutes;

KeyHash good_hash() {
  return key_hash(test_key().key_hash_secret());
}

// Three values for all keys there are.
std::uint64_t poor_hash(const Key& key) {
  return std::hash<std::string_view>{}(key.id) % 3;
}

Transaction transaction(int number, Time expires_at = kNoon) {
  Transaction transaction = *created(number)->transaction;
  transaction.expires_at = expires_at;
  return transaction;
}

Key reference(const Transaction& transaction) {
  return {Key::By::Reference, 0, transaction.partner, transaction.reference_no};
}

Link link(std::uint32_t number) {
  Link link{.position = {1 + number, 4096}, .mac = {}};
  link.mac.fill(static_cast<std::uint8_t>(number));
  return link;
}

void insert(LiveSet& set, const Transaction& transaction, const Link& at) {
  Bytes bytes;
  encode(transaction, bytes);
  set.insert(transaction, bytes, at);
}

// All that is due, in order, each ended as soon as it is given.
std::vector<std::string> swept(LiveSet& set, Time now) {
  std::vector<std::string> names;
  while (const auto due = set.due(now)) {
    if (!due->transaction) continue;
    names.push_back(due->transaction->reference_no);
    set.erase(reference(*due->transaction));
  }
  return names;
}

TEST(LiveSet, IsAMap) {
  ASSERT_TRUE(rc::check([] {
    LiveSet set(*rc::gen::arbitrary<bool>() ? KeyHash(poor_hash) : good_hash());
    std::map<std::string, std::pair<Transaction, Link>> model;
    const auto moves =
        *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::arbitrary<std::uint32_t>());
    for (const std::uint32_t move : moves) {
      const Transaction some = transaction(static_cast<int>(move % 12), kNoon + minutes(move % 7));
      set.erase(reference(some));
      model.erase(some.reference_no);
      if (move % 3 == 0) continue;
      insert(set, some, link(move % 100));
      model.insert_or_assign(some.reference_no, std::pair(some, link(move % 100)));
    }
    RC_ASSERT(set.size() == model.size());
    for (int number = 0; number < 12; ++number) {
      const auto found = set.find(reference(transaction(number)));
      const auto expected = model.find(reference_no(number));
      RC_ASSERT(found.has_value() == (expected != model.end()));
      if (!found) continue;
      RC_ASSERT(*found->transaction == expected->second.first);
      RC_ASSERT(found->link == expected->second.second);
    }
  }));
}

TEST(LiveSet, TellsPartnersApart) {
  LiveSet set(poor_hash);
  Transaction other = transaction(1);
  other.partner = "P2";
  insert(set, transaction(1), link(1));
  EXPECT_FALSE(set.find(reference(other)));
  insert(set, other, link(2));
  EXPECT_EQ(set.find(reference(other))->link, link(2));
  set.erase(reference(transaction(1)));
  EXPECT_FALSE(set.find(reference(transaction(1))));
  EXPECT_TRUE(set.find(reference(other)));
}

TEST(LiveSet, SweepsInOrderOfExpiry) {
  ASSERT_TRUE(rc::check([] {
    LiveSet set(*rc::gen::arbitrary<bool>() ? KeyHash(poor_hash) : good_hash());
    const auto expiries = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 20));
    std::multimap<int, std::string> model;
    for (std::size_t number = 0; number < expiries.size(); ++number) {
      const auto some = transaction(static_cast<int>(number), kNoon + minutes(expiries[number]));
      insert(set, some, link(1));
      if (number % 4 == 3)
        set.erase(reference(some));
      else
        model.emplace(expiries[number], some.reference_no);
    }
    std::set<std::string> left;
    for (const auto& [expiry, name] : model) left.insert(name);
    for (int now = 0; now < 20; ++now) {
      std::set<std::string> due;
      for (auto [entry, end] = model.equal_range(now); entry != end; ++entry)
        due.insert(entry->second);
      const auto names = swept(set, kNoon + minutes(now));
      RC_ASSERT(std::set(names.begin(), names.end()) == due);
      RC_ASSERT(names.size() == due.size());
    }
    RC_ASSERT(set.size() == 0U);
    RC_ASSERT(!set.next_expiry());
  }));
}

TEST(LiveSet, GivesWhatIsDueUntilItEnds) {
  LiveSet set(good_hash());
  insert(set, transaction(1, kNoon + minutes(2)), link(1));
  insert(set, transaction(2, kNoon + minutes(1)), link(2));
  EXPECT_EQ(set.next_expiry(), kNoon + minutes(1));
  EXPECT_FALSE(set.due(kNoon + minutes(1) - std::chrono::microseconds(1)));
  for (int look = 0; look < 2; ++look) {
    const auto due = set.due(kNoon + minutes(1));
    ASSERT_TRUE(due && due->transaction);
    EXPECT_EQ(due->transaction->reference_no, reference_no(2));
    EXPECT_EQ(due->link, link(2));
  }
  set.erase(reference(transaction(2)));
  const auto forgets = set.due(kNoon + minutes(1));
  ASSERT_TRUE(forgets);
  EXPECT_FALSE(forgets->transaction);
  EXPECT_EQ(forgets->link, Link{});
  EXPECT_FALSE(set.due(kNoon + minutes(1)));
  EXPECT_EQ(set.next_expiry(), kNoon + minutes(2));
}

// An expiry that was moved is due when the new one comes, and only then.
TEST(LiveSet, SweepsByTheExpiryThatItWasGivenLast) {
  LiveSet set(good_hash());
  insert(set, transaction(1, kNoon), link(1));
  set.erase(reference(transaction(1)));
  insert(set, transaction(1, kNoon + minutes(5)), link(2));
  EXPECT_EQ(swept(set, kNoon + minutes(5) - std::chrono::microseconds(1)),
            std::vector<std::string>{});
  EXPECT_EQ(swept(set, kNoon + minutes(5)), std::vector{reference_no(1)});
}

TEST(LiveSet, KeepsOfALargeTransactionOnlyItsNames) {
  for (const KeyHash& hash : {good_hash(), KeyHash(poor_hash)}) {
    LiveSet set(hash);
    for (int number = 0; number < 6; ++number) {
      Transaction some = transaction(number, kNoon + minutes(number));
      const std::size_t odd = number % 2 == 0 ? 0 : 1;
      Bytes bytes;
      encode(some, bytes);
      some.details.assign(LiveSet::kBytesMax - bytes.size() - 1 + odd, 'd');
      bytes.clear();
      encode(some, bytes);
      ASSERT_EQ(bytes.size(), LiveSet::kBytesMax + odd);
      set.insert(some, bytes, link(static_cast<std::uint32_t>(number)));
    }
    for (int number = 0; number < 6; ++number) {
      const auto found = set.find(reference(transaction(number)));
      ASSERT_TRUE(found);
      EXPECT_EQ(found->transaction == nullptr, number % 2 == 1) << number;
      EXPECT_EQ(found->link, link(static_cast<std::uint32_t>(number)));
      const auto due = set.due(kNoon + minutes(number));
      ASSERT_TRUE(due);
      EXPECT_EQ(due->link, link(static_cast<std::uint32_t>(number)));
      EXPECT_EQ(due->transaction == nullptr, number % 2 == 1) << number;
      set.erase(reference(transaction(number)));
      EXPECT_TRUE(set.due(kNoon + minutes(number))) << "forgets it";
    }
    EXPECT_EQ(set.size(), 0U);
  }
}

#ifdef BATAL_HAS_HEAP
// Most payments are made or cancelled long before they expire: what is kept of them until then is
// bounded by what lives.
TEST(LiveSet, LetsGoOfTheExpiriesOfWhatHasEnded) {
  LiveSet set(good_hash());
  const auto one_life = [&](int number) {
    const Transaction some = transaction(number, kNoon + minutes(number));
    insert(set, some, link(1));
    set.erase(reference(some));
  };
  for (int number = 0; number < 10'000; ++number) one_life(number);
  const std::size_t before = testing::heap_bytes();
  for (int number = 0; number < 200'000; ++number) one_life(number);
  constexpr std::size_t kTableMayGrow = 4096;  // an expiry each would be three million
  EXPECT_LE(testing::heap_bytes(), before + kTableMayGrow);
  EXPECT_EQ(swept(set, kNoon + minutes(300'000)), std::vector<std::string>{});
}
#endif

TEST(LiveSet, ForgetsNoExpiryWhenItLetsGo) {
  LiveSet set(good_hash());
  for (int number = 0; number < 5'000; ++number)
    insert(set, transaction(number, kNoon + minutes(5'000 - number)), link(1));
  for (int number = 0; number < 4'990; ++number) set.erase(reference(transaction(number)));
  insert(set, transaction(9'000, kNoon), link(1));
  std::vector<std::string> expected{reference_no(9'000)};
  for (int number = 4'999; number >= 4'990; --number) expected.push_back(reference_no(number));
  EXPECT_EQ(swept(set, kNoon + minutes(10'000)), expected);
}

#ifdef BATAL_HAS_HEAP
// A debit payment as a shop makes it, with the identifiers' usual lengths.
Transaction typical(int number) {
  Transaction some = transaction(number, kNoon + minutes(15));
  some.partner = "4b9e7a1c-5d2f-4e88-9c3a-7f61d0b2a945";
  some.external_id = fmt::format("{:032}", number);
  some.partner_reference_no = fmt::format("ORDER-2026-{:010}", number);
  some.merchant_id = "G123456789";
  some.details = R"({"additionalInfo":{"channel":"mobile","note":"order"}})";
  return some;
}

TEST(LiveSet, TakesAtMost500BytesATransaction) {
  constexpr int kCount = 200'000;
  const std::size_t before = testing::heap_bytes();
  LiveSet set(good_hash());
  for (int number = 0; number < kCount; ++number) insert(set, typical(number), link(1));
  ASSERT_EQ(set.size(), static_cast<std::size_t>(kCount));
  EXPECT_TRUE(set.find(reference(typical(7)))->transaction);
  const double bytes = static_cast<double>(testing::heap_bytes() - before) / kCount;
  RecordProperty("bytes_a_transaction", std::to_string(bytes));
  EXPECT_LE(bytes, 500);
  EXPECT_GE(bytes, 200) << "the heap was not measured";
}
#endif

}  // namespace
}  // namespace batal::ledger
