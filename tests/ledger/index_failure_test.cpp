// What becomes of the index when SQLite's calls fail for real, one after the other, or when the
// program or the power goes at any of them.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "ledger/embedded/index/index.h"
#include "ledger/index_story.h"
#include "ledger/sqlite_shim.h"
#include "support/temp_folder.h"

namespace batal::ledger {
namespace {

using Call = SqliteShim::Call;

constexpr std::size_t kPieceBytes = 8 << 10;
constexpr std::uint32_t kSegments = 11;

// Makes an index, adds segments, opens it once more, adds others and merges.
class IndexFailureTest : public ::testing::Test {
 protected:
  void flow() {
    for (const std::uint32_t until : {5U, kSegments}) {
      Index index(file, kOurs, kPieceBytes);
      while (index.sealed()->through < until) story.add_to(index);
    }
  }

  // Runs the flow with a hook that is given the number of each call. True: an IndexError came out.
  bool flow_fails(const std::function<int(std::uint64_t)>& at_call) {
    Index::remove(file);
    shim.emplace([this, at_call](Call) { return at_call(++calls); });
    calls = 0;
    bool fails = false;
    try {
      flow();
    } catch (const IndexError& error) {
      fails = true;
      EXPECT_TRUE(std::string(error.what()).starts_with(file.string() + ": ")) << error.what();
    }
    shim.emplace();
    return fails;
  }

  std::uint64_t calls_of_the_flow() {
    EXPECT_FALSE(flow_fails([](auto) { return SQLITE_OK; }));
    return calls;
  }

  // What is left is an index of the first segments, and can go on.
  void expect_index(const Path& at) {
    Index index(at, kOurs, kPieceBytes);
    story.check(index, at);
    story.rebuild(index);
    story.check(index, at);
  }

  IndexStory story{1, 50};
  batal::testing::TempFolder folder;
  const Path file = folder / "index.sqlite";
  std::optional<SqliteShim> shim;
  std::uint64_t calls = 0;
};

TEST_F(IndexFailureTest, EveryCallThatFailsOnceOrFromThenOn) {
  const std::uint64_t all = calls_of_the_flow();
  struct Failure {
    int code;
    std::uint64_t times;
  };
  int failures = 0;
  for (const auto& [code, times] : {Failure{SQLITE_IOERR, 1}, Failure{SQLITE_FULL, all}})
    for (std::uint64_t k = 1; k <= all && !HasFailure(); ++k) {
      SCOPED_TRACE(fmt::format("code {}, call {} of {}, {} times", code, k, all, times));
      failures +=
          flow_fails([&](auto call) { return call >= k && call < k + times ? code : SQLITE_OK; });
      expect_index(file);
      constexpr std::uint64_t kNowAndThen = 16;
      if (k % kNowAndThen != 0) continue;
      Index::remove(file);
      expect_index(file);
    }
  EXPECT_GT(failures, static_cast<int>(all));
}

TEST_F(IndexFailureTest, KilledAtEveryCall) {
  const batal::testing::TempFolder left;
  flow_fails([&](auto call) {
    const Path at = left / std::to_string(call);
    std::filesystem::create_directory(at);
    for (const char* part : {"", "-wal", "-journal"})
      if (const Path from = Path(file) += part; std::filesystem::exists(from))
        std::filesystem::copy_file(from, at / from.filename());
    return SQLITE_OK;
  });
  EXPECT_GT(calls, 100U);
  for (std::uint64_t call = 1; call <= calls && !HasFailure(); ++call) {
    SCOPED_TRACE(fmt::format("call {} of {}", call, calls));
    expect_index(left / std::to_string(call) / "index.sqlite");
  }
}

TEST_F(IndexFailureTest, PowerCutAtEveryCall) {
  const std::uint64_t seed = any_seed();
  const batal::testing::TempFolder left;
  flow_fails([&](auto call) {
    const Path at = left / std::to_string(call);
    std::filesystem::create_directory(at);
    shim->power_cut(at, seed + call);
    return SQLITE_OK;
  });
  EXPECT_GT(calls, 100U);
  for (std::uint64_t call = 1; call <= calls && !HasFailure(); ++call) {
    SCOPED_TRACE(fmt::format("seed {}, call {} of {}", seed, call, calls));
    expect_index(left / std::to_string(call) / "index.sqlite");
  }
}

}  // namespace
}  // namespace batal::ledger
