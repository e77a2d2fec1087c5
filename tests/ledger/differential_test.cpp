// The running ledger against the model: random commands on few transactions, restarts, clocks that
// jump, writes and syncs that fail, power cuts. A failure names its seed; what threads did in
// between is not part of it. --gtest_random_seed=N tells the stories from seed N on.
#include <gtest/gtest.h>

#include <random>

#include "ledger/collector.h"
#include "ledger/commands.h"
#include "ledger/embedded/embedded_ledger.h"
#include "ledger/embedded/reader.h"
#include "ledger/model.h"
#include "ledger/simulated_disk.h"

namespace batal::ledger {
namespace {

using payment::Action;
using payment::Command;
using payment::EventPtr;
using payment::Outcome;
using payment::Time;

const Path kFolder = "/ledger";

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  int roll(int sides) { return static_cast<int>(engine_() % static_cast<unsigned>(sides)); }

 private:
  std::mt19937_64 engine_;
};

// Few transactions, few external ids: most commands meet what others left.
Command any_command(Dice& dice, int& next_number) {
  const int number = dice.roll(6);
  const std::string external_id = fmt::format("call-{}", dice.roll(12));
  Command command;
  switch (dice.roll(9)) {
    case 0:
    case 1:
      command = create(number);
      break;
    case 2:
      command = create_va(100 + next_number++, number);
      break;
    case 3:
      command = cancel(number, external_id);
      break;
    case 4:
      command = cancel_by_call(number, external_id);
      break;
    case 5:
      command = delete_va(number, external_id);
      break;
    case 6:
      command = provider(dice.roll(2) == 0 ? Action::Pay : Action::Refund, number, external_id);
      break;
    case 7:
      command = query(number);
      break;
    default:
      command = cancel_by_call(number, "");
      command.action = Action::Query;
      command.call = {};
      command.target.external_id = external_id;
  }
  if (dice.roll(20) == 0) command.call.fingerprint.fill(1);
  if (dice.roll(30) == 0) command.partner = "P2";
  return command;
}

bool same(const Outcome& a, const Outcome& b) {
  const bool same_event = (!a.event && !b.event) || (a.event && b.event && *a.event == *b.event);
  const auto reference = [](const Outcome& outcome) {
    return outcome.transaction ? outcome.transaction->reference_no : "";
  };
  return a.result == b.result && a.refusal == b.refusal && a.state == b.state && same_event &&
         reference(a) == reference(b);
}

std::string told_of(const Outcome& outcome) {
  const auto at = [&] { return outcome.event->at.time_since_epoch().count(); };
  return fmt::format(
      "result {}, refusal {}, state {}, event {}, transaction {}", static_cast<int>(outcome.result),
      name_of(outcome.refusal), name_of(outcome.state),
      outcome.event ? fmt::format("{} at {}", name_of(outcome.event->action), at()) : "none",
      outcome.transaction ? outcome.transaction->reference_no : "none");
}

// Mostly collisions, and yet a way out of each.
std::uint64_t poor_hash(const payment::Key& key, std::uint32_t tweak) {
  return (tweak * 5 + std::hash<std::string_view>{}(key.id) % 5) * 4;
}

class Story {
 public:
  explicit Story(std::uint64_t seed) : dice_(seed), disk_(seed) {
    open();
    settle();
  }

  void step() {
    move_clock();
    if (dice_.roll(8) == 0) restart();
    std::vector<Command> commands;
    for (int count = 1 + dice_.roll(20); count > 0; --count)
      commands.push_back(any_command(dice_, next_number_));
    Calls calls(std::move(commands));
    calls.run(*ledger_);
    for (std::size_t i = 0; i < calls.size(); ++i) {
      EXPECT_TRUE(calls[i].verdict == Verdict::Decided);
      compare(calls[i]);
    }
    model_.sweep(clock_);
  }

  // One call among the next few fails; whatever was told is in the log after the power cut.
  void step_with_fault() {
    disk_.fail_at(1 + static_cast<std::uint64_t>(dice_.roll(12)), dice_.roll(2) == 0 ? 1 : 1000);
    std::vector<EventPtr> told;
    for (int round = 0; round < 5; ++round) {
      Calls calls({any_command(dice_, next_number_), any_command(dice_, next_number_)});
      calls.run(*ledger_);
      for (std::size_t i = 0; i < calls.size(); ++i) {
        if (calls[i].verdict == Verdict::Decided) compare(calls[i]);
        if (calls[i].outcome.event) told.push_back(calls[i].outcome.event);
      }
      model_.sweep(clock_);
    }
    ledger_.reset();
    disk_.heal();
    disk_.crash();
    open();
    rebuild_model(told);
    settle();
  }

 private:
  void move_clock() {
    if (dice_.roll(3) > 0) clock_ += std::chrono::seconds(dice_.roll(400));
    if (dice_.roll(10) == 0) clock_ -= std::chrono::seconds(dice_.roll(2000));
    if (dice_.roll(200) == 0) clock_ += std::chrono::days(7);
    ledger_clock_ = clock_;
  }

  void restart() {
    ledger_.reset();
    if (dice_.roll(2) == 0) disk_.crash();
    open();
    model_.restart();
  }

  void open() {
    EmbeddedOptions options;
    options.log = {.folder = kFolder,
                   .mode = Mode::Production,
                   .segment_bytes = kSegmentHeaderBytes + 8192,
                   .batch_bytes_max = 4096,
                   .record_bytes_max = 1024};
    options.clock = [this] { return ledger_clock_.load(); };
    if (dice_.roll(2) == 0) options.key_hash = poor_hash;
    ledger_ = std::make_unique<EmbeddedLedger>(std::move(options), disk_);
    ledger_->start();
  }

  // A ledger that has just started looks at the clock at once; so must the model before it moves.
  void settle() {
    Calls calls({query(0)});
    compare(calls.run(*ledger_)[0]);
    model_.sweep(clock_);
  }

  void compare(const Submission& submission) {
    const Outcome expected = model_.run(submission.command, clock_);
    EXPECT_TRUE(same(submission.outcome, expected))
        << name_of(submission.command.action) << ": told " << told_of(submission.outcome)
        << "; expected " << told_of(expected);
  }

  void rebuild_model(const std::vector<EventPtr>& told) {
    model_ = {};
    std::vector<EventPtr> kept;
    for (Reader reader(kFolder, disk_); const auto entry = reader.next();) {
      model_.apply(entry->record);
      if (const auto* event = std::get_if<EventPtr>(&entry->record)) kept.push_back(*event);
    }
    for (const auto& event : told)
      EXPECT_TRUE(std::ranges::any_of(kept, [&](const auto& other) { return *other == *event; }));
  }

  Dice dice_;
  SimulatedDisk disk_;
  Model model_;
  Time clock_ = kNoon;
  std::atomic<Time> ledger_clock_ = kNoon;
  int next_number_ = 0;
  std::unique_ptr<EmbeddedLedger> ledger_;
};

// Tells stories from some seed on, up to the first that goes wrong.
void tell(const std::function<void(Story&)>& story) {
  constexpr std::uint64_t kStories = 100;
  const int wanted = ::testing::UnitTest::GetInstance()->random_seed();
  const std::uint64_t begin =
      wanted != 0 ? static_cast<std::uint64_t>(wanted) : std::random_device{}() % 90'000 + 1;
  for (std::uint64_t seed = begin; seed < begin + kStories; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Story told(seed);
    story(told);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Differential, AnswersAsTheModelDoes) {
  tell([](Story& story) {
    for (int step = 0; step < 20; ++step) story.step();
  });
}

TEST(Differential, AnswersAsTheModelDoesAfterEveryFault) {
  tell([](Story& story) {
    for (int step = 0; step < 5; ++step) {
      story.step();
      story.step_with_fault();
    }
    story.step();
  });
}

}  // namespace
}  // namespace batal::ledger
