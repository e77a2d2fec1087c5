#include "ledger/archive/verify.h"

#include <gtest/gtest.h>

#include "ledger/verified.h"
#include "support/temp_folder.h"

namespace batal::ledger {
namespace {

Head head_of(const WrittenLog& log, std::string_view line) {
  const Path file = log.folder.parent_path() / "head";
  put_file(file, line);
  return read_head(posix_door(), file, log.key.public_key());
}

std::string last_line(const std::string& lines) {
  const auto begin = lines.rfind('\n', lines.size() - 2);
  return lines.substr(begin + 1);
}

class VerifyTest : public ::testing::Test {
 protected:
  testing::TempFolder temp;
  const Path folder = temp / "ledger";
};

TEST_F(VerifyTest, PassesWhatWasWritten) {
  const WrittenLog log = ten_records(folder);
  for (const Knows knows : {Knows::Secret, Knows::Public}) {
    const Verified found = verified(options_for(log, knows));
    EXPECT_EQ(found.records, 10U);
    EXPECT_EQ(found.last_sequence, 10U);
    EXPECT_EQ(found.segments, 2U);
    EXPECT_EQ(found.pruned, 0U);
    EXPECT_EQ(found.checkpoints, 3U);
    EXPECT_EQ(found.covering.value().sequence, 10U);
    EXPECT_EQ(found.links_into_pruned, 0U);
    EXPECT_FALSE(found.torn);
  }
}

TEST_F(VerifyTest, SaysWhatNoCheckpointCovers) {
  WrittenLog log = ten_records(folder);
  log.add(created(5));
  log.write();
  const Verified found = verified(options_for(log, Knows::Secret));
  EXPECT_EQ(found.last_sequence, 11U);
  EXPECT_EQ(found.covering.value().sequence, 10U);
}

TEST_F(VerifyTest, MentionsATornTail) {
  WrittenLog log = ten_records(folder);
  log.segments.back().frames.push_back({1, 2, 3});
  log.write();
  const Verified found = verified(options_for(log, Knows::Secret));
  EXPECT_EQ(found.torn.value().bytes, 3U);
  EXPECT_EQ(found.torn.value().first_lost_sequence, 11U);
}

TEST_F(VerifyTest, PassesOverWhatWasPruned) {
  const WrittenLog log = ten_records(folder);
  log.prune(1);
  const Verified found = verified(options_for(log, Knows::Secret));
  EXPECT_EQ(found.records, 5U);
  EXPECT_EQ(found.last_sequence, 10U);
  EXPECT_EQ(found.pruned, 1U);
  EXPECT_EQ(found.links_into_pruned, 1U) << "the cancel of 2";
  EXPECT_EQ(found.checkpoints, 3U);
}

TEST_F(VerifyTest, CountsCheckpointsInsideOfPrunedSegments) {
  WrittenLog log(folder);
  log.add(created(1));
  log.checkpoint();
  const std::string early = log.checkpoints;
  log.add(cancelled(1));
  log.seal();
  log.add(created(2));
  log.write();
  VerifyOptions options = options_for(log, Knows::Secret);
  options.head = head_of(log, early);
  EXPECT_EQ(verified(options).checkpoints_unchecked, 0U);
  log.prune(1);
  const Verified found = verified(options);
  EXPECT_EQ(found.checkpoints_unchecked, 2U) << "in the folder, and the head";
  EXPECT_EQ(found.covering.value().sequence, 2U);
}

TEST_F(VerifyTest, TakesACheckpointOfASegmentThatWasStillEmpty) {
  WrittenLog log(folder);
  log.add(created(1));
  log.seal();
  log.checkpoint();
  log.add(cancelled(1));
  log.write();
  EXPECT_EQ(verified(options_for(log, Knows::Secret)).checkpoints, 2U);
}

TEST_F(VerifyTest, TakesALogWithoutARecord) {
  WrittenLog log(folder);
  log.write();
  const Verified found = verified(options_for(log, Knows::Secret));
  EXPECT_EQ(found.last_sequence, 0U);
  EXPECT_FALSE(found.covering);
}

TEST_F(VerifyTest, APublicKeyWithoutACheckpointChecksNothing) {
  WrittenLog log(folder);
  log.write();
  EXPECT_EQ(finding(options_for(log, Knows::Public)), "nothing");
  log.add(created(1));
  log.write();
  EXPECT_EQ(finding(options_for(log, Knows::Secret)), "nothing");
  EXPECT_NE(finding(options_for(log, Knows::Public)).find("was checked by a signature"),
            std::string::npos);
}

TEST_F(VerifyTest, AHeadKeptElsewhereHolds) {
  WrittenLog log = ten_records(folder);
  VerifyOptions options = options_for(log, Knows::Public);
  options.head = head_of(log, last_line(log.checkpoints));
  log.checkpoints.clear();
  log.add(created(5));
  log.write();
  EXPECT_EQ(verified(options).covering.value().sequence, 10U);
}

TEST_F(VerifyTest, AHeadShowsALogThatWasCutOffWithItsCheckpoints) {
  WrittenLog log = ten_records(folder);
  VerifyOptions options = options_for(log, Knows::Secret);
  const std::string before = finding(options);
  options.head = head_of(log, last_line(log.checkpoints));
  log.checkpoints = log.checkpoints.substr(0, log.checkpoints.find('\n') + 1);
  log.segments.back().frames.resize(3);
  log.write();
  EXPECT_EQ(before, "nothing");
  EXPECT_EQ(finding(options_for(log, Knows::Secret)), "nothing");
  EXPECT_NE(finding(options).find("ends with record 8, but the checkpoint of "
                                  "2027-01-15T08:00:00Z in"),
            std::string::npos)
      << finding(options);
}

TEST_F(VerifyTest, AHeadOfAnotherKeyOrLedgerIsRefused) {
  const WrittenLog log = ten_records(folder);
  const WrittenLog other = ten_records(temp / "other", key_of(2));
  EXPECT_THROW(head_of(log, other.checkpoints), LedgerError);
  EXPECT_THROW(head_of(log, "no checkpoint"), LedgerError);
  WrittenLog foreign(temp / "foreign");
  foreign.format.id.fill(8);
  foreign.add(created(1));
  foreign.checkpoint();
  VerifyOptions options = options_for(log, Knows::Secret);
  options.head = head_of(log, foreign.checkpoints);
  EXPECT_NE(finding(options).find("holds a checkpoint of another ledger"), std::string::npos);
}

TEST_F(VerifyTest, AnotherKeyIsRefused) {
  const WrittenLog log = ten_records(folder);
  VerifyOptions options = options_for(log, Knows::Secret);
  options.audit_key = key_of(2);
  options.public_key = key_of(2).public_key();
  EXPECT_NE(finding(options).find("was made with audit key"), std::string::npos);
}

}  // namespace
}  // namespace batal::ledger
