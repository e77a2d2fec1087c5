#include <gtest/gtest.h>

#include <algorithm>

#include "ledger/verified.h"
#include "support/temp_folder.h"

namespace batal::ledger {
namespace {

// What somebody does to a log of ten records (written_log.h), and what is found, with the secret
// and without it. Two segments, so {1} is the first's path, {2} the second's; {at N} is where frame
// N of the changed log stands in its segment.
struct Tampering {
  const char* name;
  void (*deed)(WrittenLog& log);
  const char* with_secret;
  const char* without;
};

void exchange(Bytes& frame, std::string_view from, std::string_view to) {
  const auto found = std::search(frame.begin(), frame.end(), from.begin(), from.end());
  ASSERT_NE(found, frame.end());
  std::ranges::copy(to, found);
}

std::vector<Bytes>& frames(WrittenLog& log, std::size_t segment) {
  return log.segments.at(segment - 1).frames;
}

void remove_frame(WrittenLog& log, std::size_t segment, std::size_t frame) {
  frames(log, segment).erase(frames(log, segment).begin() + std::ptrdiff_t(frame));
}

void insert_copy(WrittenLog& log, std::size_t segment, std::size_t frame, std::size_t before) {
  const Bytes copy = frames(log, segment).at(frame);
  frames(log, segment).insert(frames(log, segment).begin() + std::ptrdiff_t(before), copy);
}

void change_file(const Path& path, std::string_view from, std::string_view to) {
  std::string text = file_text(path);
  text.replace(text.find(from), from.size(), to);
  put_file(path, text);
}

constexpr const char* kNotThose = "records 1 to 5 are not those of the checkpoint of 2027-";

const Tampering kTamperings[] = {
    {"ChangedEvent",
     [](WrittenLog& log) {
       exchange(frames(log, 1)[2], "1500.00", "1501.00");
       WrittenLog::fit_crc(frames(log, 1)[2]);
       log.write();
     },
     "record 3 (cancel of A100000000000000000000000001) was changed: its MAC does not fit",
     kNotThose},
    {"ChangedByte",
     [](WrittenLog& log) {
       exchange(frames(log, 1)[2], "1500.00", "1501.00");
       log.write();
     },
     "record 3 was changed: its CRC does not fit", "record 3 was changed: its CRC does not fit"},
    {"ChangedTimeMark",
     [](WrittenLog& log) {
       frames(log, 1)[3][kFrameHeaderBytes + 2] ^= 1;
       WrittenLog::fit_crc(frames(log, 1)[3]);
       log.write();
     },
     "record 4 (time mark) was changed: its MAC does not fit", kNotThose},
    {"ChangedWord",
     [](WrittenLog& log) {
       exchange(frames(log, 1)[4], "overtaken", "forgotten");
       WrittenLog::fit_crc(frames(log, 1)[4]);
       log.write();
     },
     "record 5 (word that forgotten was not found) was changed: its MAC does not fit", kNotThose},
    {"ChangedMac",
     [](WrittenLog& log) {
       frames(log, 1)[0][40] ^= 1;
       WrittenLog::fit_crc(frames(log, 1)[0]);
       log.write();
     },
     "at byte 4096: record 1 (create of A100000000000000000000000001) was changed", kNotThose},
    {"ChangedLink",
     [](WrittenLog& log) {
       boost::endian::store_little_u32(
           &frames(log, 1)[2][28], std::uint32_t(kSegmentHeaderBytes + frames(log, 1)[0].size()));
       WrittenLog::fit_crc(frames(log, 1)[2]);
       log.write();
     },
     "record 3 (cancel of A100000000000000000000000001) names record 2 at byte",
     "record 3 (cancel of A100000000000000000000000001) names record 2 at byte"},
    {"LinkToNothing",
     [](WrittenLog& log) {
       boost::endian::store_little_u32(&frames(log, 1)[2][28], kSegmentHeaderBytes + 8);
       WrittenLog::fit_crc(frames(log, 1)[2]);
       log.write();
     },
     "names byte 4104 of segment 1 as the record of its transaction before it, and",
     "names byte 4104 of segment 1 as the record of its transaction before it, and"},
    {"WithoutLink",
     [](WrittenLog& log) {
       std::fill_n(frames(log, 1)[2].begin() + 24, 8, std::uint8_t{0});
       WrittenLog::fit_crc(frames(log, 1)[2]);
       log.write();
     },
     "record 3 (cancel of A100000000000000000000000001) names no record",
     "record 3 (cancel of A100000000000000000000000001) names no record"},
    {"ChangedOutsideOfTheMac",
     [](WrittenLog& log) {
       frames(log, 1)[1][16] = 0;  // synced up to
       WrittenLog::fit_crc(frames(log, 1)[1]);
       log.write();
     },
     kNotThose, kNotThose},
    {"Reordered",
     [](WrittenLog& log) {
       std::swap(frames(log, 1)[0], frames(log, 1)[1]);
       log.write();
     },
     "at byte 4096: record 2 (create of A100000000000000000000000002) stands where record 1 "
     "belongs,"
     " which stands at byte",
     "reordered"},
    {"ReorderedAtTheEnd",
     [](WrittenLog& log) {
       std::swap(frames(log, 2)[3], frames(log, 2)[4]);
       log.write();
     },
     "record 10 (cancel of A100000000000000000000000004) stands where record 9 belongs, which",
     "reordered"},
    {"ReorderedInTheLastBatch",
     [](WrittenLog& log) {
       // Neither tells of the other, and no checkpoint covers them yet.
       log.checkpoints = log.checkpoints.substr(0, log.checkpoints.find('\n') + 1);
       std::swap(frames(log, 2)[3], frames(log, 2)[4]);
       for (Bytes& frame : frames(log, 2)) {
         frame[16] = 5;
         WrittenLog::fit_crc(frame);
       }
       log.write();
     },
     "record 10 (cancel of A100000000000000000000000004) stands where record 9 belongs, which",
     "reordered"},
    {"ReorderedAndRenumbered",
     [](WrittenLog& log) {
       std::swap(frames(log, 1)[0], frames(log, 1)[1]);
       log.renumber();
       log.write();
     },
     "record 1 (create of A100000000000000000000000002) was written as record 2, and record 1 "
     "stands at byte",
     "names record 1"},
    {"Removed",
     [](WrittenLog& log) {
       remove_frame(log, 1, 2);
       log.write();
     },
     "record 4 (time mark) stands where record 3 belongs: record 3 was removed",
     "record 3 was removed"},
    {"TwoRemoved",
     [](WrittenLog& log) {
       remove_frame(log, 1, 2);
       remove_frame(log, 1, 2);
       log.write();
     },
     "stands where record 3 belongs: records 3 to 4 were removed", "records 3 to 4 were removed"},
    {"RemovedAndRenumbered",
     [](WrittenLog& log) {
       remove_frame(log, 1, 3);
       log.renumber();
       log.write();
     },
     "record 4 (word that overtaken was not found) was written as record 5: a record before it was "
     "removed",
     "records 1 to 5 are not those"},
    {"BlankedOut",
     [](WrittenLog& log) {
       std::ranges::fill(frames(log, 1)[2], std::uint8_t{0});
       log.write();
     },
     "record 3 was removed: zeros stand in its place", "record 3 was removed: zeros stand in its"},
    {"Inserted",
     [](WrittenLog& log) {
       insert_copy(log, 1, 0, 2);
       log.write();
     },
     "record 1 (create of A100000000000000000000000001) stands where record 3 belongs: it was "
     "inserted",
     "it was inserted"},
    {"InsertedAndRenumbered",
     [](WrittenLog& log) {
       insert_copy(log, 2, 0, 5);
       log.renumber();
       log.write();
     },
     "record 11 (create of A100000000000000000000000003) was written as record 6: it was inserted",
     "nothing"},  // behind the last checkpoint
    {"InsertedCancelAndRenumbered",
     [](WrittenLog& log) {
       insert_copy(log, 1, 2, 3);
       log.renumber();
       log.write();
     },
     "record 4 (cancel of A100000000000000000000000001) names the record at byte 4096 of segment 1",
     "it was inserted, or one between them was left out"},
    {"InsertedBytes",
     [](WrittenLog& log) {
       frames(log, 1).insert(frames(log, 1).begin() + 1, Bytes(64, 0xFF));
       log.write();
     },
     "what was inserted there is no record, and record 2 stands at byte",
     "what was inserted there is no record, and record 2 stands at byte"},
    {"CutOff",
     [](WrittenLog& log) {
       frames(log, 2).resize(3);
       log.write();
     },
     "ends with record 8, but the checkpoint of 2027-01-15T08:00:00Z in",
     "covers records up to 10: those after 8 were removed"},
    {"LastRecordTorn",
     [](WrittenLog& log) {
       frames(log, 2)[4].back() ^= 1;
       frames(log, 2)[4][70] ^= 1;
       log.write();
     },
     "record 10 was changed or cut off: it is not whole, but the checkpoint of",
     "record 10 was changed or cut off: it is not whole, but the checkpoint of"},
    {"FirstSegmentMissing",
     [](WrittenLog& log) { must(posix_door().remove(log.path(1)), "remove", log.path(1)); },
     "ledger/0000000001.segment is missing", "ledger/0000000001.segment is missing"},
    {"LastSegmentMissing",
     [](WrittenLog& log) { must(posix_door().remove(log.path(2)), "remove", log.path(2)); },
     "ends with record 5, but the checkpoint of", "ends with record 5, but the checkpoint of"},
    {"SegmentOfAnotherLedger",
     [](WrittenLog& log) {
       log.segments[0].header.ledger.fill(8);
       log.write();
     },
     "ledger/0000000001.segment is of another ledger than its folder",
     "ledger/0000000001.segment is of another ledger than its folder"},
    {"BytesBehindTheHeadersFields",
     [](WrittenLog& log) {
       Bytes segment = read_segment(posix_door(), log.path(2));
       segment[4095] = 1;
       put_file(log.path(2), segment);
     },
     "ledger/0000000002.segment at byte 4095: the header was changed",
     "ledger/0000000002.segment at byte 4095: the header was changed"},
    {"SegmentMadeAnew",
     [](WrittenLog& log) {
       // By somebody with a key of his own.
       WrittenLog other(log.folder, key_of(9));
       for (int number = 1; number <= 5; ++number) other.add(created(number));
       log.segments[0].frames = other.segments[0].frames;
       log.write();
     },
     "record 1 (create of A100000000000000000000000001) was changed: its MAC does not fit",
     kNotThose},
    {"CheckpointChanged",
     [](WrittenLog& log) {
       change_file(log.folder / kCheckpointsName, "sequence=8", "sequence=9");
     },
     "ledger/checkpoints has a wrong signature: it was changed, at line 2",
     "ledger/checkpoints has a wrong signature: it was changed, at line 2"},
    {"CheckpointOfAnotherKey",
     [](WrittenLog& log) {
       put_file(log.folder / kCheckpointsName,
                ten_records(log.folder.parent_path() / "other", key_of(9)).checkpoints);
     },
     "ledger/checkpoints is signed by another audit key, at line 1",
     "ledger/checkpoints is signed by another audit key, at line 1"},
    {"AttestationChanged",
     [](WrittenLog& log) {
       log.prune(1);
       change_file(log.folder / "0000000001.pruned", "records=5", "records=4");
     },
     "ledger/0000000001.pruned has a wrong signature: it was changed",
     "ledger/0000000001.pruned has a wrong signature: it was changed"},
    {"AttestationOfAnotherKey",
     [](WrittenLog& log) {
       log.prune(1);
       const WrittenLog other = ten_records(log.folder.parent_path() / "other", key_of(9));
       other.prune(1);
       put_file(log.folder / "0000000001.pruned", file_text(other.folder / "0000000001.pruned"));
     },
     "ledger/0000000001.pruned is signed by another audit key",
     "ledger/0000000001.pruned is signed by another audit key"},
    {"AttestationOfAnotherLog",
     [](WrittenLog& log) {
       // Signed with the key, as by a ledger that was rolled back and went on differently.
       WrittenLog other(log.folder.parent_path() / "other");
       for (int number = 1; number <= 5; ++number) other.add(created(number));
       other.seal();
       other.write();
       other.prune(1);
       log.prune(1);
       put_file(log.folder / "0000000001.pruned", file_text(other.folder / "0000000001.pruned"));
     },
     kNotThose, kNotThose},
    {"AttestationOfOtherRecords",
     [](WrittenLog& log) {
       log.seal();
       log.add(created(5));
       log.write();
       WrittenLog other(log.folder.parent_path() / "other");
       for (int number = 1; number <= 4; ++number) other.add(created(number));
       other.seal();
       for (int number = 5; number <= 9; ++number) other.add(created(number));
       other.write();
       other.prune(2);
       log.prune(2);
       put_file(log.folder / "0000000002.pruned", file_text(other.folder / "0000000002.pruned"));
     },
     "ledger/0000000002.pruned stands for records from 5 on, but record 6 comes next",
     "ledger/0000000002.pruned stands for records from 5 on, but record 6 comes next"},
};

class TamperingTest : public ::testing::TestWithParam<Tampering> {};

TEST_P(TamperingTest, IsNamed) {
  const testing::TempFolder temp;
  WrittenLog log = ten_records(temp / "ledger");
  GetParam().deed(log);
  const std::string with_secret = finding(options_for(log, Knows::Secret));
  EXPECT_NE(with_secret.find(GetParam().with_secret), std::string::npos) << with_secret;
  const std::string without = finding(options_for(log, Knows::Public));
  EXPECT_NE(without.find(GetParam().without), std::string::npos) << without;
}

INSTANTIATE_TEST_SUITE_P(All, TamperingTest, ::testing::ValuesIn(kTamperings),
                         [](const auto& tampering) { return std::string(tampering.param.name); });

}  // namespace
}  // namespace batal::ledger
