// The index against a slow and obviously right one, and what it makes of files that are not its own
// or not as it left them: the right answer or an IndexError, never another answer.
// --gtest_random_seed=N repeats a failure.
#include "ledger/embedded/index/index.h"

#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <future>

#include "ledger/embedded/index/index_chunks.h"
#include "ledger/index_story.h"
#include "ledger/sqlite_shim.h"
#include "support/temp_folder.h"

namespace batal::ledger {
namespace {

// So that small runs are written in several pieces and the log is copied often.
constexpr std::size_t kPieceBytes = 16 << 10;

::testing::AssertionResult says(const std::string& said, const char* part) {
  if (said.find(part) != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << '"' << said << "\" is not \"" << part << '"';
}

class IndexTest : public ::testing::Test {
 protected:
  void open() {
    index.reset();
    index.emplace(file, kOurs, kPieceBytes);
  }

  std::string error_of_opening(const LedgerId& ledger = kOurs) {
    try {
      Index(file, ledger);
    } catch (const IndexError& error) {
      return error.what();
    }
    return "";
  }

  std::int64_t count(const char* sql) const {
    Database database(file, Database::Use::Reading);
    Statement statement(database, sql);
    return statement.rows().number<std::int64_t>(0);
  }

  void change(const char* sql) const { Database(file, Database::Use::Writing).run(sql); }

  void put_back(const FileBytes& main, const FileBytes& wal = {}) {
    Index::remove(file);
    put_file(file, main);
    if (!wal.empty()) put_file(Path(file) += "-wal", wal);
  }

  SqliteShim quick;
  batal::testing::TempFolder folder;
  const Path file = folder / "index.sqlite";
  std::optional<Index> index;
};

TEST_F(IndexTest, AnswersAsAMultimapDoes) {
  const std::uint64_t seed = any_seed();
  for (const std::size_t keys_max : {3U, 30U, 700U}) {
    Index::remove(file);
    IndexStory story(seed, keys_max);
    open();
    std::optional<IndexReader> reader(file);
    std::deque<SealedPtr> held;
    for (int step = 0; step < (keys_max == 700 ? 80 : 300); ++step) {
      story.add_to(*index);
      held.push_back(index->sealed());
      if (held.size() > 2 + story.roll(12)) held.erase(held.begin(), held.begin() + 2);
      story.check(*held[story.roll(held.size())], *reader);
      if (story.roll(25) == 0) {
        held.clear();
        reader.reset();
        open();
        reader.emplace(file);
        story.check(*index, file);
      }
    }
    story.check(*index, file);
    ASSERT_FALSE(HasFailure()) << "keys_max " << keys_max;
  }
}

TEST_F(IndexTest, HasFewRunsOfFallingLevels) {
  IndexStory story(1, 2);
  open();
  for (int segment = 0; segment < 3 * 64 + 2 * 8 + 5; ++segment) story.add_to(*index);
  std::vector<std::uint32_t> levels;
  for (const auto& run : index->sealed()->runs) levels.push_back(run->level);
  EXPECT_EQ(levels, (std::vector<std::uint32_t>{2, 2, 2, 1, 1, 0, 0, 0, 0, 0}));
  EXPECT_EQ(index->sealed()->runs[0]->last_segment, 64U);
}

TEST_F(IndexTest, KeepsAllEntriesOfAHashTogether) {
  open();
  std::vector<IndexEntry> entries{{.hash = 6, .position = {1, 1}}};
  for (std::uint32_t offset = 0; offset < 5 * kChunkEntries; ++offset)
    entries.push_back({.hash = 7, .position = {1, offset}});
  entries.push_back({.hash = 8, .position = {1, 1}});
  index->add({.number = 1}, entries);

  IndexReader reader(file);
  std::vector<Position> found;
  for (const std::uint64_t hash : {6U, 7U, 8U}) reader.find(*index->sealed(), hash, found);
  ASSERT_EQ(found.size(), entries.size());
  EXPECT_EQ(found[1], (Position{1, 5 * kChunkEntries - 1}));
  EXPECT_EQ(found[5 * kChunkEntries], (Position{1, 0}));
}

TEST_F(IndexTest, RemovesARunWhenNobodyLooksThereAnyMore) {
  IndexStory story(1, 100);
  open();
  std::vector<SealedPtr> held;
  while (story.segments() < 8) {
    story.add_to(*index);
    held.push_back(index->sealed());
  }
  const char* const kChunkTables = "SELECT count(*) FROM sqlite_schema WHERE name GLOB 'chunks_*'";
  const char* const kFilters = "SELECT count(DISTINCT run) FROM filters";
  const auto all = count(kChunkTables);
  EXPECT_GT(all, 3);
  story.add_to(*index);
  IndexReader reader(file);
  for (const auto& sealed : held) story.check(*sealed, reader);

  held.clear();
  const auto still_there = [&] {
    return std::ranges::count_if(index->sealed()->runs,
                                 [](const auto& run) { return run->keys > 0; });
  };
  story.add_to(*index);
  EXPECT_EQ(count(kChunkTables), still_there());
  EXPECT_EQ(count(kFilters), still_there());
  story.check(*index, file);
}

TEST_F(IndexTest, ForgetsRunsOfWhichNothingIsLeft) {
  IndexStory story(1, 100);
  open();
  while (story.segments() < 8 + 3) story.add_to(*index);
  const auto keys = [this] {
    std::vector<std::uint64_t> each;
    for (const auto& run : index->sealed()->runs) each.push_back(run->keys);
    return each;
  };
  const auto all = keys();
  ASSERT_EQ(all.size(), 4U);
  const SealedPtr held = index->sealed();
  IndexReader reader(file);
  index->forget(7);
  EXPECT_EQ(keys(), all) << "the first run has an eighth segment";
  index->forget(9);
  EXPECT_EQ(keys(), (std::vector<std::uint64_t>{0, 0, all[2], all[3]}));
  story.check(*held, reader);
  open();
  EXPECT_EQ(keys(), (std::vector<std::uint64_t>{0, 0, all[2], all[3]}));
  story.forget(9);
  story.check(*index, file);
  while (story.segments() < 64 + 1) story.add_to(*index);
  EXPECT_EQ(index->sealed()->runs.size(), 2U);
  story.check(*index, file);
}

TEST_F(IndexTest, ShowsASegmentBeforeItMerges) {
  IndexStory story(1, 100);
  open();
  while (story.segments() < 7) story.add_to(*index);
  std::vector<std::size_t> runs_while_writing;
  quick.set_hook([&](SqliteShim::Call call) {
    if (call == SqliteShim::Call::Write) runs_while_writing.push_back(index->sealed()->runs.size());
    return SQLITE_OK;
  });
  story.add_to(*index);
  quick.set_hook({});
  EXPECT_GT(std::ranges::count(runs_while_writing, 7), 0);
  EXPECT_GT(std::ranges::count(runs_while_writing, 8), 0);  // of the merge
  EXPECT_EQ(index->sealed()->runs.size(), 1U);
}

TEST_F(IndexTest, LeavesMergesToTheNextOneWhereItIsStopped) {
  IndexStory story(1, 100);
  open();
  index->stop_merging();
  while (story.segments() < 20) story.add_to(*index);
  EXPECT_EQ(index->sealed()->runs.size(), 20U);
  open();
  story.check(*index, file);
  story.add_to(*index);
  EXPECT_EQ(index->sealed()->runs.size(), 2U + 5U);
  story.check(*index, file);
}

TEST_F(IndexTest, GivesUpTheMergeThatIsUnderWay) {
  IndexStory story(1, 700);
  open();
  while (story.segments() < 7) story.add_to(*index);
  quick.set_hook([&](SqliteShim::Call) {
    if (index->sealed()->through == 8) index->stop_merging();
    return SQLITE_OK;
  });
  story.add_to(*index);
  quick.set_hook({});
  EXPECT_EQ(index->sealed()->runs.size(), 8U);
  open();
  story.add_to(*index);
  EXPECT_EQ(index->sealed()->runs.size(), 2U);
  story.check(*index, file);
}

TEST_F(IndexTest, RefusesWhatIsNotTheNextSegmentOrNotSorted) {
  open();
  EXPECT_THROW(index->add({.number = 2}, {}), std::logic_error);
  const IndexEntry unsorted[] = {{.hash = 2, .position = {1, 1}}, {.hash = 1, .position = {1, 2}}};
  EXPECT_THROW(index->add({.number = 1}, unsorted), std::logic_error);
  index->add({.number = 1}, {});
  EXPECT_EQ(index->sealed()->through, 1U);
}

TEST_F(IndexTest, IsReadWhileItIsWritten) {
  IndexStory story(1, 300);
  open();
  for (int segment = 0; segment < 40; ++segment) story.add_to(*index);
  index.reset();
  Index::remove(file);
  open();
  std::atomic<bool> ends = false;
  auto look_up = std::async(std::launch::async, [&, looking = story]() mutable {
    IndexReader reader(file);
    while (!ends) looking.check(*index->sealed(), reader);
  });
  EXPECT_NO_THROW(story.rebuild(*index));
  ends = true;
  EXPECT_NO_THROW(look_up.get());
}

TEST_F(IndexTest, IsItsOwnersAlone) {
  open();
  EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms(0600));
}

TEST_F(IndexTest, RemovesAllFilesOfItsOwn) {
  open();
  index->add({.number = 1}, {});
  EXPECT_FALSE(std::filesystem::is_empty(folder.path()));
  index.reset();
  put_file(Path(file) += "-journal", {});
  Index::remove(file);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  Index::remove(file);
  std::filesystem::create_directories(file / "inside");
  EXPECT_THROW(Index::remove(file), IndexError);
}

TEST_F(IndexTest, SaysWhatIsWrongWithAFile) {
  struct Case {
    const char* change;
    const char* error;
  };
  const Case cases[] = {
      {"PRAGMA application_id = 7", "is no index of a ledger"},
      {"PRAGMA application_id = 0", "is no index of a ledger"},
      {"PRAGMA journal_mode = DELETE", "is damaged: it has no write-ahead log"},
      {"UPDATE ledger SET format = 2", "has format 2, but this program knows none after 1"},
      {"UPDATE ledger SET format = 0, ledger = zeroblob(16)", "the row of its ledger is broken"},
      {"UPDATE ledger SET salt = zeroblob(16)", "the row of its ledger is broken"},
      {"UPDATE ledger SET salt = zeroblob(15)", "the row of its ledger is broken"},
      {"DELETE FROM ledger", "is damaged: it names no ledger"},
      {"DROP TABLE ledger", "no such table: ledger"},
      {"DELETE FROM segments WHERE number = 10", "9 segments are known, but the keys of 10"},
      {"DELETE FROM segments WHERE number = 3", "the row of segment 3 is broken"},
      {"UPDATE segments SET records = records + 1 WHERE number = 3",
       "the row of segment 3 is broken"},
      {"UPDATE segments SET digest = x'' WHERE number = 3", "the row of segment 3 is broken"},
      {"DELETE FROM runs WHERE first_segment = 10", "10 segments are known, but the keys of 9"},
      {"DELETE FROM runs WHERE first_segment = 9", "no run has the keys of segment 9"},
      {"UPDATE runs SET keys = keys + 1 WHERE level = 1", "is broken"},
      {"UPDATE runs SET id = 99 WHERE level = 1", "the row of run 99 is broken"},
      {"UPDATE filters SET bytes = zeroblob(length(bytes))", "the filter of run"},
      {"DELETE FROM filters", "the filter of run"},
      {"INSERT INTO filters SELECT run, part + 1, bytes FROM filters", ""},
      {"CREATE TABLE chunks_77 (first INTEGER PRIMARY KEY)", ""},
  };
  IndexStory story(3, 100);
  open();
  while (story.segments() < 10) story.add_to(*index);
  index.reset();
  const FileBytes whole = file_bytes(file);
  for (const auto& [sql, error] : cases) {
    put_back(whole);
    change(sql);
    const std::string said = error_of_opening();
    EXPECT_TRUE(says(said, error)) << sql;
    EXPECT_EQ(said.empty(), *error == '\0') << sql << ": " << said;
    EXPECT_TRUE(said.empty() || said.starts_with(file.string() + ": ")) << sql << ": " << said;
  }
}

TEST_F(IndexTest, RefusesOtherFiles) {
  open();
  index.reset();
  EXPECT_TRUE(says(error_of_opening({9}), "is of another ledger"));
  folder.write("index.sqlite", std::string(10'000, 'x'));
  EXPECT_TRUE(says(error_of_opening(), "file is not a database"));
  Index::remove(file);
  change("CREATE TABLE mine (a)");
  EXPECT_TRUE(says(error_of_opening(), "is no index of a ledger"));
  EXPECT_EQ(count("SELECT count(*) FROM sqlite_schema"), 1);
  Index::remove(file);
  std::filesystem::create_directory(file);
  EXPECT_TRUE(says(error_of_opening(), "unable to open database file"));
}

TEST_F(IndexTest, FindsWhatIsWrongWithAChunk) {
  struct Case {
    const char* change;
    const char* error;
  };
  const Case cases[] = {
      {"DELETE FROM chunks_1", "lacks a chunk"},
      {"DELETE FROM chunks_1 WHERE first = (SELECT min(first) FROM chunks_1)", "lacks a chunk"},
      {"DELETE FROM chunks_1 WHERE first = (SELECT max(first) FROM chunks_1)", "was not found"},
      {"UPDATE chunks_1 SET crc = crc + 1", "is broken"},
      {"UPDATE chunks_1 SET next = next - 1", "is broken"},
      {"UPDATE chunks_1 SET first = first + 1", "is broken"},
      {"UPDATE chunks_1 SET entries = x''", "is broken"},
      {"DELETE FROM chunks_1; INSERT INTO chunks_1 SELECT * FROM chunks_2", "is broken"},
  };
  std::vector<IndexEntry> entries;
  for (std::uint32_t step = 0; step < 600; ++step)
    entries.push_back({.hash = std::uint64_t{step} << 54, .position = {1, step}});
  open();
  for (std::uint32_t number = 1; number <= 2; ++number) index->add({.number = number}, entries);
  index.reset();
  const FileBytes whole = file_bytes(file);
  for (const auto& [sql, error] : cases) {
    put_back(whole);
    change(sql);
    open();
    IndexReader reader(file);
    std::string said;
    for (const auto& entry : entries) try {
        std::vector<Position> found;
        reader.find(*index->sealed(), entry.hash, found);
        EXPECT_EQ(found.size(), 2U) << sql;
      } catch (const IndexError& damage) {
        said = damage.what();
      }
    EXPECT_TRUE(says(said, error)) << sql;
    for (std::uint32_t number = 3; number <= 7; ++number) index->add({.number = number}, {});
    EXPECT_THROW(index->add({.number = 8}, {}), IndexError) << sql;
    index.reset();
  }
}

// Damage at random. What opens and answers, answers right; also after further segments.
class DamageTest : public IndexTest {
 protected:
  void look(IndexStory& story) {
    try {
      open();
      story.check(*index, file);
      for (int more = 0; more < 9; ++more) story.add_to(*index);
      story.check(*index, file);
      open();
      story.check(*index, file);
      ++right;
    } catch (const IndexError&) {
      ++wrong;
    }
    index.reset();
  }

  int right = 0;
  int wrong = 0;
};

TEST_F(DamageTest, OfAnyByteIsFoundOrHarmless) {
  const std::uint64_t seed = any_seed();
  IndexStory story(seed, 40);
  open();
  while (story.segments() < 20) story.add_to(*index);
  index.reset();
  const FileBytes whole = file_bytes(file);
  for (int trial = 0; trial < 600 && !HasFailure(); ++trial) {
    FileBytes damaged = whole;
    std::size_t at = story.roll(trial % 4 == 0 ? 4096 : whole.size());
    while (whole[at] == 0) at = story.roll(whole.size());
    damaged[at] = static_cast<char>(damaged[at] ^ 1 << story.roll(8));
    put_back(damaged);
    SCOPED_TRACE(fmt::format("byte {}", at));
    look(story);
  }
  EXPECT_GT(wrong, 300);
  EXPECT_GT(right, 5);
}

TEST_F(DamageTest, OfItsEndIsFoundOrHarmless) {
  IndexStory story(any_seed(), 40);
  open();
  while (story.segments() < 20) story.add_to(*index);
  index.reset();
  const FileBytes whole = file_bytes(file);
  for (int trial = 0; trial < 60; ++trial) {
    FileBytes cut = whole;
    cut.resize(trial == 0 ? 0 : story.roll(whole.size()));
    put_back(cut);
    SCOPED_TRACE(fmt::format("cut at {}", cut.size()));
    look(story);
  }
  EXPECT_GT(wrong, 30);
  EXPECT_GT(right, 0);  // an empty file is a new one
}

// Files and write-ahead logs of different times, and of an index that was there before.
TEST_F(DamageTest, ByOtherTimesIsFoundOrHarmless) {
  IndexStory story(any_seed(), 40);
  std::vector<FileBytes> files, logs{{}};
  for (const bool again : {false, true}) {
    open();
    while (index->sealed()->through < 60) {
      story.add_to(*index);
      if (story.roll(5) != 0) continue;
      files.push_back(file_bytes(file));
      logs.push_back(file_bytes(Path(file) += "-wal"));
    }
    index.reset();
    if (!again) Index::remove(file);
  }
  for (int trial = 0; trial < 400 && !HasFailure(); ++trial) {
    const auto file_number = story.roll(files.size());
    const auto log_number = trial % 4 == 0 ? file_number + 1 : story.roll(logs.size());
    put_back(files[file_number], logs[log_number]);
    SCOPED_TRACE(fmt::format("file {}, log {}", file_number, log_number));
    look(story);
  }
  EXPECT_GT(wrong, 5);
  EXPECT_GT(right, 50);
}

}  // namespace
}  // namespace batal::ledger
