#include "ledger/embedded/image.h"

#include <gtest/gtest.h>

#include <map>

#include "ledger/commands.h"

namespace batal::ledger {
namespace {

using payment::Action;
using payment::Command;
using payment::EventPtr;
using payment::Key;
using payment::Record;
using payment::State;
using payment::Time;

// An image over records kept in memory; their place in the list is their offset.
class Kept {
 public:
  explicit Kept(KeyHash hash)
      : image([this](Position position) { return ++reads, records[position.offset]; },
              std::move(hash)) {}

  // Decides a command against the image and keeps the record.
  payment::Outcome run(const Command& command, Time now = kNoon) {
    const auto decision = payment::decide(image.view(command), command, now, {});
    if (decision.record) {
      records.push_back(*decision.record);
      image.apply(*decision.record, {1, static_cast<std::uint32_t>(records.size() - 1)});
    }
    return decision.outcome;
  }

  std::vector<Record> records;
  int reads = 0;
  Image image;
};

// For each tweak three values for all keys there are.
std::uint64_t poor_hash(const Key& key, std::uint32_t tweak) {
  return (tweak * 3 + std::hash<std::string_view>{}(key.id) % 3) * 4;
}

TEST(Image, LosesNoKeyToACollision) {
  Kept kept(poor_hash);
  for (int number = 0; number < 30; ++number) kept.run(create(number));
  for (int number = 0; number < 30; number += 2)
    EXPECT_EQ(kept.run(cancel(number)).result, payment::Outcome::Result::Accepted);
  for (int number = 0; number < 30; ++number) {
    const auto standing = kept.image.view(cancel(number));
    ASSERT_EQ(standing.transaction.size(), 1U);
    EXPECT_EQ(standing.transaction[0].transaction->reference_no, reference_no(number));
    EXPECT_EQ(standing.transaction[0].transaction->state,
              number % 2 ? State::Pending : State::Cancelled);
    EXPECT_EQ(standing.identity.event != nullptr, number % 2 == 0) << number;
    const auto by_call = kept.image.view(cancel_by_call(number, "fresh"));
    EXPECT_EQ(by_call.transaction[0].event->call.external_id, fmt::format("create-{}", number));
    EXPECT_EQ(by_call.transaction[0].transaction->reference_no, reference_no(number));
  }
  EXPECT_FALSE(kept.image.view(cancel(31)).transaction[0].transaction);
}

// All keys of all records on one hash: of each record too.
TEST(Image, TellsTheKeysOfOneRecordApart) {
  Kept kept([](const Key&, std::uint32_t tweak) { return std::uint64_t{tweak} * 4 + 3; });
  kept.run(create_va(1, 5));
  kept.run(delete_va(5, "delete"));
  kept.run(create_va(2, 7), kNoon + std::chrono::minutes(1));
  EXPECT_EQ(kept.image.view(create_va(3, 5)).trx_id.transaction->reference_no, reference_no(1));
  EXPECT_EQ(kept.image.view(create_va(3, 5)).va_number.transaction->reference_no, reference_no(2));
  EXPECT_EQ(kept.image.view(query(1)).transaction[0].transaction->state, State::Cancelled);
  EXPECT_EQ(kept.image.view(delete_va(5, "delete")).identity.event->action, Action::Cancel);
}

TEST(Image, TouchesMemoryOnlyForACancelOfALiveTransaction) {
  Kept kept(random_key_hash());
  for (int number = 0; number < 10; ++number) kept.run(create(number));
  kept.run(cancel(3));
  EXPECT_EQ(kept.reads, 0);
  kept.run(cancel(3));  // the same call again: read back
  EXPECT_GT(kept.reads, 0);
}

TEST(Image, ShowsATransactionAsItStandsNowBehindEveryKey) {
  Kept kept(random_key_hash());
  kept.run(create(1));
  kept.run(provider(Action::Pay, 1, "pay"));
  kept.run(provider(Action::Refund, 1, "refund"));
  const auto view = kept.image.view(provider(Action::Pay, 1, "pay"));
  EXPECT_EQ(view.identity.event->action, Action::Pay);
  EXPECT_EQ(view.identity.event->transaction->state, State::Paid);
  EXPECT_EQ(view.identity.transaction->state, State::Refunded);
  EXPECT_EQ(view.transaction[0].transaction->state, State::Refunded);
}

TEST(Image, FindsTheNewestUnderACallAndATrxId) {
  Kept kept(random_key_hash());
  kept.run(cancel_by_call(1, "early"));
  EXPECT_TRUE(kept.image.view(create(1)).identity.not_found_yet);
  kept.run(delete_va(7, "early va"));
  EXPECT_TRUE(kept.image.view(create_va(2, 7)).trx_id.not_found_yet);
  const Time later = kNoon + std::chrono::hours(1);
  kept.run(create(1), later);
  kept.run(create_va(2, 7), later);
  EXPECT_TRUE(kept.image.view(create(1)).identity.event);
  EXPECT_FALSE(kept.image.view(create(1)).identity.not_found_yet);
  const auto view = kept.image.view(create_va(3, 7));
  EXPECT_EQ(view.trx_id.transaction->reference_no, reference_no(2));
  EXPECT_EQ(view.va_number.transaction->reference_no, reference_no(2));
  EXPECT_EQ(view.last_record_at, later);
}

TEST(Image, TellsWhatIsDueInOrderOfExpiry) {
  for (const KeyHash& hash : {random_key_hash(), KeyHash(poor_hash)}) {
    Kept kept(hash);
    EXPECT_EQ(kept.image.next_expiry(), std::nullopt);
    for (const int minutes : {3, 1, 2, 1}) {
      Command command = create(static_cast<int>(kept.records.size()));
      command.valid_until = kNoon + std::chrono::minutes(minutes);
      kept.run(command);
    }
    kept.run(cancel(1));
    EXPECT_EQ(kept.image.next_expiry(), kNoon + std::chrono::minutes(1));
    EXPECT_FALSE(kept.image.due(kNoon));

    std::vector<std::string> swept;
    const Time now = kNoon + std::chrono::minutes(2);
    while (const auto due = kept.image.due(now)) {
      if (!*due) continue;
      EXPECT_EQ(kept.image.due(now), due) << "until it has ended";
      swept.push_back((*due)->reference_no);
      Command sweep;
      sweep.action = Action::Expire;
      sweep.partner = (*due)->partner;
      sweep.target.reference_no = swept.back();
      kept.run(sweep, now);
    }
    EXPECT_EQ(swept, (std::vector{reference_no(3), reference_no(2)}));
    EXPECT_EQ(kept.image.next_expiry(), kNoon + std::chrono::minutes(3));
  }
}

TEST(RandomKeyHash, DiffersByEveryPartOfAKey) {
  const KeyHash hash = random_key_hash();
  const Key key{Key::By::Call, 57, "ab", "c"};
  EXPECT_EQ(hash(key, 0), hash(key, 0));
  const Key others[] = {{Key::By::TrxId, 57, "ab", "c"},
                        {Key::By::Call, 58, "ab", "c"},
                        {Key::By::Call, 57, "a", "bc"},
                        {Key::By::Call, 57, "ab", "d"}};
  for (const Key& other : others) EXPECT_NE(hash(key, 0), hash(other, 0));
  EXPECT_NE(hash(key, 0), hash(key, 1));
  EXPECT_NE(hash(key, 0), random_key_hash()(key, 0)) << "each has a key of its own";
}

}  // namespace
}  // namespace batal::ledger
