#include "ledger/embedded/log/recovery.h"

#include <gtest/gtest.h>

#include "ledger/small_log.h"
#include "support/temp_folder.h"

namespace batal::ledger {
namespace {

void expect_first_events(const Read& result, std::size_t count) {
  ASSERT_EQ(result.events.size(), count);
  for (std::size_t i = 0; i < count; ++i)
    EXPECT_EQ(*result.events[i], *created(static_cast<int>(i)));
}

// A disk with the same ledger but for the content of its first segment.
void put_ledger(SimulatedDisk& disk, const SimulatedDisk& from, Bytes segment) {
  disk.put(kFolder / "format", from.content(kFolder / "format"));
  disk.put(kFirst, std::move(segment));
}

TEST(Recovery, MakesALedgerWhereThereIsNone) {
  SimulatedDisk disk;
  const auto result = read(disk);
  EXPECT_EQ(result.recovered.segment, 1U);
  EXPECT_EQ(result.recovered.last_sequence, 0U);
  EXPECT_FALSE(result.recovered.cut);
  disk.crash();
  const auto format = read_format(disk, kFolder);
  ASSERT_TRUE(format);
  EXPECT_EQ(format->mode, Mode::Production);
  EXPECT_EQ(format->audit_key, test_key().id());
  const Bytes segment = disk.content(kFirst);
  EXPECT_EQ(segment.size(), options().segment_bytes);
  EXPECT_EQ(decode_header(segment)->ledger, format->id);
  SimulatedDisk other;
  read(other);
  EXPECT_NE(read_format(other, kFolder)->id, format->id);
}

TEST(Recovery, WorksOnTheRealDisk) {
  const testing::TempFolder folder;
  for (int start = 0; start < 2; ++start) {
    const auto result = read(posix_door(), Mode::Sandbox, folder / "a/ledger");
    EXPECT_EQ(result.recovered.last_sequence, 0U);
  }
  EXPECT_TRUE(
      folder.read("a/ledger/format").starts_with("batal ledger\nformat 2\nmode sandbox\nid "));
}

// A start that was cut off before the folder became a ledger leaves at most an empty segment, of an
// id that was never told to anybody.
TEST(Recovery, BeginsAnewWhereAFolderNeverBecameALedger) {
  SimulatedDisk disk;
  read(disk);
  const Bytes early = disk.content(kFirst);
  ASSERT_TRUE(disk.remove(kFolder / "format"));
  EXPECT_EQ(read(disk, Mode::Sandbox).recovered.last_sequence, 0U);
  EXPECT_EQ(read_format(disk, kFolder)->mode, Mode::Sandbox);
  EXPECT_NE(disk.content(kFirst), early);
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
    EXPECT_EQ(result.recovered.cut, torn > 0 ? expected_cut : std::nullopt);
    disk.crash();
    const auto again = read(disk);
    expect_first_events(again, records);
    EXPECT_FALSE(again.recovered.cut);
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
  const auto positions = write(disk, {2, 2, 2, 2});
  const auto sealed =
      static_cast<std::uint64_t>(std::ranges::count(positions, 1U, &Position::segment));
  const std::size_t made = disk.content(kSecond).size();
  for (const std::size_t bytes : {made / 4, 2 * made, made}) {
    std::uint64_t records = 0;
    const OpenedFolder opened = open_folder(disk, kFolder, Mode::Production, test_key().id());
    const Recovered recovered = recover(
        disk, opened, {.folder = kFolder, .segment_bytes = bytes, .first_sequence = sealed + 1},
        [&records](const StoredRecord&, Position) { ++records; });
    EXPECT_EQ(records, 8 - sealed);
    EXPECT_EQ(recovered.last_sequence, 8U);
    const Bytes last = disk.content(kSecond);
    EXPECT_EQ(recovered.bytes, last.size());
    EXPECT_EQ(decode_header(last)->bytes, last.size());
    EXPECT_EQ(decode_header(last)->first_sequence, sealed + 1);
  }
}

// Whoever knows where the last segment begins need not read what stands before it.
TEST(Recovery, ReadsNoSegmentButTheLast) {
  SimulatedDisk disk;
  const auto positions = write(disk, {2, 2, 2, 2, 2});
  ASSERT_EQ(positions.back().segment, 2U);
  Bytes broken = disk.content(kFirst);
  broken[positions[0].offset] ^= 1;
  disk.put(kFirst, broken);
  std::vector<std::string> opened_files;
  disk.on_open([&](const Path& path, OpenFor) { opened_files.push_back(path.filename()); });
  const auto first = std::ranges::find(positions, 2U, &Position::segment) - positions.begin();
  const OpenedFolder opened = open_folder(disk, kFolder, Mode::Production, test_key().id());
  std::vector<Position> visited;
  std::vector<std::uint64_t> sequences;
  recover(disk, opened,
          {.folder = kFolder,
           .segment_bytes = options().segment_bytes,
           .first_sequence = static_cast<std::uint64_t>(first) + 1},
          [&](const StoredRecord& stored, Position position) {
            visited.push_back(position);
            sequences.push_back(stored.sequence);
          });
  EXPECT_EQ(std::ranges::count(opened_files, segment_name(1)), 0);
  EXPECT_EQ(visited, std::vector(positions.begin() + first, positions.end()));
  EXPECT_EQ(sequences.back(), positions.size());
}

// What is visited can be read from the folder at once: it is the segment as it will stay.
TEST(Recovery, HasReplacedTheSegmentBeforeItShowsARecord) {
  SimulatedDisk disk;
  const auto positions = write(disk, {1, 1});
  Bytes torn = disk.content(kFirst);
  torn[positions[1].offset + kFrameHeaderBytes] ^= 1;
  disk.put(kFirst, torn);
  const OpenedFolder opened = open_folder(disk, kFolder, Mode::Production, test_key().id());
  int records = 0;
  recover(disk, opened, {.folder = kFolder, .segment_bytes = options().segment_bytes},
          [&](const StoredRecord&, Position) {
            ++records;
            const Bytes now = disk.content(kFirst);
            EXPECT_EQ(std::count(now.begin() + positions[1].offset, now.end(), 0),
                      now.end() - now.begin() - positions[1].offset);
          });
  EXPECT_EQ(records, 1);
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
    ASSERT_TRUE(result.recovered.cut) << at;
    EXPECT_EQ(before.records, 1U);
    EXPECT_EQ(before.torn, result.recovered.cut) << "a reader sees it too";
    EXPECT_EQ(result.recovered.cut->offset, positions[1].offset);
    EXPECT_EQ(result.recovered.cut->first_lost_sequence, 2U);
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

// Whether it is gone or broken: what could still be mended is left as it is.
TEST(Recovery, RefusesToLoseWhatACheckpointCovers) {
  SimulatedDisk origin;
  const auto positions = write(origin, {1, 1});
  Bytes gone = origin.content(kFirst);
  std::fill(gone.begin() + positions[1].offset, gone.end(), std::uint8_t{0});
  Bytes broken = origin.content(kFirst);
  broken[positions[1].offset + 70] ^= 4;
  for (const Bytes& segment : {gone, broken}) {
    SimulatedDisk disk;
    put_ledger(disk, origin, segment);
    EXPECT_EQ(refusal(disk, test_key(), 2),
              fmt::format("{} ends with record 1 at byte {}, but a checkpoint covers 2: records "
                          "that were told are missing",
                          kFirst.string(), positions[1].offset));
    EXPECT_EQ(disk.content(kFirst), segment);
    EXPECT_EQ(refusal(disk, test_key(), 1), "none");
  }
  SimulatedDisk empty;
  EXPECT_EQ(refusal(empty, test_key(), 1),
            fmt::format("{} ends with record 0 at byte 4096, but a checkpoint covers 1: records "
                        "that were told are missing",
                        kFirst.string()));
  EXPECT_FALSE(empty.has(kFirst));
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
  EXPECT_EQ(result.recovered.cut->first_lost_sequence, 2U);
  EXPECT_GT(result.recovered.cut->bytes, positions[3].offset - positions[1].offset);
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

TEST(Reader, RefusesALedgerWithoutASegment) {
  SimulatedDisk disk;
  write(disk, {1});
  ASSERT_TRUE(disk.remove(kFirst));
  EXPECT_EQ(shown(disk).error, "/ledger/0000000001.segment is missing");
}

TEST(Recovery, ReadsThroughManySegments) {
  SimulatedDisk disk;
  write(disk, {2, 2, 2, 2, 2, 2, 2, 2});
  write(disk, {2, 2, 2});
  const auto result = read(disk);
  expect_first_events(result, 22);
  EXPECT_GT(result.recovered.segment, 3U);
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

template <class T>
void spoil_segment(SimulatedDisk& disk, T SegmentHeader::*member, T value) {
  Bytes segment = disk.content(kFirst);
  SegmentHeader header = decode_header(segment).value();
  header.*member = value;
  std::ranges::copy(encode(header), segment.begin());
  disk.put(kFirst, segment);
}

TEST(Recovery, RefusesALedgerOfAnotherAuditKey) {
  SimulatedDisk disk;
  write(disk, {1});
  const AuditKey other(AuditKey::Secret{});
  EXPECT_EQ(refusal(disk, other),
            fmt::format("/ledger was made with audit key {}, but the key given is {}",
                        test_key().id(), other.id()));
  expect_first_events(read(disk), 1);
}

// Changes a byte of the first segment.
std::function<void(SimulatedDisk&)> spoil_header(std::size_t at) {
  return [at](SimulatedDisk& disk) {
    Bytes segment = disk.content(kFirst);
    segment[at] ^= 3;
    disk.put(kFirst, segment);
  };
}

TEST(Recovery, RefusesAFolderThatIsNotALedgerOfThisKind) {
  struct Case {
    const char* what;
    std::function<void(SimulatedDisk&)> spoil;
    std::string refusal;
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
      {"segment of another format", spoil_header(8),
       "/ledger/0000000001.segment has format 1, but this program knows format 2 only"},
      {"broken header", spoil_header(24),
       "/ledger/0000000001.segment has a broken header, at byte 0"},
      {"segment of the other mode",
       [](auto& disk) { spoil_segment(disk, &SegmentHeader::mode, Mode::Sandbox); },
       "/ledger/0000000001.segment is of a sandbox ledger, but its folder of a production one"},
      {"segment of another ledger",
       [](auto& disk) { spoil_segment(disk, &SegmentHeader::ledger, LedgerId{1}); },
       "/ledger/0000000001.segment is of another ledger than its folder"},
      {"last segment of another ledger",
       [](auto& disk) {
         (void)disk.remove(kSecond);
         spoil_segment(disk, &SegmentHeader::ledger, LedgerId{1});
       },
       "/ledger/0000000001.segment is of another ledger than its folder"},
      {"cut header", [](auto& disk) { disk.put(kFirst, "BATALSEG"); },
       "/ledger/0000000001.segment is cut short inside its header, at byte 8"},
      {"format missing", [](auto& disk) { (void)disk.remove(kFolder / "format"); },
       "/ledger/format is missing"},
      {"folder of another format",
       [](auto& disk) {
         disk.put(kFolder / "format", "batal ledger\nformat 1\nmode production\n");
       },
       "/ledger/format is not the format file of a ledger, or of another than format 2, which this "
       "program knows"},
      {"folder of the other mode",
       [](auto& disk) {
         Format format = *read_format(disk, kFolder);
         format.mode = Mode::Sandbox;
         write_format(disk, kFolder, format);
       },
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
  Macs macs(test_key());
  append_frame(frame, created(0), FrameHead{}, macs);
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
  const Log log(disk, options(), test_key());
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
