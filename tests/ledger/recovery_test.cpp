#include "ledger/embedded/recovery.h"

#include <gtest/gtest.h>

#include "ledger/commands.h"
#include "ledger/embedded/ledger_error.h"
#include "ledger/embedded/log.h"
#include "ledger/embedded/reader.h"
#include "ledger/simulated_disk.h"
#include "support/temp_folder.h"

namespace batal::ledger {
namespace {

const Path kFolder = "/ledger";
const Path kFirst = kFolder / "0000000001.segment";
const Path kSecond = kFolder / "0000000002.segment";

LogOptions options(Mode mode = Mode::Production) {
  return {.folder = kFolder,
          .mode = mode,
          .segment_bytes = kSegmentHeaderBytes + 2048,
          .batch_bytes_max = 1024,
          .record_bytes_max = 480};
}

// Appends records to the disk's ledger, in batches of these sizes, and returns where they stand.
std::vector<Position> write(SimulatedDisk& disk, std::initializer_list<int> batches) {
  Log log(disk, options());
  int number = static_cast<int>(log.recover([](Position, const payment::Record&) {}).records);
  std::vector<Position> positions;
  for (const int batch : batches) {
    EXPECT_TRUE(log.make_room());
    for (int i = 0; i < batch; ++i) positions.push_back(log.append(created(number++)).value());
    log.commit();
  }
  return positions;
}

struct Read {
  RecoveryReport report;
  std::vector<payment::EventPtr> events;
};

Read read(FileDoor& disk, Mode mode = Mode::Production, const Path& folder = kFolder) {
  Read result;
  const RecoveryOptions settings{folder, mode, options().segment_bytes};
  result.report = recover(disk, settings, [&](Position, const payment::Record& record) {
                    result.events.push_back(std::get<payment::EventPtr>(record));
                  }).report;
  return result;
}

void expect_first_events(const Read& result, std::size_t count) {
  ASSERT_EQ(result.events.size(), count);
  for (std::size_t i = 0; i < count; ++i)
    EXPECT_EQ(*result.events[i], *created(static_cast<int>(i)));
}

std::string refusal(FileDoor& disk, Mode mode = Mode::Production) {
  try {
    read(disk, mode);
  } catch (const LedgerError& error) {
    return error.what();
  }
  return "none";
}

struct Shown {
  std::size_t records = 0;
  std::optional<Cut> torn;
  std::string error = "none";
};

// What a reader tells of the disk's ledger.
Shown shown(FileDoor& disk) {
  Shown result;
  try {
    Reader reader(kFolder, disk);
    while (reader.next()) ++result.records;
    result.torn = reader.torn();
  } catch (const LedgerError& error) {
    result.error = error.what();
  }
  return result;
}

// A disk with the same ledger but for the content of its first segment.
void put_ledger(SimulatedDisk& disk, const SimulatedDisk& from, Bytes segment) {
  disk.put(kFolder / "format", from.content(kFolder / "format"));
  disk.put(kFirst, std::move(segment));
}

TEST(Recovery, MakesALedgerWhereThereIsNone) {
  SimulatedDisk disk;
  const auto result = read(disk);
  EXPECT_EQ(result.report.segments, 1U);
  EXPECT_EQ(result.report.records, 0U);
  EXPECT_FALSE(result.report.cut);
  disk.crash();
  EXPECT_EQ(disk.content(kFolder / "format"), Bytes(disk.content(kFolder / "format")));
  EXPECT_EQ(read_mode(disk, kFolder), Mode::Production);
  EXPECT_EQ(disk.content(kFirst).size(), options().segment_bytes);
}

TEST(Recovery, WorksOnTheRealDisk) {
  const testing::TempFolder folder;
  for (int start = 0; start < 2; ++start) {
    const auto result = read(posix_door(), Mode::Sandbox, folder / "a/ledger");
    EXPECT_EQ(result.report.records, 0U);
  }
  EXPECT_EQ(folder.read("a/ledger/format"), "batal ledger\nformat 1\nmode sandbox\n");
}

// What a segment should be read as of which the first `length` bytes were written.
struct Expected {
  std::size_t records = 0;
  std::size_t end = kSegmentHeaderBytes;  // of the whole frames
  std::size_t torn = 0;                   // bytes behind it, up to the last that is not zero
};
Expected expected_of(const Bytes& whole, std::size_t length) {
  const auto without_zeros = [&whole](std::size_t from, std::size_t to) {
    while (to > from && whole[to - 1] == 0) --to;
    return to;
  };
  Expected expected;
  FrameCursor cursor(whole, 1);
  while (cursor.next() && without_zeros(expected.end, cursor.offset()) <= length) {
    ++expected.records;
    expected.end = cursor.offset();
  }
  if (length > expected.end) expected.torn = without_zeros(expected.end, length) - expected.end;
  return expected;
}

// Zeros from every byte of the last two batches on.
TEST(Recovery, StartsWithALogThatEndsAtEveryByte) {
  SimulatedDisk origin;
  const auto positions = write(origin, {1, 1, 2});
  const Bytes whole = origin.content(kFirst);
  const std::size_t end = expected_of(whole, whole.size()).end;
  for (std::size_t length = positions[1].offset; length <= end; ++length) {
    SCOPED_TRACE(fmt::format("ends at {}", length));
    Bytes cut = whole;
    std::fill(cut.begin() + std::ptrdiff_t(length), cut.end(), std::uint8_t{0});
    SimulatedDisk disk;
    put_ledger(disk, origin, cut);
    const auto result = read(disk);
    const auto [records, frames_end, torn] = expected_of(whole, length);
    ASSERT_GE(records, 1U);
    expect_first_events(result, records);
    const auto expected_cut = std::optional(Cut{1, frames_end, torn, records + 1});
    EXPECT_EQ(result.report.cut, torn > 0 ? expected_cut : std::nullopt);
    disk.crash();
    const auto again = read(disk);
    expect_first_events(again, records);
    EXPECT_FALSE(again.report.cut);
    EXPECT_EQ(disk.content(kFirst).size(), options().segment_bytes);
  }
}

// Segments are made in full: a shorter file has lost its end, however whole its frames are.
TEST(Recovery, RefusesASegmentThatIsShorterThanItWasMade) {
  SimulatedDisk origin;
  const auto positions = write(origin, {2, 2, 2, 2});
  ASSERT_EQ(positions.back().segment, 2U);
  for (const Path& path : {kFirst, kSecond}) {
    const Bytes whole = origin.content(path);
    for (const std::size_t length : {kSegmentHeaderBytes, std::size_t{positions[1].offset},
                                     whole.size() - 512, whole.size() - 1}) {
      SimulatedDisk disk;
      put_ledger(disk, origin, origin.content(kFirst));
      disk.put(kSecond, origin.content(kSecond));
      disk.put(path, Bytes(whole.begin(), whole.begin() + std::ptrdiff_t(length)));
      const auto expected = fmt::format(
          "{} is corrupt: it ends at byte {}, but was made with {} "
          "bytes",
          path.string(), length, whole.size());
      EXPECT_EQ(refusal(disk), expected);
      EXPECT_EQ(shown(disk).error, expected) << "a reader sees it too";
    }
  }
}

// The size that a segment was made with is its own, not the settings'.
TEST(Recovery, TakesSegmentsOfAnotherSize) {
  SimulatedDisk disk;
  write(disk, {2, 2, 2, 2});
  const std::size_t made = disk.content(kSecond).size();
  for (const std::size_t bytes : {made / 2, 2 * made, made}) {
    std::size_t records = 0;
    recover(disk, {kFolder, Mode::Production, bytes},
            [&records](Position, const payment::Record&) { ++records; });
    EXPECT_EQ(records, 8U);
    EXPECT_EQ(disk.content(kFirst).size(), made);
    const Bytes last = disk.content(kSecond);
    EXPECT_EQ(decode_header(last)->bytes, last.size());
    EXPECT_EQ(decode_header(last)->first_sequence, 7U);
  }
}

TEST(Recovery, CutsABitFlipInTheLastFrame) {
  SimulatedDisk origin;
  const auto positions = write(origin, {1, 1});
  for (std::size_t at = positions[1].offset; at < positions[1].offset + 64; ++at) {
    Bytes flipped = origin.content(kFirst);
    flipped[at] ^= 4;
    SimulatedDisk disk;
    put_ledger(disk, origin, flipped);
    const Shown before = shown(disk);
    const auto result = read(disk);
    expect_first_events(result, 1);
    ASSERT_TRUE(result.report.cut) << at;
    EXPECT_EQ(before.records, 1U);
    EXPECT_EQ(before.torn, result.report.cut) << "a reader sees it too";
    EXPECT_EQ(result.report.cut->offset, positions[1].offset);
    EXPECT_EQ(result.report.cut->first_lost_sequence, 2U);
  }
}

TEST(Recovery, RefusesABitFlipInASyncedFrame) {
  SimulatedDisk origin;
  const auto positions = write(origin, {1, 1, 1});
  for (std::size_t at = positions[1].offset; at < positions[2].offset; ++at) {
    Bytes flipped = origin.content(kFirst);
    flipped[at] ^= 4;
    SimulatedDisk disk;
    put_ledger(disk, origin, flipped);
    const auto broken = fmt::format(
        "{} is corrupt: record 2 at byte {} is broken, and the frame at byte {} says that it was "
        "synced",
        kFirst.string(), positions[1].offset, positions[2].offset);
    EXPECT_EQ(refusal(disk), broken);
    EXPECT_EQ(shown(disk).error, broken) << "a reader sees it too";
    EXPECT_EQ(disk.content(kFirst), flipped) << "a refused ledger is left as it is";
  }
}

TEST(Recovery, CutsAllOfABatchWhoseFirstFrameIsTorn) {
  SimulatedDisk origin;
  const auto positions = write(origin, {1, 3});
  Bytes torn = origin.content(kFirst);
  std::fill_n(torn.begin() + positions[1].offset, 16, std::uint8_t{0});
  SimulatedDisk disk;
  put_ledger(disk, origin, torn);
  const auto result = read(disk);
  expect_first_events(result, 1);
  EXPECT_EQ(result.report.cut->first_lost_sequence, 2U);
  EXPECT_GT(result.report.cut->bytes, positions[3].offset - positions[1].offset);
}

// A read of a segment that is being written may see a later batch and not yet an earlier one.
TEST(Reader, LooksASecondTimeBeforeItCallsALogBroken) {
  SimulatedDisk disk;
  const auto positions = write(disk, {1, 1, 1});
  const Bytes whole = disk.content(kFirst);
  Bytes early = whole;
  std::fill(early.begin() + positions[1].offset, early.begin() + positions[2].offset,
            std::uint8_t{0});
  disk.put(kFirst, early);
  int looks = 0;
  disk.on_open([&](const Path& path, OpenFor) {
    if (path == kFirst && ++looks == 2) disk.put(kFirst, whole);
  });
  const Shown result = shown(disk);
  EXPECT_EQ(result.error, "none");
  EXPECT_EQ(result.records, 3U);
  EXPECT_FALSE(result.torn);
}

TEST(Recovery, ReadsThroughManySegments) {
  SimulatedDisk disk;
  write(disk, {2, 2, 2, 2, 2, 2, 2, 2});
  write(disk, {2, 2, 2});
  const auto result = read(disk);
  expect_first_events(result, 22);
  EXPECT_GT(result.report.segments, 3U);
}

TEST(Recovery, RefusesABreakInASegmentThatHasASuccessor) {
  SimulatedDisk disk;
  const auto positions = write(disk, {2, 2, 2, 2, 2});
  ASSERT_EQ(positions.back().segment, 2U);
  const auto last = std::ranges::find(positions, 2U, &Position::segment) - 1;
  Bytes segment = disk.content(kFirst);
  segment[last->offset + kFrameHeaderBytes] ^= 1;
  disk.put(kFirst, segment);
  const auto broken = fmt::format(
      "{} is corrupt: record {} at byte {} is broken, and a later segment says that it was whole",
      kFirst.string(), last - positions.begin() + 1, last->offset);
  EXPECT_EQ(refusal(disk), broken);
  EXPECT_EQ(shown(disk).error, broken) << "a reader sees it too";
  std::fill(segment.begin() + last->offset, segment.end(), std::uint8_t{0});
  disk.put(kFirst, segment);
  EXPECT_EQ(
      refusal(disk),
      fmt::format("{} says that it is segment 2 and begins with record {}, but record {} "
                  "comes next",
                  kSecond.string(), last - positions.begin() + 2, last - positions.begin() + 1));
  EXPECT_EQ(shown(disk).error, refusal(disk)) << "a reader sees it too";
}

TEST(Recovery, RefusesAFolderThatIsNotALedgerOfThisKind) {
  struct Case {
    const char* what;
    std::function<void(SimulatedDisk&)> spoil;
    std::string refusal;
  };
  const auto spoil_header = [](std::size_t at) {
    return [at](SimulatedDisk& disk) {
      Bytes segment = disk.content(kFirst);
      segment[at] ^= 3;
      disk.put(kFirst, segment);
    };
  };
  const Case cases[] = {
      {"first segment missing", [](auto& disk) { (void)disk.remove(kFirst); },
       "/ledger/0000000001.segment is missing"},
      {"all segments missing",
       [](auto& disk) {
         (void)disk.remove(kFirst);
         (void)disk.remove(kSecond);
       },
       "/ledger/0000000001.segment is missing"},
      {"segment missing in between",
       [](auto& disk) { (void)disk.rename(kSecond, kFolder / segment_name(3)); },
       "/ledger/0000000002.segment is missing"},
      {"segments swapped", [](auto& disk) { disk.put(kFirst, disk.content(kSecond)); },
       "/ledger/0000000001.segment says that it is segment 2 and begins with record 7, but record "
       "1 comes next"},
      {"foreign name", [](auto& disk) { disk.put(kFolder / "notes.txt", "x"); },
       "/ledger/notes.txt is no file of a ledger: its folder must hold nothing else"},
      {"foreign segment", spoil_header(0), "/ledger/0000000001.segment is no segment of a ledger"},
      {"newer segment", spoil_header(8),
       "/ledger/0000000001.segment has format 2, but this program knows none after 1"},
      {"broken header", spoil_header(24),
       "/ledger/0000000001.segment has a broken header, at byte 0"},
      {"segment of the other mode",
       [](auto& disk) {
         const auto header = encode(SegmentHeader{.mode = Mode::Sandbox});
         disk.put(kFirst, Bytes(header.begin(), header.end()));
       },
       "/ledger/0000000001.segment is of a sandbox ledger, but its folder of a production one"},
      {"cut header", [](auto& disk) { disk.put(kFirst, "BATALSEG"); },
       "/ledger/0000000001.segment is cut short inside its header, at byte 8"},
      {"format missing", [](auto& disk) { (void)disk.remove(kFolder / "format"); },
       "/ledger/format is missing"},
      {"newer folder",
       [](auto& disk) {
         disk.put(kFolder / "format", "batal ledger\nformat 2\nmode production\n");
       },
       "/ledger/format is not the format file of a ledger, or of a newer one than format 1, which "
       "this program knows"},
      {"folder of the other mode",
       [](auto& disk) { disk.put(kFolder / "format", "batal ledger\nformat 1\nmode sandbox\n"); },
       "/ledger is a sandbox ledger and cannot be opened in production mode"},
  };
  for (const auto& [what, spoil, expected] : cases) {
    SimulatedDisk disk;
    write(disk, {2, 2, 2, 2});
    ASSERT_EQ(disk.content(kSecond).size(), options().segment_bytes);
    spoil(disk);
    EXPECT_EQ(refusal(disk), expected) << what;
  }
}

TEST(Recovery, RefusesARecordThatItCannotRead) {
  SimulatedDisk disk;
  const auto positions = write(disk, {1});
  Bytes segment = disk.content(kFirst);
  Bytes frame;
  append_frame(frame, created(0), 1, 0);
  frame[kFrameHeaderBytes] = 9;
  // The same frame, sound but for a record format that is not known.
  Bytes resealed = frame;
  std::uint32_t crc = 0xFFFFFFFF;
  for (std::size_t i = 4; i < resealed.size(); ++i) {
    crc ^= resealed[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78 : 0);
  }
  for (std::size_t i = 0; i < 4; ++i) resealed[i] = static_cast<std::uint8_t>(~crc >> 8 * i);
  std::ranges::copy(resealed, segment.begin() + positions[0].offset);
  disk.put(kFirst, segment);
  EXPECT_EQ(refusal(disk),
            fmt::format("{} holds a record at byte {} that cannot be read: format at byte 1: 9, "
                        "but this program knows 1",
                        kFirst.string(), positions[0].offset));
}

TEST(Recovery, TakesAFolderOnce) {
  SimulatedDisk disk;
  Log log(disk, options());
  log.recover([](Position, const payment::Record&) {});
  EXPECT_EQ(refusal(disk), "/ledger is in use by another batal");
}

TEST(Recovery, ForgetsWhatWasBeingMade) {
  SimulatedDisk disk;
  write(disk, {1});
  disk.put(kFolder / "recovered.tmp", "half");
  expect_first_events(read(disk), 1);
  const auto names = disk.list(kFolder).value();
  EXPECT_EQ(std::ranges::count(names, "recovered.tmp"), 0);
}

// A power cut at every step of making a ledger and of rewriting its tail.
TEST(Recovery, CanBeCutOffAtEveryStep) {
  for (const bool is_new : {true, false}) {
    bool finished = false;
    for (std::uint64_t step = 1; !finished; ++step) {
      for (std::uint64_t seed = 0; seed < 8; ++seed) {
        SimulatedDisk disk(seed);
        if (!is_new) write(disk, {2, 2, 2, 1});
        disk.fail_at(step);
        finished = refusal(disk) == "none";
        disk.heal();
        disk.crash();
        SCOPED_TRACE(fmt::format("step {}, seed {}", step, seed));
        expect_first_events(read(disk), is_new ? 0 : 7);
      }
      ASSERT_LT(step, 100U);
    }
  }
}

}  // namespace
}  // namespace batal::ledger
