#include "ledger/embedded/image/image.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "ledger/commands.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/log/record_codec.h"
#include "ledger/test_key.h"

namespace batal::ledger {
namespace {

using payment::Action;
using payment::Command;
using payment::EventPtr;
using payment::Key;
using payment::Record;
using payment::State;
using payment::Time;
using payment::View;
using std::chrono::minutes;

KeyHash good_hash() {
  return key_hash(test_key().key_hash_secret());
}

// Three values for all keys there are.
std::uint64_t poor_hash(const Key& key) {
  return std::hash<std::string_view>{}(key.id) % 3 * 4;
}

// An image over records kept in memory; their number is their offset.
class Kept {
 public:
  explicit Kept(const KeyHash& by)
      : hash(by), image([this](Position position) { return ++reads, records.at(position); }, by) {}

  View see(const Command& command) const {
    const auto seen = image.see(command);
    EXPECT_TRUE(seen.is_whole);
    return seen.view;
  }

  // Decides a command against the image and keeps the record.
  payment::Outcome run(const Command& command, Time now = kNoon) {
    const auto decision = payment::decide(see(command), command, now, {});
    if (decision.record) apply(*decision.record);
    return decision.outcome;
  }

  Link apply(const Record& record) {
    const Link link = keep(record);
    image.apply(record, link);
    return link;
  }

  // As the log would: it can be read from now on.
  Link keep(const Record& record) {
    Link link{.position = {segment, next_++}, .mac = {}};
    link.mac.fill(static_cast<std::uint8_t>(link.position.offset));
    Position previous;
    if (const auto* const event = std::get_if<EventPtr>(&record);
        event != nullptr && (*event)->action != Action::Create)
      previous = image.link_of(*(*event)->transaction).position;
    records.insert({link.position, {record, link.position.offset, previous, link.mac}});
    return link;
  }

  // An index through the present segment that says of these keys that it may have them.
  void seal(const std::vector<Key>& keys) {
    std::vector<std::uint64_t> hashes;
    for (const Key& key : keys) hashes.push_back(slot_of(hash, key));
    auto run = std::make_shared<const Run>(Run{.id = 1,
                                               .level = 0,
                                               .first_segment = 1,
                                               .last_segment = segment,
                                               .keys = hashes.size(),
                                               .seal = 0,
                                               .filter = Filter(hashes)});
    image.use(std::make_shared<const Sealed>(Sealed{segment, {std::move(run)}}));
    ++segment;
  }

  const KeyHash hash;
  std::map<Position, StoredRecord> records;
  std::uint32_t segment = 1;
  int reads = 0;
  Image image;

 private:
  std::uint32_t next_ = 1;
};

// The event that a command leaves of a transaction as it was.
EventPtr next_event(const EventPtr& before, const Command& command) {
  payment::View view;
  view.transaction.push_back({before, before->transaction, std::nullopt});
  return payment::decide(view, command, kNoon, {}).outcome.event;
}

TEST(Image, LosesNoKeyToACollision) {
  Kept kept(poor_hash);
  for (int number = 0; number < 30; ++number) kept.run(create(number));
  for (int number = 0; number < 30; number += 2)
    EXPECT_EQ(kept.run(cancel(number)).result, payment::Outcome::Result::Accepted);
  for (int number = 0; number < 30; ++number) {
    const auto view = kept.see(cancel(number));
    ASSERT_EQ(view.transaction.size(), 1U);
    EXPECT_EQ(view.transaction[0].transaction->reference_no, reference_no(number));
    EXPECT_EQ(view.transaction[0].transaction->state,
              number % 2 ? State::Pending : State::Cancelled);
    EXPECT_EQ(view.identity.event != nullptr, number % 2 == 0) << number;
    const auto by_call = kept.see(cancel_by_call(number, "fresh"));
    EXPECT_EQ(by_call.transaction[0].event->call.external_id, fmt::format("create-{}", number));
    EXPECT_EQ(by_call.transaction[0].transaction->reference_no, reference_no(number));
  }
  EXPECT_FALSE(kept.see(cancel(31)).transaction[0].transaction);
}

// All keys of all records on one hash: of each record too.
TEST(Image, TellsTheKeysOfOneRecordApart) {
  Kept kept([](const Key&) { return std::uint64_t{4}; });
  kept.run(create_va(1, 5));
  kept.run(delete_va(5, "delete"));
  kept.run(create_va(2, 7), kNoon + minutes(1));
  EXPECT_EQ(kept.see(create_va(3, 5)).trx_id.transaction->reference_no, reference_no(1));
  EXPECT_EQ(kept.see(create_va(3, 5)).va_number.transaction->reference_no, reference_no(2));
  EXPECT_EQ(kept.see(query(1)).transaction[0].transaction->state, State::Cancelled);
  EXPECT_EQ(kept.see(delete_va(5, "delete")).identity.event->action, Action::Cancel);
}

TEST(Image, TouchesMemoryOnlyForACancelOfALiveTransaction) {
  Kept kept(good_hash());
  for (int number = 0; number < 10; ++number) kept.run(create(number));
  kept.run(cancel(3));
  EXPECT_EQ(kept.reads, 0);
  kept.run(cancel(3));  // the same call again: read back
  EXPECT_GT(kept.reads, 0);
}

TEST(Image, ShowsATransactionAsItStandsNowBehindEveryKey) {
  Kept kept(good_hash());
  kept.run(create(1));
  kept.run(provider(Action::Pay, 1, "pay"));
  ++kept.segment;
  kept.run(provider(Action::Refund, 1, "refund"));
  const auto view = kept.see(provider(Action::Pay, 1, "pay"));
  EXPECT_EQ(view.identity.event->action, Action::Pay);
  EXPECT_EQ(view.identity.event->transaction->state, State::Paid);
  EXPECT_EQ(view.identity.transaction->state, State::Refunded);
  EXPECT_EQ(view.transaction[0].transaction->state, State::Refunded);
}

TEST(Image, FindsTheNewestUnderACallAndATrxId) {
  Kept kept(good_hash());
  kept.run(cancel_by_call(1, "early"));
  EXPECT_TRUE(kept.see(create(1)).identity.not_found_yet);
  kept.run(delete_va(7, "early va"));
  EXPECT_TRUE(kept.see(create_va(2, 7)).trx_id.not_found_yet);
  const Time later = kNoon + std::chrono::hours(1);
  ++kept.segment;
  kept.run(create(1), later);
  kept.run(create_va(2, 7), later);
  EXPECT_TRUE(kept.see(create(1)).identity.event);
  EXPECT_FALSE(kept.see(create(1)).identity.not_found_yet);
  const auto view = kept.see(create_va(3, 7));
  EXPECT_EQ(view.trx_id.transaction->reference_no, reference_no(2));
  EXPECT_EQ(view.va_number.transaction->reference_no, reference_no(2));
  EXPECT_EQ(view.last_record_at, later);
}

TEST(Image, TellsWhatIsDueInOrderOfExpiry) {
  for (const KeyHash& hash : {good_hash(), KeyHash(poor_hash)}) {
    Kept kept(hash);
    EXPECT_EQ(kept.image.next_expiry(), std::nullopt);
    for (const int minute : {3, 1, 2, 1}) {
      Command command = create(static_cast<int>(kept.records.size()));
      command.valid_until = kNoon + minutes(minute);
      kept.run(command);
    }
    kept.run(cancel(1));
    EXPECT_EQ(kept.image.next_expiry(), kNoon + minutes(1));
    EXPECT_FALSE(kept.image.due(kNoon));

    std::vector<std::string> swept;
    const Time now = kNoon + minutes(2);
    while (const auto due = kept.image.due(now)) {
      if (!*due) continue;
      EXPECT_EQ(*kept.image.due(now).value(), **due) << "until it has ended";
      swept.push_back((*due)->reference_no);
      Command sweep;
      sweep.action = Action::Expire;
      sweep.partner = (*due)->partner;
      sweep.target.reference_no = swept.back();
      kept.run(sweep, now);
    }
    EXPECT_EQ(swept, (std::vector{reference_no(3), reference_no(2)}));
    EXPECT_EQ(kept.image.next_expiry(), kNoon + minutes(3));
    EXPECT_EQ(kept.image.live_count(), 1U);
  }
}

TEST(Image, ReadsLargeTransactionsBackFromTheLog) {
  Kept kept(good_hash());
  Command large = create(1);
  large.draft.details.assign(1000, 'd');
  kept.run(large);
  EXPECT_EQ(kept.reads, 0);
  EXPECT_EQ(kept.see(query(1)).transaction[0].transaction->details, large.draft.details);
  EXPECT_EQ(kept.see(cancel_by_call(1, "x")).transaction[0].transaction->details,
            large.draft.details);
  const auto due = kept.image.due(kNoon + std::chrono::hours(1));
  ASSERT_TRUE(due && *due);
  EXPECT_EQ((*due)->details, large.draft.details);
  EXPECT_EQ(kept.run(cancel(1)).result, payment::Outcome::Result::Accepted);
  EXPECT_EQ(kept.image.live_count(), 0U);
}

// Sealed segments.

TEST(Image, AsksSealedSegmentsOnlyForWhatTheyMayHave) {
  Kept kept(good_hash());
  kept.run(create(1));
  kept.seal({by_call(54, "create-7"), by_call(57, "cancel-7"), by_reference(reference_no(7)),
             by_call(54, "create-1"), by_reference(reference_no(1))});
  const auto check = [&](const Command& command, bool is_whole, const CommandKeys& sealed) {
    EXPECT_EQ(kept.image.see(command).is_whole, is_whole);
    EXPECT_EQ(kept.image.may_be_sealed(command), sealed);
  };
  check(cancel(9), true, {});
  check(cancel(7), false, {by_call(57, "cancel-7"), by_reference(reference_no(7))});
  check(cancel_by_call(7, "fresh"), false, {by_call(54, "create-7")});
  check(cancel(1), true, {by_reference(reference_no(1))});  // it is live
  check(create(1), true, {by_call(54, "create-1")});        // its table is still there
}

TEST(Image, LeavesASegmentToTheIndexOnceItsTableIsDropped) {
  Kept kept(good_hash());
  kept.run(create(1));
  kept.run(cancel(1));
  kept.seal({by_call(54, "create-1"), by_call(57, "cancel-1"), by_reference(reference_no(1))});
  kept.run(create(2));
  kept.run(cancel(2));
  kept.image.drop_tables(0);
  EXPECT_TRUE(kept.see(cancel(1)).identity.event);
  kept.image.drop_tables(1);
  EXPECT_FALSE(kept.image.see(cancel(1)).is_whole);
  EXPECT_EQ(kept.image.may_be_sealed(cancel(1)).size(), 2U);
  EXPECT_TRUE(kept.see(cancel(2)).identity.event) << "of the next segment";
  EXPECT_EQ(kept.image.link_of(*created(1)->transaction), Link{});
}

// What a look-up found of a transaction that was created and paid.
class KnownTest : public ::testing::Test {
 protected:
  LookedUp known(const Key& key, const EventPtr& event, const EventPtr& latest) {
    LookedUp looked_up{.key = key, .standing = {}, .latest = {{1, 77}, {}}};
    looked_up.standing.event = event;
    looked_up.standing.transaction = latest->transaction;
    return looked_up;
  }

  const std::string name = reference_no(1);
  Kept kept{good_hash()};
  const EventPtr creation = created(1);
  const EventPtr payment = next_event(creation, provider(Action::Pay, 1, "pay"));
};

TEST_F(KnownTest, StandsWhereMemoryHasNothing) {
  const Command command = provider(Action::Refund, 1, "refund");
  const LookedUp found[] = {known(by_reference(name), payment, payment)};
  const View view = kept.image.see(command, found);
  EXPECT_EQ(view.transaction[0].transaction->state, State::Paid);
  EXPECT_FALSE(view.identity.event);
  EXPECT_EQ(kept.image.link_of(*payment->transaction, found), found[0].latest);
  EXPECT_EQ(kept.image.link_of(*created(2)->transaction, found), Link{});
  EXPECT_FALSE(kept.image.see(command, {}).transaction[0].transaction);
}

TEST_F(KnownTest, GivesWayToWhatMemoryHasUnderTheKey) {
  kept.segment = 5;
  const EventPtr refund = next_event(payment, provider(Action::Refund, 1, "refund"));
  const Link link = kept.apply(refund);
  const LookedUp found[] = {known(by_reference(name), payment, payment),
                            known(by_call(0, "pay"), payment, payment)};
  const View view = kept.image.see(provider(Action::Pay, 1, "pay"), found);
  EXPECT_EQ(view.identity.event->action, Action::Pay);
  EXPECT_EQ(view.identity.transaction->state, State::Refunded) << "as it stands now";
  EXPECT_EQ(view.transaction[0].transaction->state, State::Refunded);
  EXPECT_EQ(kept.image.link_of(*payment->transaction, found), link);
}

TEST_F(KnownTest, GivesWayToALiveTransaction) {
  const Link link{.position = {1, 9}, .mac = {}};
  kept.image.apply_sealed(creation, link);
  const LookedUp found[] = {known(by_call(54, "create-1"), creation, payment)};
  const View view = kept.image.see(cancel_by_call(1, "x"), found);
  EXPECT_EQ(view.transaction[0].event->action, Action::Create);
  EXPECT_EQ(view.transaction[0].transaction->state, State::Pending);
  EXPECT_EQ(kept.image.link_of(*payment->transaction, found), link);
}

TEST_F(KnownTest, MayBeAWordOfACancel) {
  LookedUp found[] = {{.key = by_call(54, "create-1"), .standing = {}, .latest = {}}};
  found[0].standing.not_found_yet =
      payment::NotFoundYet{kNoon, kNoon + minutes(1), "P1", 54, "create-1", ""};
  EXPECT_TRUE(kept.image.see(create(1), found).identity.not_found_yet);
  kept.apply(creation);
  EXPECT_FALSE(kept.image.see(create(1), found).identity.not_found_yet);
  EXPECT_TRUE(kept.image.see(create(1), found).identity.event);
}

TEST(Image, KnowsTheEndOfEachChain) {
  Kept kept(good_hash());
  const Link creation = kept.apply(created(1));
  EXPECT_EQ(kept.image.link_of(*created(1)->transaction), creation) << "live";
  const EventPtr payment = next_event(created(1), provider(Action::Pay, 1, "pay"));
  const Link paid = kept.apply(payment);
  EXPECT_EQ(kept.image.link_of(*created(1)->transaction), paid) << "in a table";
  EXPECT_EQ(kept.records.at(paid.position).previous, creation.position);
  EXPECT_EQ(kept.image.link_of(*created(2)->transaction), Link{}) << "none";
}

// A start.

TEST(Image, TakesOfSealedRecordsOnlyWhatLives) {
  Kept kept(good_hash());
  kept.image.apply_sealed(created(1), {{1, 10}, {}});
  kept.image.apply_sealed(created(2), {{1, 11}, {}});
  kept.image.apply_sealed(next_event(created(2), cancel(2)), {{1, 12}, {}});
  kept.image.apply_sealed(payment::TimeMark{kNoon + minutes(3)}, {{1, 13}, {}});
  EXPECT_EQ(kept.image.live_count(), 1U);
  EXPECT_EQ(kept.image.last_record_at(), kNoon + minutes(3));
  EXPECT_TRUE(kept.see(query(1)).transaction[0].transaction);
  EXPECT_FALSE(kept.see(query(2)).transaction[0].transaction);
  EXPECT_FALSE(kept.see(create(1)).identity.event) << "the index knows";
  EXPECT_EQ(kept.image.link_of(*created(1)->transaction).position, (Position{1, 10}));
}

TEST(Image, TakesLiveTransactionsFromASnapshot) {
  Kept kept(good_hash());
  Bytes encoded;
  encode(*created(1)->transaction, encoded);
  kept.image.load_live(encoded, {{1, 10}, {}});
  kept.image.load_time(kNoon + minutes(3));
  kept.image.load_time(kNoon);
  EXPECT_EQ(*kept.see(query(1)).transaction[0].transaction, *created(1)->transaction);
  EXPECT_EQ(kept.image.last_record_at(), kNoon + minutes(3));
  EXPECT_EQ(kept.image.next_expiry(), created(1)->transaction->expires_at);
  EXPECT_EQ(kept.run(cancel(1)).result, payment::Outcome::Result::Accepted);
  EXPECT_EQ(kept.image.live_count(), 0U);
  kept.image.load_live(encoded, {{1, 10}, {}});
  kept.image.forget_live();
  EXPECT_EQ(kept.image.live_count(), 0U);
  EXPECT_EQ(kept.image.next_expiry(), std::nullopt);
  encoded.pop_back();
  EXPECT_THROW(kept.image.load_live(encoded, {}), LedgerError);
}

TEST(AllKeys, AreTheCommandsIdentityTargetAndVirtualAccount) {
  EXPECT_EQ(all_keys(cancel(1)),
            (CommandKeys{by_call(57, "cancel-1"), by_reference(reference_no(1))}));
  EXPECT_EQ(all_keys(create_va(1, 5)),
            (CommandKeys{by_call(27, "create-1"), Key{Key::By::TrxId, 0, "P1", "trx-5"},
                         Key{Key::By::VaNumber, 0, "P1", "   123451"}}));
  EXPECT_EQ(all_keys(query(1)), CommandKeys{by_reference(reference_no(1))});
}

TEST(KeyHash, DiffersByEveryPartOfAKey) {
  const KeyHash hash = good_hash();
  const Key key{Key::By::Call, 57, "ab", "c"};
  EXPECT_EQ(hash(key), good_hash()(key));
  const Key others[] = {{Key::By::TrxId, 57, "ab", "c"},
                        {Key::By::Call, 58, "ab", "c"},
                        {Key::By::Call, 57, "a", "bc"},
                        {Key::By::Call, 57, "ab", "d"}};
  for (const Key& other : others) EXPECT_NE(hash(key), hash(other));
  EXPECT_NE(hash(key), key_hash(HashSecret{})(key)) << "each has a secret of its own";
}

}  // namespace
}  // namespace batal::ledger
