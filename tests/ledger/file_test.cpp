#include "ledger/embedded/log/file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <span>

#include "ledger/embedded/log/ledger_error.h"
#include "ledger/simulated_disk.h"
#include "support/temp_folder.h"

namespace batal::ledger {
namespace {

using testing::TempFolder;

const Bytes kHello{'h', 'e', 'l', 'l', 'o'};

TEST(PosixDoor, ReadsWhatItWrote) {
  const TempFolder folder;
  const auto file = posix_door().open(folder / "a", OpenFor::Creating);
  ASSERT_TRUE(file);
  ASSERT_TRUE(write_all(**file, kHello, 3));
  ASSERT_TRUE((*file)->sync());
  EXPECT_EQ((*file)->size(), 8U);

  const auto again = posix_door().open(folder / "a", OpenFor::Reading);
  ASSERT_TRUE(again);
  Bytes bytes(9);
  EXPECT_EQ(read_all(**again, bytes, 2), 6U);
  EXPECT_EQ(bytes, (Bytes{0, 'h', 'e', 'l', 'l', 'o', 0, 0, 0}));
}

// Past the page cache or, where that cannot be, as ever; and ordinary writes go on after it.
TEST(PosixDoor, ReadsWhatItWroteUncachedHoweverItIsAligned) {
  const TempFolder folder;
  const auto file = posix_door().open(folder / "a", OpenFor::Creating);
  ASSERT_TRUE(file);
  alignas(kDiskPageBytes) static std::array<std::uint8_t, 2 * kDiskPageBytes> bytes;
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{1});
  const auto all = std::span<const std::uint8_t>(bytes);
  EXPECT_EQ((*file)->write_uncached(all, 0), bytes.size());
  EXPECT_EQ((*file)->write_uncached(all.first(5), 2 * kDiskPageBytes), 5U);
  EXPECT_EQ((*file)->write_uncached(all.subspan(1, kDiskPageBytes), kDiskPageBytes),
            kDiskPageBytes);
  EXPECT_EQ((*file)->write(kHello, 3), kHello.size());
  ASSERT_TRUE((*file)->sync());

  Bytes expected(all.begin(), all.end());
  std::ranges::copy(kHello, expected.begin() + 3);
  std::ranges::copy(all.subspan(1, kDiskPageBytes), expected.begin() + kDiskPageBytes);
  expected.insert(expected.end(), all.begin(), all.begin() + 5);
  Bytes read(expected.size() + 1);
  EXPECT_EQ(read_all(**file, read, 0), expected.size());
  read.pop_back();
  EXPECT_EQ(read, expected);
}

TEST(PosixDoor, MakesNoFileTwiceAndReadsNoneThatIsMissing) {
  const TempFolder folder;
  EXPECT_TRUE(posix_door().open(folder / "a", OpenFor::Creating));
  EXPECT_EQ(posix_door().open(folder / "a", OpenFor::Creating).error(), std::errc::file_exists);
  EXPECT_EQ(posix_door().open(folder / "b", OpenFor::Reading).error(),
            std::errc::no_such_file_or_directory);
}

TEST(PosixDoor, LocksAFileOnce) {
  const TempFolder folder;
  auto held = posix_door().lock(folder / "lock");
  ASSERT_TRUE(held);
  EXPECT_EQ(posix_door().lock(folder / "lock").error(), std::errc::resource_unavailable_try_again);
  held->reset();
  EXPECT_TRUE(posix_door().lock(folder / "lock"));
}

TEST(PosixDoor, MovesListsAndRemoves) {
  const TempFolder folder;
  const Path deep = folder / "x/y/z";
  ASSERT_TRUE(posix_door().make_folder(deep));
  ASSERT_TRUE(posix_door().make_folder(deep));
  ASSERT_TRUE(posix_door().open(deep / "a", OpenFor::Creating));
  ASSERT_TRUE(posix_door().rename(deep / "a", deep / "b"));
  ASSERT_TRUE(posix_door().sync_folder(deep));
  EXPECT_EQ(posix_door().list(deep), std::vector<std::string>{"b"});
  EXPECT_TRUE(posix_door().remove(deep / "b"));
  EXPECT_TRUE(posix_door().remove(deep / "b"));
  EXPECT_EQ(posix_door().list(deep), std::vector<std::string>{});
  EXPECT_FALSE(posix_door().list(deep / "none"));
}

TEST(File, GoesOnAfterShortWrites) {
  SimulatedDisk disk;
  disk.shorten_writes(2);
  const auto file = disk.open("/d/a", OpenFor::Creating);
  ASSERT_TRUE(write_all(**file, kHello, 0));
  EXPECT_EQ(disk.content("/d/a"), kHello);
}

TEST(File, MustNamesDeedFileAndReason) {
  try {
    must(posix_door().open("/no/such/file", OpenFor::Reading), "open", "/no/such/file");
    FAIL() << "nothing was thrown";
  } catch (const LedgerError& error) {
    EXPECT_STREQ(error.what(), "cannot open /no/such/file: No such file or directory");
  }
}

// The tests that follow rest on the simulated disk: it must really lose what was not synced.
TEST(SimulatedDisk, LosesWhatWasNotSynced) {
  bool lost = false;
  bool kept = false;
  for (std::uint64_t seed = 0; seed < 32; ++seed) {
    SimulatedDisk disk(seed);
    {
      const auto file = disk.open("/d/a", OpenFor::Creating);
      ASSERT_TRUE(disk.sync_folder("/d"));
      ASSERT_TRUE(write_all(**file, kHello, 0));
      ASSERT_TRUE((*file)->sync());
      ASSERT_TRUE(write_all(**file, kHello, 5));
    }
    disk.crash();
    const Bytes content = disk.content("/d/a");
    ASSERT_GE(content.size(), kHello.size());
    (content.size() == 10 ? kept : lost) = true;
  }
  EXPECT_TRUE(lost && kept);
}

}  // namespace
}  // namespace batal::ledger
