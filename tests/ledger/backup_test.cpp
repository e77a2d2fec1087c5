#include "ledger/archive/backup.h"

#include <gtest/gtest.h>

#include "ledger/archive/backup_door.h"
#include "ledger/archive/new_file.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/eventful_door.h"
#include "ledger/written_log.h"
#include "support/temp_folder.h"

namespace batal::ledger {
namespace {

const OnProgress kUnseen = [](std::uint64_t, std::uint64_t) {};

class BackupTest : public ::testing::Test {
 protected:
  Verified backed_up() {
    return back_up(door, {.folder = folder, .file = file, .audit_key = log.key}, kUnseen);
  }
  Verified restored() {
    return restore(door, {.folder = target, .file = file, .audit_key = log.key}, kUnseen);
  }
  std::vector<std::string> names() const {
    auto listed = must(posix_door().list(temp.path()), "list", temp.path());
    std::ranges::sort(listed);
    return listed;
  }

  testing::TempFolder temp;
  const Path folder = temp / "ledger";
  const Path target = temp / "restored";
  const Path file = temp / "ledger.tar";
  const WrittenLog log = ten_records(folder);
  EventfulDoor door;
};

TEST_F(BackupTest, BringsBackEveryByteOfTheLog) {
  EXPECT_EQ(backed_up().last_sequence, 10U);
  const Verified found = restored();
  EXPECT_EQ(found.records, 10U);
  EXPECT_EQ(found.checkpoints, 3U);
  for (const std::uint32_t number : {1U, 2U})
    EXPECT_EQ(file_text(target / segment_name(number)), file_text(log.path(number)));
  EXPECT_EQ(file_text(target / "checkpoints"), log.checkpoints);
  EXPECT_EQ(file_text(target / "format"), file_text(folder / "format"));
}

TEST_F(BackupTest, AddsACheckpointOfAllThatItHolds) {
  WrittenLog longer = ten_records(folder);
  longer.add(created(5));
  longer.write();
  backed_up();
  BackupDoor backup(door, file);
  const auto checkpoints = read_checkpoints(backup, file, log.key.public_key(), log.format.id);
  EXPECT_EQ(checkpoints.size(), 4U);
  EXPECT_EQ(checkpoints.back().sequence, 11U);
}

TEST_F(BackupTest, LeavesOutATornTail) {
  WrittenLog torn = ten_records(folder);
  torn.segments.back().frames.push_back(Bytes(100, 7));
  torn.write();
  backed_up();
  EXPECT_FALSE(restored().torn);
  EXPECT_EQ(file_text(target / segment_name(2)).find(std::string(100, '\7')), std::string::npos);
}

TEST_F(BackupTest, OfALogWithoutARecord) {
  std::filesystem::remove_all(folder);
  WrittenLog empty(folder);
  empty.write();
  EXPECT_EQ(backed_up().last_sequence, 0U);
  EXPECT_EQ(restored().segments, 1U);
}

TEST_F(BackupTest, OfALastSegmentThatIsStillEmpty) {
  WrittenLog sealed = ten_records(folder);
  sealed.seal();
  sealed.write();
  EXPECT_EQ(backed_up().segments, 3U);
  EXPECT_EQ(restored().last_sequence, 10U);
}

TEST_F(BackupTest, TakesTheAttestationOfASegmentThatIsPrunedBeforeItIsOpened) {
  bool was_looked_for = false;
  door.before_open = [&](const Path& path, OpenFor) {
    if (path == log.path(1) && was_looked_for && std::filesystem::exists(path)) log.prune(1);
    was_looked_for |= path.filename() == "0000000001.pruned";
  };
  EXPECT_EQ(backed_up().pruned, 1U);
  EXPECT_EQ(restored().pruned, 1U);
}

TEST_F(BackupTest, TakesASegmentThatIsPrunedAfterItWasOpened) {
  door.before_open = [&](const Path& path, OpenFor) {
    if (path == folder / "0000000002.pruned" && std::filesystem::exists(log.path(1))) log.prune(1);
  };
  EXPECT_EQ(backed_up().pruned, 0U);
  EXPECT_EQ(restored().records, 10U);
}

TEST_F(BackupTest, VerifyIsNotMisledByPruningMeanwhile) {
  for (const char* const last_seen : {"0000000001.segment", "0000000002.segment"}) {
    ten_records(folder);
    std::filesystem::remove(folder / "0000000001.pruned");
    EventfulDoor live;
    bool is_open = false;  // once, after the sizes were asked for
    live.before_open = [&](const Path& path, OpenFor) {
      if (path == folder / "0000000001.pruned") is_open = true;
      if (is_open && path.filename() == last_seen && std::filesystem::exists(log.path(1)))
        log.prune(1);
    };
    const Verified found =
        verify(live, {.folder = folder, .public_key = log.key.public_key(), .audit_key = log.key},
               kUnseen);
    EXPECT_EQ(found.last_sequence, 10U) << last_seen;
    EXPECT_FALSE(std::filesystem::exists(log.path(1))) << last_seen;
  }
}

TEST_F(BackupTest, OfALogThatWasTamperedWithFailsAndLeavesNothing) {
  WrittenLog changed = ten_records(folder);
  changed.segments[0].frames[2][kFrameHeaderBytes + 60] ^= 1;
  WrittenLog::fit_crc(changed.segments[0].frames[2]);
  changed.write();
  EXPECT_THROW(backed_up(), LedgerError);
  EXPECT_EQ(names(), std::vector<std::string>{"ledger"});
}

TEST_F(BackupTest, OfALastSegmentWithReorderedRecordsFails) {
  WrittenLog changed = ten_records(folder);
  changed.checkpoints.clear();
  std::swap(changed.segments[1].frames[3], changed.segments[1].frames[4]);
  // As if they had come in one batch, so that neither tells of the other.
  for (Bytes& frame : changed.segments[1].frames) {
    frame[16] = 5;
    WrittenLog::fit_crc(frame);
  }
  changed.write();
  EXPECT_THROW(backed_up(), LedgerError);
}

// The second must not take away what the first is writing, nor give it its name.
TEST_F(BackupTest, IsMadeByOneAtATime) {
  NewFile first(door, file);
  first.append("of the first");
  first.flush();
  EXPECT_THROW(backed_up(), LedgerError);
  first.finish();
  EXPECT_EQ(file_text(file), "of the first");
  EXPECT_EQ(names(), (std::vector<std::string>{"ledger", "ledger.tar"}));
}

TEST_F(BackupTest, TakesThePlaceOfNothing) {
  const auto refusal = [this] {
    try {
      backed_up();
    } catch (const LedgerError& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  const std::string exists = file.string() + " exists, and is not overwritten";
  std::filesystem::create_symlink(temp / "nowhere", file);
  EXPECT_EQ(refusal(), exists);
  std::filesystem::remove(file);
  {
    NewFile late(door, file);
    put_file(file, "meanwhile");
    EXPECT_THROW(late.finish(), LedgerError);
  }
  EXPECT_EQ(file_text(file), "meanwhile");
  EXPECT_EQ(names(), (std::vector<std::string>{"ledger", "ledger.tar"}));
}

// A backup that was finished, moved away and never lost its other name stays what it is.
TEST_F(BackupTest, WritesNotThroughWhatLiesInItsWay) {
  const Path other = temp / "other";
  const Path temporary = file.string() + ".tmp";
  for (const bool symbolic : {false, true}) {
    put_file(other, "precious");
    symbolic ? std::filesystem::create_symlink(other, temporary)
             : std::filesystem::create_hard_link(other, temporary);
    backed_up();
    EXPECT_EQ(file_text(other), "precious");
    std::filesystem::remove(file);
  }
  put_file(temporary, std::string(1 << 20, 'x'));
  backed_up();
  EXPECT_LT(std::filesystem::file_size(file), std::uintmax_t{1 << 20});
}

TEST_F(BackupTest, IsNeverMadeInsideOfTheLedger) {
  std::filesystem::create_directory_symlink(folder, temp / "link");
  for (const Path& inside : {folder / "a.tar", folder / "deep/a.tar", temp / "link/a.tar"}) {
    EXPECT_THROW(back_up(door, {.folder = folder, .file = inside, .audit_key = log.key}, kUnseen),
                 LedgerError);
    EXPECT_THROW(check_is_outside(inside, temp / "link"), LedgerError) << inside;
    EXPECT_FALSE(std::filesystem::exists(inside));
  }
  EXPECT_NO_THROW(check_is_outside(temp / "ledger.tar", folder));
  EXPECT_NO_THROW(check_is_outside("a.tar", folder));
}

// Whichever call fails: there is a whole backup, or none; a whole ledger, or none.
TEST_F(BackupTest, LeavesNothingWhicheverCallFails) {
  int calls = 0;
  for (door.fails_at = 1;; ++door.fails_at, ++calls) {
    door.changes = 0;
    try {
      backed_up();
      break;
    } catch (const LedgerError&) {
    }
    const bool is_named = std::filesystem::exists(file);  // the folder's sync came after
    EXPECT_EQ(names(), is_named ? (std::vector<std::string>{"ledger", "ledger.tar"})
                                : (std::vector<std::string>{"ledger"}));
    std::filesystem::remove(file);
  }
  EXPECT_GT(calls, 3);
  for (door.fails_at = 1, calls = 0;; ++door.fails_at, ++calls) {
    door.changes = 0;
    try {
      restored();
      break;
    } catch (const LedgerError&) {
    }
    const bool is_named = std::filesystem::exists(target);
    EXPECT_EQ(names(), is_named ? (std::vector<std::string>{"ledger", "ledger.tar", "restored"})
                                : (std::vector<std::string>{"ledger", "ledger.tar"}));
    std::filesystem::remove_all(target);
  }
  EXPECT_GT(calls, 10);
}

}  // namespace
}  // namespace batal::ledger
