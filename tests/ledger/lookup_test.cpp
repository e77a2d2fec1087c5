#include "ledger/embedded/lookup.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "ledger/caught_log.h"
#include "ledger/embedded/index/sqlite.h"
#include "ledger/keeper_fixture.h"

namespace batal::ledger {
namespace {

using payment::Action;
using payment::Key;
using payment::State;
using std::chrono::minutes;

class LookupTest : public KeeperFixture {
 protected:
  ~LookupTest() override {
    if (keeper) keeper->stop();
  }

  // A start on the log as it is, and a look-up on it.
  void start() { start(options.index_file); }
  void start(const Path& index) {
    lookup.reset();
    open();
    commit();
    keeper->start();
    lookup = std::make_unique<Lookup>(disk, kLedgerFolder, index, hash, *keeper, 64, [this] {
      const std::lock_guard lock(mutex);
      called = true;
      answered.notify_one();
    });
  }

  // The next so many questions that come back.
  std::vector<Question*> take(std::size_t count) {
    std::vector<Question*> taken;
    lookup->take(taken);
    while (taken.size() < count) {
      {
        std::unique_lock lock(mutex);
        const bool came =
            answered.wait_for(lock, std::chrono::minutes(1), [this] { return called; });
        if (!came) break;
        called = false;
      }
      lookup->take(taken);
    }
    return taken;
  }

  Question& asked(CommandKeys keys) {
    Question& question = questions.emplace_back();
    question.keys = std::move(keys);
    question.through = through();
    Question* const pointer = &question;
    lookup->ask({&pointer, 1});
    EXPECT_EQ(take(1), std::vector{&question});
    return question;
  }

  // What is known under one key.
  LookedUp look_up(const Key& key) {
    const Question& question = asked({key});
    EXPECT_FALSE(question.failed);
    EXPECT_EQ(question.answers.size(), 1U);
    EXPECT_EQ(question.answers[0].key, key);
    return question.answers[0];
  }

  std::deque<Question> questions;
  std::mutex mutex;
  std::condition_variable answered;
  bool called = false;
  std::unique_ptr<Lookup> lookup;
};

TEST_F(LookupTest, FindsTheNewestRecordUnderAKeyAndItsTransactionAsItStands) {
  log.add(payment::NotFoundYet{kNoon, kNoon + minutes(9), "P1", 54, "create-1", ""});
  log.seal();
  log.run(create(1));
  log.seal();
  const auto paid = log.run(provider(Action::Pay, 1, "pay"));
  log.seal();
  log.run(provider(Action::Refund, 1, "refund"));
  const Link refund = log.newest(paid);
  log.seal();
  log.run(create(2));
  start();
  ASSERT_EQ(through(), 4U);

  const LookedUp by_id = look_up(by_call(54, "create-1"));
  EXPECT_EQ(by_id.standing.event->action, Action::Create);
  EXPECT_EQ(by_id.standing.transaction->state, State::Refunded);
  EXPECT_EQ(by_id.latest, refund);
  EXPECT_FALSE(by_id.standing.not_found_yet);
  const LookedUp by_pay = look_up(by_call(0, "pay"));
  EXPECT_EQ(by_pay.standing.event->action, Action::Pay);
  EXPECT_EQ(by_pay.standing.event->transaction->state, State::Paid);
  EXPECT_EQ(by_pay.standing.transaction->state, State::Refunded);
  EXPECT_EQ(by_pay.latest, refund);
  const LookedUp by_name = look_up(by_reference(reference_no(1)));
  EXPECT_EQ(by_name.standing.event->action, Action::Refund);
  EXPECT_EQ(by_name.standing.transaction->state, State::Refunded);
  EXPECT_EQ(by_name.latest, refund);
  for (const Key& absent : {by_call(54, "create-2"), by_reference(reference_no(2))}) {
    const LookedUp nothing = look_up(absent);
    EXPECT_FALSE(nothing.standing.event || nothing.standing.transaction ||
                 nothing.standing.not_found_yet);
    EXPECT_EQ(nothing.latest, Link{});
  }
}

TEST_F(LookupTest, FindsTheWordOfACancel) {
  const payment::NotFoundYet word{kNoon, kNoon + minutes(9), "P1", 54, "create-1", ""};
  log.add(word);
  log.seal();
  start();
  EXPECT_EQ(look_up(by_call(54, "create-1")).standing.not_found_yet, word);
}

TEST_F(LookupTest, FindsVirtualAccountsByTheirNumberAndTrxId) {
  log.run(create_va(1, 5));
  log.run(delete_va(5, "x"));
  log.seal();
  log.run(create_va(2, 7), kNoon + minutes(1));
  log.run(delete_va(7, "y"), kNoon + minutes(1));
  log.seal();
  start();
  const LookedUp trx = look_up({Key::By::TrxId, 0, "P1", "trx-5"});
  EXPECT_EQ(trx.standing.transaction->reference_no, reference_no(1));
  EXPECT_EQ(trx.standing.transaction->state, State::Cancelled);
  const LookedUp number = look_up({Key::By::VaNumber, 0, "P1", "   123451"});
  EXPECT_EQ(number.standing.transaction->reference_no, reference_no(2));
}

TEST_F(LookupTest, AnswersInTheOrderOfAsking) {
  constexpr std::size_t kCount = 1'000;
  for (int number = 0; number < 50; ++number) add_segment(number);
  start();
  std::vector<std::string> names;
  for (int number = 0; number < 50; ++number) names.push_back(reference_no(number));
  std::vector<Question*> pointers;
  for (std::size_t i = 0; i < kCount; ++i) {
    Question& question = questions.emplace_back();
    question.through = 50;
    if (i % 3 != 0) question.keys = {by_reference(names[i * 7 % 50])};
    pointers.push_back(&question);
  }
  for (std::size_t i = 0; i < kCount; i += 100) lookup->ask(std::span(pointers).subspan(i, 100));
  EXPECT_EQ(take(kCount), pointers);
  for (std::size_t i = 0; i < kCount; ++i) {
    ASSERT_EQ(pointers[i]->answers.size(), i % 3 != 0 ? 1U : 0U);
    EXPECT_FALSE(pointers[i]->failed);
    if (i % 3 == 0) continue;
    EXPECT_EQ(pointers[i]->answers[0].standing.transaction->reference_no, names[i * 7 % 50]);
  }
}

TEST_F(LookupTest, GivesOneAnswerForEachKey) {
  add_segment(1);
  add_segment(2);
  start();
  const Question& question =
      asked({by_call(57, "cancel-2"), by_call(57, "cancel-9"), by_reference(reference_no(1))});
  ASSERT_EQ(question.answers.size(), 3U);
  EXPECT_EQ(question.answers[0].standing.transaction->reference_no, reference_no(2));
  EXPECT_FALSE(question.answers[1].standing.event);
  EXPECT_EQ(question.answers[2].standing.transaction->reference_no, reference_no(1));
}

TEST_F(LookupTest, LosesNoKeyToACollision) {
  hash = [](const Key& key) { return std::hash<std::string_view>{}(key.id) % 3 * 4; };
  for (int number = 0; number < 30; ++number) add_segment(number);
  start();
  for (int number = 0; number < 30; ++number) {
    const std::string name = reference_no(number);
    const std::string creation = fmt::format("create-{}", number);
    EXPECT_EQ(look_up(by_reference(name)).standing.transaction->reference_no, name);
    const LookedUp by_creation = look_up(by_call(54, creation));
    EXPECT_EQ(by_creation.standing.event->call.external_id, creation);
    EXPECT_EQ(by_creation.standing.transaction->state, State::Cancelled);
  }
  EXPECT_FALSE(look_up(by_call(54, "create-30")).standing.event);
}

// Whatever an index says of them, they are as if they had never been.
TEST_F(LookupTest, FindsNothingOfAPrunedSegment) {
  add_segment(1);
  add_segment(2);
  start();
  write_attestation(
      disk, kLedgerFolder,
      {.ledger = log.format.id, .facts = {.number = 1, .digest = {}}, .pruned_at = {}}, log.key);
  ASSERT_TRUE(disk.remove(segment_path(1)));
  EXPECT_FALSE(look_up(by_call(54, "create-1")).standing.event);
  EXPECT_FALSE(look_up(by_reference(reference_no(1))).standing.transaction);
  EXPECT_TRUE(look_up(by_reference(reference_no(2))).standing.transaction);
}

TEST_F(LookupTest, KnowsNothingWhereARecordCannotBeRead) {
  const CaughtLog caught;
  add_segment(1);
  add_segment(2);
  start();
  const Bytes whole = disk.content(segment_path(1));
  Bytes broken = whole;
  broken[log.entries[1].link.position.offset + kFrameHeaderBytes] ^= 1;
  disk.put(segment_path(1), broken);
  EXPECT_TRUE(asked({by_reference(reference_no(1))}).failed);
  EXPECT_FALSE(asked({by_reference(reference_no(2))}).failed) << "others are answered";
  EXPECT_FALSE(asked({}).failed);
  lookup->stop();
  EXPECT_NE(caught.text().find("error ledger: a record cannot be read, its call gets no answer: "
                               "/ledger/0000000001.segment is corrupt: the record at byte "),
            std::string::npos);
}

TEST_F(LookupTest, AsksAgainOnceADamagedIndexIsMadeAnew) {
  const CaughtLog caught;
  for (const int number : {1, 2, 3}) add_segment(number);
  start();
  EXPECT_TRUE(look_up(by_reference(reference_no(2))).standing.transaction);
  const std::uint64_t generation = keeper->indexed().generation;
  Database(options.index_file, Database::Use::Writing)
      .run("UPDATE chunks_2 SET entries = zeroblob(length(entries))");
  EXPECT_EQ(look_up(by_reference(reference_no(2))).standing.transaction->state, State::Cancelled);
  EXPECT_EQ(keeper->indexed().generation, generation + 1);
  EXPECT_EQ(look_up(by_reference(reference_no(3))).standing.transaction->state, State::Cancelled);
  EXPECT_EQ(keeper->indexed().generation, generation + 1) << "once is enough";
}

// The keeper can open it, the look-up cannot: as with no descriptors left.
TEST_F(LookupTest, GivesUpWhereTheIndexCannotBeOpened) {
  const CaughtLog caught;
  add_segment(1);
  start(index_folder / "none.sqlite");
  EXPECT_TRUE(asked({by_call(54, "create-1")}).failed);
  EXPECT_TRUE(asked({by_call(54, "create-1")}).failed);
  EXPECT_FALSE(asked({}).failed);
}

TEST_F(LookupTest, LeavesUnansweredWhatItIsStoppedBefore) {
  const CaughtLog caught;
  add_segment(1);
  start();
  const std::string name = reference_no(1);
  Question question;
  question.keys = {by_reference(name)};
  question.through = 99;  // which never comes
  Question* const pointer = &question;
  lookup->ask({&pointer, 1});
  keeper->stop();
  lookup->stop();
  std::vector<Question*> taken;
  lookup->take(taken);
  EXPECT_TRUE(taken.empty() || question.failed);
}

}  // namespace
}  // namespace batal::ledger
