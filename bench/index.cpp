// What the index of sealed segments costs (src/ledger/embedded/index/index.h): a quick look, no
// test.
//
//   index_bench FOLDER [SEGMENTS [KEYS]]    100 segments of 200,000 keys by default
//
// Makes an index in the folder, of random hashes, and prints the CPU of this thread per key added
// and merged, how long the adds took, and microseconds per look-up.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "ledger/embedded/index/index.h"

namespace {

using namespace batal::ledger;
using Clock = std::chrono::steady_clock;
using Micros = std::chrono::duration<double, std::micro>;

constexpr std::uint64_t kSeed = 1;

Micros cpu() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  const auto micros = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return Micros(micros(usage.ru_utime) + micros(usage.ru_stime));
}

std::vector<IndexEntry> entries_of(std::uint32_t segment, std::size_t keys) {
  std::mt19937_64 engine(kSeed + segment);
  std::vector<IndexEntry> entries(keys);
  for (std::uint32_t offset = 0; auto& entry : entries)
    entry = {.hash = engine(), .position = {.segment = segment, .offset = offset += 160}};
  std::ranges::sort(entries);
  return entries;
}

struct Cost {
  Micros cpu{0};
  Micros wall{0};
  Micros slowest{0};
  std::size_t count = 0;

  void took(Micros cpu_time, Micros wall_time) {
    cpu += cpu_time;
    wall += wall_time;
    slowest = std::max(slowest, wall_time);
    ++count;
  }
};

void build(Index& index, std::uint32_t segments, std::size_t keys) {
  Cost plain, merging;
  for (std::uint32_t segment = 1; segment <= segments; ++segment) {
    const auto entries = entries_of(segment, keys);
    const auto cpu_before = cpu();
    const auto before = Clock::now();
    index.add({.number = segment, .records = keys}, entries);
    (segment % Index::kFanOut == 0 ? merging : plain)
        .took(cpu() - cpu_before, Clock::now() - before);
  }
  const auto per_add = plain.cpu / static_cast<double>(plain.count);
  std::size_t copied = 0;
  for (std::uint32_t size = Index::kFanOut; size <= segments; size *= Index::kFanOut)
    copied += segments / size * size * keys;
  fmt::print("add {:.1f} ms CPU, {:.0f} ns a key, {:.1f} ms on average, {:.1f} ms at most\n",
             per_add.count() / 1e3, per_add.count() * 1e3 / static_cast<double>(keys),
             plain.wall.count() / static_cast<double>(plain.count) / 1e3,
             plain.slowest.count() / 1e3);
  const auto merge = merging.cpu - per_add * static_cast<double>(merging.count);
  fmt::print("merge {:.0f} ns CPU a key copied, {:.1f} s the longest add\n",
             merge.count() * 1e3 / static_cast<double>(std::max<std::size_t>(copied, 1)),
             merging.slowest.count() / 1e6);
}

// Looks hashes up and prints what each took.
void look_up(const char* what, IndexReader& reader, const Sealed& sealed,
             const std::vector<std::uint64_t>& hashes) {
  std::vector<Position> found;
  const auto count = static_cast<double>(hashes.size());
  const auto cpu_before = cpu();
  const auto before = Clock::now();
  for (const auto hash : hashes) reader.find(sealed, hash, found);
  fmt::print("{}: {:.2f} us, {:.2f} of them CPU; {} of {} found\n", what,
             Micros(Clock::now() - before).count() / count, (cpu() - cpu_before).count() / count,
             found.size(), hashes.size());
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  if (arguments.empty() || arguments.size() > 3) {
    fmt::print(stderr, "index_bench FOLDER [SEGMENTS [KEYS]]\n");
    return 2;
  }
  const Path file = Path(arguments[0]) / "bench-index.sqlite";
  const auto segments =
      arguments.size() > 1 ? static_cast<std::uint32_t>(std::stoul(arguments[1])) : 100;
  const std::size_t keys = arguments.size() > 2 ? std::stoul(arguments[2]) : 200'000;

  constexpr std::size_t kLookUps = 200'000;
  Index::remove(file);
  {
    Index index(file, {});
    build(index, segments, keys);
  }
  const auto before = Clock::now();
  Index index(file, {});
  fmt::print("open: {:.0f} ms, {} runs\n", Micros(Clock::now() - before).count() / 1e3,
             index.sealed()->runs.size());

  const auto sealed = index.sealed();
  IndexReader reader(file);
  std::mt19937_64 engine(kSeed);
  std::vector<std::uint64_t> hits, strangers, passing;
  while (hits.size() < kLookUps) {
    const auto entries = entries_of(1 + static_cast<std::uint32_t>(engine() % segments), keys);
    for (int taken = 0; taken < 1000; ++taken)
      hits.push_back(entries[engine() % entries.size()].hash);
  }
  std::size_t asked = 0;
  for (; passing.size() < kLookUps / 10; ++asked) {
    const auto hash = engine();
    if (sealed->may_contain(hash)) passing.push_back(hash);
    if (strangers.size() < kLookUps * 10) strangers.push_back(hash);
  }
  fmt::print("strangers that pass a filter: {:.3f} %\n",
             100.0 * static_cast<double>(passing.size()) / static_cast<double>(asked));
  look_up("hit", reader, *sealed, hits);
  look_up("hit again", reader, *sealed, hits);
  look_up("stranger", reader, *sealed, strangers);
  look_up("stranger that passes", reader, *sealed, passing);
  Index::remove(file);
}
