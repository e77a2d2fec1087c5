// Three proofs of the embedded ledger over a simulated disk, told as stories (ledger/story.h):
//
//   model      random commands, restarts, lost indexes: answers are the model's
//   powerloss  the power fails at every call of a flow that changes the disk, and at every one of a
//              start: what was not synced is dropped, torn and reordered, and nothing told is lost
//   calls      every single call of a flow fails once, those that read included
//
//   ledger_proof NAME --count N [--seed S]
//
// N is commands for model, points for powerloss, and flows for calls. Prints the seed first and the
// figures last; a failure names the seed, and for the latter two the point, that repeat it. What
// the ledger's threads do in between is not part of a seed.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <random>

#include "ledger/story.h"

namespace batal::ledger {
namespace {

using Kind = Story::Fault::Kind;

struct Proof {
  std::uint64_t count = 0;
  std::uint64_t seed = 0;
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;

  // Tells one story, and counts it.
  template <class Tell>
  void attempt(const std::string& name, std::uint64_t story_seed, Tell tell) {
    std::string complaints;
    {
      Story story(story_seed, [&](const std::string& complaint) {
        complaints += fmt::format("  {}\n", complaint);
      });
      tell(story);
    }
    if (complaints.empty()) {
      ++passed;
      return;
    }
    ++failed;
    fmt::print("FAILED {}\n{}", name, complaints);
    std::fflush(stdout);
  }
};

void prove_model(Proof& proof) {
  std::uint64_t commands = 0;
  for (std::uint64_t seed = proof.seed; commands < proof.count; ++seed) {
    // Some are so long that what is pruned, indexed and in the snapshot differs.
    const int steps = seed % 4 == 0 ? 200 : 30;
    proof.attempt(fmt::format("seed {}", seed), seed, [&](Story& story) {
      for (int step = 0; step < steps; ++step) story.step();
      commands += story.commands();
    });
  }
  fmt::print("{} commands in {} stories\n", commands, proof.passed + proof.failed);
}

// Lets a fault happen at each call of a flow in turn, until it is no longer met. False: enough.
template <class Tell>
bool each_call(Proof& proof, Kind kind, std::uint64_t seed, std::string_view when,
               std::uint64_t points_max, Tell tell) {
  for (std::uint64_t call = 1;; ++call) {
    if (proof.passed + proof.failed >= points_max) return false;
    bool met = false;
    proof.attempt(
        fmt::format("seed {}, {} of kind {} at call {}", seed, when, static_cast<int>(kind), call),
        seed, [&](Story& story) {
          story.step();
          met = tell(story, Story::Fault{kind, call});
          story.step();
        });
    if (!met) return true;
  }
}

bool prove_flow(Proof& proof, Kind kind, std::uint64_t seed, std::uint64_t points_max) {
  const auto during_calls = [](Story& story, const Story::Fault& fault) {
    return story.step_with(fault);
  };
  const auto during_start = [](Story& story, const Story::Fault& fault) {
    return story.start_with(fault);
  };
  return each_call(proof, kind, seed, "a fault during calls", points_max, during_calls) &&
         each_call(proof, kind, seed, "a fault during a start", points_max, during_start);
}

void prove_powerloss(Proof& proof) {
  std::uint64_t seed = proof.seed;
  while (prove_flow(proof, Kind::PowerCut, seed, proof.count)) ++seed;
  fmt::print("{} points in the flows of seeds {} to {}\n", proof.passed + proof.failed, proof.seed,
             seed);
}

void prove_calls(Proof& proof) {
  constexpr std::uint64_t kNoEnd = std::uint64_t{1} << 40;
  for (std::uint64_t flow = 0; flow < proof.count; ++flow) {
    prove_flow(proof, Kind::ChangingCall, proof.seed + flow, kNoEnd);
    prove_flow(proof, Kind::ReadingCall, proof.seed + flow, kNoEnd);
  }
  fmt::print("{} calls in {} flows\n", proof.passed + proof.failed, proof.count);
}

int run(int argc, char** argv) {
  const std::map<std::string, void (*)(Proof&)> proofs{
      {"model", prove_model}, {"powerloss", prove_powerloss}, {"calls", prove_calls}};
  CLI::App app{"Proofs of the embedded ledger"};
  std::string name;
  Proof proof{.count = 0, .seed = std::random_device{}() % 1'000'000};
  app.add_option("name", name)->required()->check(CLI::IsMember(proofs));
  app.add_option("--count", proof.count)->required();
  app.add_option("--seed", proof.seed);
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(spdlog::level::off);
  fmt::print("{}: seed {}\n", name, proof.seed);
  std::fflush(stdout);
  proofs.at(name)(proof);
  fmt::print("{} passed, {} failed\n", proof.passed, proof.failed);
  return proof.failed == 0 && proof.passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace batal::ledger

int main(int argc, char** argv) {
  return batal::ledger::run(argc, argv);
}
