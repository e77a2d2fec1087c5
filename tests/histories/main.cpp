// The proof `histories`: makes histories on real servers and asks the checker to explain each.
//
//   histories [--seed S] [--first N] [--count N] [--workers N] [--stop-at-first]
//             [--answers]
//
// Each worker has a server of its own. Every block of kBlock histories begins with an empty ledger;
// the last of a block kill the server in their middle, and the very last move its clock. Seed and
// number name a history:
// --seed S --first N --count 1 makes its plan again, though not its race.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "histories/checker.h"
#include "histories/plan.h"
#include "histories/stage.h"

namespace batal::histories {
namespace {

constexpr std::uint64_t kBlock = 100;
constexpr std::uint64_t kCrashFrom = 84;
constexpr std::uint64_t kClockFrom = 92;

struct Options {
  std::uint64_t seed = std::random_device()();
  std::uint64_t first = 0;
  std::uint64_t count = 200;
  unsigned workers = 2;
  bool stop_at_first = false;
  bool answers = false;
};

struct Figures {
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  std::uint64_t operations = 0;
  std::uint64_t unknown = 0;  // operations whose outcome nobody told
  std::uint64_t crashes = 0;
  std::uint64_t clocks = 0;
  std::uint64_t states = 0;
  std::uint64_t most_states = 0;
  std::map<std::string, std::uint64_t> answers;  // how often each was heard
};

Sort sort_of(std::uint64_t number) {
  const std::uint64_t place = number % kBlock;
  if (place >= kClockFrom) return Sort::Clock;
  return place >= kCrashFrom ? Sort::Crash : Sort::Plain;
}

class Run {
 public:
  explicit Run(const Options& options)
      : options_(options),
        binary_(testing::binary_under_test("build/release/batal")),
        next_(options.first) {}

  // The exit status.
  int all() {
    fmt::print("seed {}, histories {} to {}\n", options_.seed, options_.first,
               options_.first + options_.count - 1);
    std::fflush(stdout);
    const auto began = std::chrono::steady_clock::now();
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < options_.workers; ++i) workers.emplace_back([this] { work(); });
    for (std::thread& worker : workers) worker.join();
    return report(std::chrono::steady_clock::now() - began);
  }

 private:
  void work() {
    try {
      std::optional<Stage> stage;
      while (const auto block = take_block()) {
        if (stage) {
          stage->begin_afresh();
        } else {
          stage.emplace(binary_);
        }
        make_block(*stage, block->first, block->second);
      }
    } catch (const std::exception& error) {
      const std::lock_guard lock(mutex_);
      fmt::print("{}\n", error.what());
      broken_ = stopped_ = true;
    }
  }

  std::optional<std::pair<std::uint64_t, std::uint64_t>> take_block() {
    const std::lock_guard lock(mutex_);
    const std::uint64_t end = options_.first + options_.count;
    if (stopped_ || next_ >= end) return std::nullopt;
    const std::uint64_t first = next_;
    next_ = std::min(end, (first / kBlock + 1) * kBlock);
    return std::pair{first, next_};
  }

  void make_block(Stage& stage, std::uint64_t first, std::uint64_t end) {
    for (std::uint64_t number = first; number < end && !stopped_; ++number) {
      const Plan plan = make_plan(options_.seed, number, sort_of(number));
      const History history = stage.perform(plan);
      note(plan, history, check(history));
    }
  }

  void note(const Plan& plan, const History& history, const Verdict& verdict) {
    const std::lock_guard lock(mutex_);
    ++(verdict.linearisable ? figures_.passed : figures_.failed);
    figures_.operations += history.size();
    for (const Operation& operation : history) {
      figures_.unknown += operation.known ? 0 : 1;
      if (operation.known) ++figures_.answers[operation.heard.said];
    }
    figures_.crashes += plan.sort == Sort::Crash ? 1 : 0;
    figures_.clocks += plan.sort == Sort::Clock ? 1 : 0;
    figures_.states += verdict.states;
    figures_.most_states = std::max<std::uint64_t>(figures_.most_states, verdict.states);
    if (verdict.linearisable) return;
    fmt::print("history {} of seed {} is not linearisable (--seed {} --first {} --count 1)\n{}\n",
               plan.number, options_.seed, options_.seed, plan.number, describe(history, verdict));
    std::fflush(stdout);
    if (options_.stop_at_first) stopped_ = true;
  }

  int report(std::chrono::duration<double> took) const {
    const std::uint64_t done = figures_.passed + figures_.failed;
    fmt::print(
        "{} operations, {} of unknown outcome; {} histories with a kill, {} with a moved clock; "
        "{} states searched, {} at most in one history; {:.1f} s, {:.0f} histories/s\n",
        figures_.operations, figures_.unknown, figures_.crashes, figures_.clocks, figures_.states,
        figures_.most_states, took.count(), static_cast<double>(done) / took.count());
    for (const auto& [said, count] : figures_.answers) {
      if (options_.answers) fmt::print("{:8} {}\n", count, said);
    }
    if (broken_) fmt::print("the run was broken off\n");
    fmt::print("{} histories passed, {} failed\n", figures_.passed, figures_.failed);
    return figures_.failed == 0 && !broken_ ? 0 : 1;
  }

  const Options options_;
  const std::filesystem::path binary_;
  std::mutex mutex_;  // guards all that follows but stopped_
  std::uint64_t next_;
  Figures figures_;
  bool broken_ = false;
  std::atomic<bool> stopped_ = false;
};

}  // namespace
}  // namespace batal::histories

int main(int argc, char** argv) {
  // The least there is: starts are quick, and segments fill up in the middle of histories.
  ::setenv("BATAL_LEDGER_SEGMENT_BYTES", "4194304", 0);
  batal::histories::Options options;
  CLI::App app("Concurrent histories over HTTP, checked for linearisability");
  app.add_option("--seed", options.seed);
  app.add_option("--first", options.first, "Number of the first history");
  app.add_option("--count", options.count, "How many histories");
  app.add_option("--workers", options.workers, "Each with a server of its own");
  app.add_flag("--answers", options.answers, "Show how often each answer was heard");
  app.add_flag("--stop-at-first", options.stop_at_first, "End with the first that fails");
  CLI11_PARSE(app, argc, argv);
  return batal::histories::Run(options).all();
}
