// What becomes of the index when SQLite's calls fail for real, one after the other, or when the
// program or the power goes at any of them.
#include <gtest/gtest.h>

#include <optional>

#include "ledger/embedded/index.h"
#include "ledger/index_story.h"
#include "ledger/sqlite_shim.h"
#include "support/temp_folder.h"

namespace batal::ledger {
namespace {

using Call = SqliteShim::Call;

constexpr std::size_t kPieceBytes = 8 << 10;
constexpr std::uint32_t kSegments = 21;

// Makes an index, adds segments with two merges in between, and opens it once more.
class IndexFailureTest : public ::testing::Test {
 protected:
  void flow() {
    for (const std::uint32_t until : {10U, kSegments}) {
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

  IndexStory story{1, 60};
  batal::testing::TempFolder folder;
  const Path file = folder / "index.sqlite";
  std::optional<SqliteShim> shim;
  std::uint64_t calls = 0;
};

TEST_F(IndexFailureTest, EveryCallThatFailsOnceOrFromThenOn) {
  const std::uint64_t all = calls_of_the_flow();
  int failures = 0;
  for (const int code : {SQLITE_IOERR, SQLITE_FULL})
    for (const std::uint64_t times : {std::uint64_t{1}, all})
      for (std::uint64_t k = 1; k <= all && !HasFailure(); ++k) {
        SCOPED_TRACE(fmt::format("code {}, call {} of {}, {} times", code, k, all, times));
        failures +=
            flow_fails([&](auto call) { return call >= k && call < k + times ? code : SQLITE_OK; });
        expect_index(file);
        Index::remove(file);
        expect_index(file);
      }
  EXPECT_GT(failures, 2 * static_cast<int>(all));
}

TEST_F(IndexFailureTest, KilledAtEveryCall) {
  const std::uint64_t all = calls_of_the_flow();
  for (std::uint64_t k = 1; k <= all && !HasFailure(); ++k) {
    SCOPED_TRACE(fmt::format("call {} of {}", k, all));
    const batal::testing::TempFolder left;
    flow_fails([&](auto call) {
      if (call == k)
        for (const char* part : {"", "-wal", "-journal"})
          if (const Path from = Path(file) += part; std::filesystem::exists(from))
            std::filesystem::copy_file(from, left / from.filename().string());
      return SQLITE_OK;
    });
    expect_index(left / "index.sqlite");
  }
}

TEST_F(IndexFailureTest, PowerCutAtEveryCall) {
  const std::uint64_t seed = any_seed();
  const std::uint64_t all = calls_of_the_flow();
  for (std::uint64_t k = 1; k <= all && !HasFailure(); ++k) {
    SCOPED_TRACE(fmt::format("seed {}, call {} of {}", seed, k, all));
    const batal::testing::TempFolder left;
    flow_fails([&](auto call) {
      if (call == k) shim->power_cut(left.path(), seed);
      return SQLITE_OK;
    });
    expect_index(left / "index.sqlite");
  }
}

}  // namespace
}  // namespace batal::ledger
