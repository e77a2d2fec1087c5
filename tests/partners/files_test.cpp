#include "partners/files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <string>

#include "support/temp_folder.h"

namespace batal::partners {
namespace {

using testing::TempFolder;
namespace fs = std::filesystem;

constexpr fs::perms kOwnerOnly = fs::perms::owner_read | fs::perms::owner_write;

std::size_t files_in(const TempFolder& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder.path()), {}));
}

// From here on the process is killed in the middle of any larger file.
void allow_files_of(rlim_t bytes) {
  const rlimit none{0, 0};
  const rlimit small{bytes, bytes};
  ::setrlimit(RLIMIT_CORE, &none);
  ::setrlimit(RLIMIT_FSIZE, &small);
}

TEST(CreateFile, MakesTheWholeFileAndNothingElse) {
  const TempFolder folder;
  ASSERT_TRUE(create_file(folder / "key", "text", 0600));
  EXPECT_EQ(folder.read("key"), "text");
  EXPECT_EQ(fs::status(folder / "key").permissions(), kOwnerOnly);
  EXPECT_EQ(files_in(folder), 1U);
}

TEST(CreateFile, NeverOverwrites) {
  const TempFolder folder;
  const fs::path file = folder.write("key", "precious");
  const auto made = create_file(file, "text", 0600);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error(), "cannot create " + file.string() + ": File exists");
  EXPECT_EQ(folder.read("key"), "precious");
  EXPECT_EQ(files_in(folder), 1U);
}

TEST(CreateFile, KilledInBetweenLeavesNothingUnderTheName) {
  const TempFolder folder;
  const fs::path file = folder / "key";
  EXPECT_EXIT(
      {
        allow_files_of(10);
        static_cast<void>(create_file(file, std::string(100, 'x'), 0600));
      },
      ::testing::KilledBySignal(SIGXFSZ), "");
  EXPECT_FALSE(fs::exists(file));
  ASSERT_TRUE(create_file(file, "text", 0600));
  EXPECT_EQ(folder.read("key"), "text");
  EXPECT_EQ(files_in(folder), 1U);
}

TEST(CreateFile, NamesTheFileThatCannotBeWritten) {
  const TempFolder folder;
  const fs::path file = folder / "gone/key";
  const auto made = create_file(file, "text", 0600);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error(), "cannot create " + file.string() + ": No such file or directory");
}

TEST(ReadFile, TakesRegularFilesOnly) {
  const TempFolder folder;
  const fs::path fifo = folder / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const fs::path& file : {fifo, folder.path()}) {
    const auto text = read_file(file);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error(), "cannot read " + file.string() + ": is not a regular file");
  }
}

TEST(ReadFile, TakesUpToOneMebibyte) {
  const TempFolder folder;
  const std::string largest(kFileBytesMax, 'x');
  EXPECT_EQ(read_file(folder.write("largest", largest)), largest);
  const fs::path file = folder.write("larger", largest + "x");
  const auto text = read_file(file);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error(), "cannot read " + file.string() + ": larger than 1 MiB");
}

}  // namespace
}  // namespace batal::partners
