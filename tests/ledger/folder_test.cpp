#include "ledger/embedded/log/folder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "ledger/embedded/log/ledger_error.h"
#include "ledger/simulated_disk.h"

namespace batal::ledger {
namespace {

const Path kFolder = "/ledger";
const std::string kText =
    "batal ledger\nformat 2\nmode production\nid 00ff00000000000000000000000000aa\n"
    "audit key 0123456789abcdef\n";

Format format() {
  Format format{.mode = Mode::Production, .id = {}, .audit_key = "0123456789abcdef"};
  format.id[1] = 0xFF;
  format.id[15] = 0xAA;
  return format;
}

std::string error_of(const std::function<void()>& deed) {
  try {
    deed();
  } catch (const LedgerError& error) {
    return error.what();
  }
  return "none";
}

TEST(Format, StandsInFiveLines) {
  SimulatedDisk disk;
  EXPECT_EQ(read_format(disk, kFolder), std::nullopt);
  write_format(disk, kFolder, format());
  const Bytes content = disk.content(kFolder / "format");
  EXPECT_EQ(std::string(content.begin(), content.end()), kText);
  EXPECT_EQ(read_format(disk, kFolder), format());
  disk.crash();
  EXPECT_EQ(read_format(disk, kFolder), format());
}

TEST(Format, SaysWhichModeItIs) {
  SimulatedDisk disk;
  Format sandbox = format();
  sandbox.mode = Mode::Sandbox;
  write_format(disk, kFolder, sandbox);
  EXPECT_EQ(read_format(disk, kFolder), sandbox);
}

// Whatever is changed: either it is refused, or it is another format that says so.
TEST(Format, TakesNoOtherText) {
  const std::string refused =
      "/ledger/format is not the format file of a ledger, or of another than format 2, which this "
      "program knows";
  SimulatedDisk disk;
  const auto error = [&](std::string_view text) {
    disk.put(kFolder / "format", text);
    return error_of([&] { read_format(disk, kFolder); });
  };
  for (const char* text : {"", "\n", "batal ledger\nformat 1\nmode production\n",
                           "batal ledger\nformat 3\nmode production\n"})
    EXPECT_EQ(error(text), refused) << text;
  for (const char* line : {"batal", "format", "mode", "id ", "audit"}) {
    std::string changed = kText;
    changed[changed.find(line)] = 'x';
    EXPECT_EQ(error(changed), refused) << line;
  }
  std::string upper = kText;
  upper[upper.find("ff0")] = 'F';
  EXPECT_EQ(error(upper), refused);
  for (const char* more : {"\n", " ", "more\n"}) EXPECT_EQ(error(kText + more), refused) << more;
  EXPECT_EQ(error(kText.substr(0, kText.size() - 1)), refused);
  EXPECT_EQ(error(kText + std::string(600, ' ')), refused);
}

TEST(LedgerId, IsDrawn) {
  EXPECT_NE(random_ledger_id(), random_ledger_id());
}

TEST(Lock, IsHeldByOne) {
  SimulatedDisk disk;
  FilePtr held = lock_folder(disk, kFolder);
  EXPECT_EQ(error_of([&] { lock_folder(disk, kFolder); }), "/ledger is in use by another batal");
  held.reset();
  EXPECT_TRUE(lock_folder(disk, kFolder));
}

TEST(LogFiles, AreSegmentsAndWhatStandsInTheirPlace) {
  struct Case {
    std::vector<std::uint32_t> segments, pruned;  // files that are there
    std::vector<std::uint32_t> left;              // segments to be read
    std::string error;
  };
  const Case cases[] = {
      {{}, {}, {}, "none"},
      {{1}, {}, {1}, "none"},
      {{3, 1, 2}, {}, {1, 2, 3}, "none"},
      {{3}, {2, 1}, {3}, "none"},
      {{1, 2, 3}, {1, 2}, {3}, "none"},
      {{1, 3}, {2}, {1, 3}, "none"},
      {{2}, {}, {}, "/ledger/0000000001.segment is missing"},
      {{1, 3}, {}, {}, "/ledger/0000000002.segment is missing"},
      {{1, 4}, {2}, {}, "/ledger/0000000003.segment is missing"},
      {{1}, {3}, {}, "/ledger/0000000002.segment is missing"},
      {{}, {1}, {}, "/ledger/0000000002.segment is missing: the last segment is never pruned"},
      {{1, 2}, {2}, {}, "/ledger/0000000003.segment is missing: the last segment is never pruned"},
  };
  for (const auto& [segments, pruned, left, error] : cases) {
    std::vector<std::string> names{"format", "lock", "next.tmp", "index.sqlite"};
    for (const auto number : segments) names.push_back(segment_name(number));
    for (const auto number : pruned) names.push_back(pruned_name(number));
    SCOPED_TRACE(::testing::PrintToString(names));
    LogFiles files;
    EXPECT_EQ(error_of([&] { files = log_files(names, kFolder); }), error);
    if (error != "none") continue;
    EXPECT_EQ(files.segments, left);
    EXPECT_EQ(files.leftover.size(), segments.size() - left.size());
    EXPECT_EQ(files.last(), left.empty() ? 0 : left.back());
    for (std::uint32_t number = 0; number < 5; ++number)
      EXPECT_EQ(files.is_pruned(number), std::ranges::find(pruned, number) != pruned.end());
  }
}

TEST(PrunedName, IsTheSegmentsWithAnotherEnd) {
  EXPECT_EQ(pruned_name(7), "0000000007.pruned");
}

class TidyTest : public ::testing::Test {
 protected:
  TidyTest() {
    for (const char* name :
         {"lock", "format", "checkpoints", "live.snapshot", "index.sqlite", "index.sqlite-wal",
          "index.sqlite-shm", "index.sqlite-journal", "0000000001.pruned", "0000000002.segment"})
      disk.put(kFolder / name, "x");
  }

  std::vector<std::string> names() {
    auto found = disk.list(kFolder).value();
    std::ranges::sort(found);
    return found;
  }
  void tidy_up() { tidy(disk, kFolder, names()); }
  void check() { check_names(names(), kFolder); }

  SimulatedDisk disk;
};

TEST_F(TidyTest, LeavesWhatIsALedgers) {
  const auto before = names();
  check();
  tidy_up();
  EXPECT_EQ(names(), before);
}

TEST_F(TidyTest, RemovesWhatWasBeingMade) {
  const auto before = names();
  disk.put(kFolder / "next.tmp", "x");
  disk.put(kFolder / "0000000002.pruned.tmp", "x");
  tidy_up();
  EXPECT_EQ(names(), before);
}

// Whether it was pruned its attestation tells, not a name.
TEST_F(TidyTest, LeavesEverySegment) {
  disk.put(kFolder / "0000000001.segment", "x");
  const auto before = names();
  tidy_up();
  EXPECT_EQ(names(), before);
}

TEST_F(TidyTest, TellsAFileThatIsNoLedgers) {
  disk.put(kFolder / "a.tmp", "x");
  for (const char* stranger : {"notes.txt", "0.pruned", "index.sqlite-journal2", "zz"}) {
    disk.put(kFolder / stranger, "x");
    EXPECT_EQ(error_of([&] { check(); }),
              fmt::format("/ledger/{} is no file of a ledger: its folder must hold nothing else",
                          stranger));
    ASSERT_TRUE(disk.remove(kFolder / stranger));
  }
}

TEST(Publish, IsDurableAndWholeAtEveryStep) {
  for (std::uint64_t seed = 0; seed < 16; ++seed) {
    SimulatedDisk disk(seed);
    disk.put("/d/a", "old");
    disk.put("/d/a.tmp", "new");
    publish(disk, "/d/a.tmp", "/d/a");
    disk.crash();
    EXPECT_EQ(disk.content("/d/a"), (Bytes{'n', 'e', 'w'})) << "seed " << seed;
    EXPECT_EQ(disk.list("/d"), std::vector<std::string>{"a"}) << "seed " << seed;
  }
}

}  // namespace
}  // namespace batal::ledger
