// The running ledger against the model: random commands on few transactions, restarts, clocks that
// jump, writes and syncs that fail, power cuts, a lost or damaged index or snapshot. All of it
// comes from one seed, but for what threads do in between.
//
// Complaints go to a function of the teller's, so that tests and proofs can both tell stories.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ledger/collector.h"
#include "ledger/commands.h"
#include "ledger/embedded/embedded_ledger.h"
#include "ledger/embedded/log/record_codec.h"
#include "ledger/embedded/reader.h"
#include "ledger/model.h"
#include "ledger/simulated_disk.h"
#include "ledger/test_key.h"
#include "support/temp_folder.h"

namespace batal::ledger {

inline const Path kStoryFolder = "/ledger";

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  int roll(int sides) { return static_cast<int>(engine_() % static_cast<unsigned>(sides)); }

 private:
  std::mt19937_64 engine_;
};

// Few transactions, few external ids: most commands meet what others left. Their numbers begin at
// `first`: when a week has passed there are others, for an identity that has lapsed may create
// again, but never under a reference number that was used.
inline payment::Command any_command(Dice& dice, int first, int& next_number) {
  using payment::Action;
  const int number = first + dice.roll(6);
  const std::string external_id = fmt::format("call-{}", dice.roll(12));
  payment::Command command;
  switch (dice.roll(9)) {
    case 0:
    case 1:
      command = create(number);
      break;
    case 2:
      command = create_va(1'000'000 + next_number++, number);
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

inline bool same(const payment::Outcome& a, const payment::Outcome& b) {
  const bool same_event = (!a.event && !b.event) || (a.event && b.event && *a.event == *b.event);
  const auto reference = [](const payment::Outcome& outcome) {
    return outcome.transaction ? outcome.transaction->reference_no : "";
  };
  return a.result == b.result && a.refusal == b.refusal && a.state == b.state && same_event &&
         reference(a) == reference(b);
}

inline std::string told_of(const payment::Outcome& outcome) {
  const auto at = [&] { return outcome.event->at.time_since_epoch().count(); };
  return fmt::format(
      "result {}, refusal {}, state {}, event {}, transaction {}", static_cast<int>(outcome.result),
      name_of(outcome.refusal), name_of(outcome.state),
      outcome.event ? fmt::format("{} at {}", name_of(outcome.event->action), at()) : "none",
      outcome.transaction ? outcome.transaction->reference_no : "none");
}

// Mostly collisions.
inline std::uint64_t poor_hash(const payment::Key& key) {
  return std::hash<std::string_view>{}(key.id) % 5 * 4;
}

class Story {
 public:
  using Complain = std::function<void(const std::string&)>;

  Story(std::uint64_t seed, Complain complain)
      : dice_(seed),
        disk_(seed),
        complain_(std::move(complain)),
        has_poor_hash_(dice_.roll(2) == 0) {
    rules_.transaction_kept =
        dice_.roll(2) == 0 ? std::optional(rules_.identity_kept) : std::nullopt;
    model_ = Model(rules_);
    open();
    settle();
  }

  std::uint64_t commands() const { return commands_; }
  SimulatedDisk& disk() { return disk_; }

  // Some commands at once, all answered as by the model; at times a restart before.
  void step() {
    move_clock();
    if (dice_.roll(8) == 0) restart();
    run(1 + dice_.roll(dice_.roll(20) == 0 ? 200 : 20));
  }

  // What the disk does wrong, from some call of a kind on.
  struct Fault {
    enum class Kind : std::uint8_t {
      PowerCut,      // no changing call succeeds any more
      ChangingCall,  // one write, sync, open for creating, rename or remove fails
      ReadingCall,   // one read, open for reading or listing fails
    };
    Kind kind;
    std::uint64_t call;  // 1: the next

    void happen_to(SimulatedDisk& disk) const {
      constexpr std::uint64_t kForEver = std::uint64_t{1} << 40;
      if (kind == Kind::ReadingCall)
        disk.fail_reading_at(call);
      else
        disk.fail_at(call, kind == Kind::PowerCut ? kForEver : 1);
    }
  };

  // Calls, and a fault among them; then the power fails, and whatever was told is in the log.
  // Whether the fault was met at all.
  bool step_with(const Fault& fault) {
    fault.happen_to(disk_);
    for (int round = 0; round < 5; ++round) run(2);
    const bool met = disk_.has_failed();
    restart_after_power_cut();
    return met;
  }

  // The same during a start.
  bool start_with(const Fault& fault) {
    ledger_.reset();
    disk_.crash();
    fault.happen_to(disk_);
    try {
      open();
    } catch (const LedgerError&) {
      // The start says what is wrong; the next one, on a disk that is well again, succeeds.
    }
    const bool met = disk_.has_failed();
    restart_after_power_cut();
    return met;
  }

  void step_with_some_fault() {
    const auto kind = static_cast<Fault::Kind>(dice_.roll(3));
    const Fault fault{kind, 1 + static_cast<std::uint64_t>(dice_.roll(12))};
    dice_.roll(3) == 0 ? start_with(fault) : step_with(fault);
  }

  // The power fails; whatever was told is there.
  void restart_after_power_cut() {
    ledger_.reset();
    disk_.heal();
    disk_.crash();
    open();
    check_told();
    check_chains();
    settle();
  }

 private:
  void run(int count) {
    std::vector<payment::Command> commands;
    for (; count > 0; --count) commands.push_back(any_command(dice_, first_number_, next_number_));
    Calls calls(std::move(commands));
    calls.run(*ledger_);
    commands_ += calls.size();
    // Calls that share no key may overtake each other: they count in the order of their decisions.
    for (const auto& delivery : calls.collector.deliveries())
      for (const Submission* submission : delivery) note(*submission);
    model_.sweep(clock_);
  }

  void note(const Submission& submission) {
    if (submission.verdict == Verdict::Decided) {
      compare(submission);
      if (submission.outcome.event) told_.push_back(submission.outcome.event);
    } else if (!disk_.has_failed()) {
      complain_(fmt::format("verdict {} without a fault", static_cast<int>(submission.verdict)));
    }
  }

  void move_clock() {
    if (dice_.roll(3) > 0) clock_ += std::chrono::seconds(dice_.roll(400));
    if (dice_.roll(10) == 0) clock_ -= std::chrono::seconds(dice_.roll(2000));
    if (dice_.roll(60) == 0) {
      clock_ += std::chrono::days(7 + dice_.roll(14));
      first_number_ += 10;
    }
    ledger_clock_ = clock_;
  }

  void restart() {
    ledger_.reset();
    check_chains();
    if (dice_.roll(2) == 0) disk_.crash();
    harm_what_is_derived();
    open();
    model_.restart();
  }

  // Index and snapshot are worth nothing: they may be lost, or damaged, at any time.
  void harm_what_is_derived() {
    const Path snapshot = kStoryFolder / kSnapshotName;
    if (dice_.roll(4) == 0) Index::remove(index_file());
    if (dice_.roll(4) == 0) static_cast<void>(disk_.remove(snapshot));
    if (dice_.roll(4) == 0 && disk_.has(snapshot)) {
      Bytes content = disk_.content(snapshot);
      content[static_cast<std::size_t>(dice_.roll(static_cast<int>(content.size())))] ^= 1;
      disk_.put(snapshot, std::move(content));
    }
  }

  Path index_file() const { return folder_ / "index.sqlite"; }

  void open() {
    EmbeddedOptions options{.audit_key = test_key()};
    options.log = {.folder = kStoryFolder,
                   .mode = Mode::Production,
                   .segment_bytes = kSegmentHeaderBytes + 8192,
                   .batch_bytes_max = 4096,
                   .record_bytes_max = 1024};
    options.index_file = index_file();
    options.snapshot_segments = static_cast<std::uint32_t>(1 + dice_.roll(10));
    options.checkpoint_every = std::chrono::milliseconds(dice_.roll(2) == 0 ? 1 : 60'000);
    options.look_ups_together = dice_.roll(2) == 0 ? 1 : 64;
    options.rules = rules_;
    options.clock = [this] { return ledger_clock_.load(); };
    if (has_poor_hash_) options.key_hash = poor_hash;
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
    const payment::Outcome expected = model_.run(submission.command, clock_);
    if (same(submission.outcome, expected)) return;
    complain_(fmt::format("{}: told {}; expected {}", name_of(submission.command.action),
                          told_of(submission.outcome), told_of(expected)));
  }

  // Every record bears its MAC, every event names the one before it in its transaction, and nothing
  // expires that had ended, even where the end has been pruned.
  void check_chains() {
    Macs macs(test_key());
    std::map<std::pair<std::string, std::string>, Link> newest;
    Reader reader(kStoryFolder, disk_);
    while (const auto entry = reader.next()) {
      const StoredRecord& stored = entry->stored;
      Link previous;
      if (const auto* event = std::get_if<EventPtr>(&stored.record)) {
        const auto& transaction = *(*event)->transaction;
        if (!is_live(transaction.state)) {
          const auto end =
              ends_.try_emplace({transaction.partner, transaction.reference_no}, stored.sequence)
                  .first;
          if ((*event)->action == payment::Action::Expire && end->second != stored.sequence)
            complain_(fmt::format("record {} expires what had ended", stored.sequence));
        }
        auto& last = newest[{transaction.partner, transaction.reference_no}];
        previous = std::exchange(last, {entry->position, stored.mac});
        const bool is_known = previous.position.segment != 0 || reader.pruned().empty();
        if (!is_known && stored.previous.segment != 0) continue;  // it leads into a pruned segment
      }
      Bytes record;
      encode(stored.record, record);
      if (stored.previous != previous.position)
        complain_(fmt::format("record {} names a wrong one before it", stored.sequence));
      if (stored.mac != macs.of(stored.sequence, previous.mac, record))
        complain_(fmt::format("record {} has a wrong MAC", stored.sequence));
    }
  }

  // What was told since the last time is in the log, and the log is what the model goes on from.
  void check_told() {
    model_ = Model(rules_);
    std::vector<EventPtr> kept;
    for (Reader reader(kStoryFolder, disk_); const auto entry = reader.next();) {
      model_.apply(entry->stored.record);
      if (const auto* event = std::get_if<EventPtr>(&entry->stored.record)) kept.push_back(*event);
    }
    for (const auto& event : told_)
      if (!std::ranges::any_of(kept, [&](const auto& other) { return *other == *event; }))
        complain_(fmt::format("{} of {} was told and is lost", name_of(event->action),
                              event->transaction->reference_no));
    told_.clear();
  }

  using EventPtr = payment::EventPtr;

  const testing::TempFolder folder_;
  Dice dice_;
  SimulatedDisk disk_;
  const Complain complain_;
  const bool has_poor_hash_;
  payment::Rules rules_;
  Model model_;
  payment::Time clock_ = kNoon;
  std::atomic<payment::Time> ledger_clock_ = kNoon;
  int first_number_ = 0;
  int next_number_ = 0;
  std::uint64_t commands_ = 0;
  std::vector<EventPtr> told_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> ends_;  // by transaction: sequences
  std::unique_ptr<EmbeddedLedger> ledger_;
};

}  // namespace batal::ledger
