#include "ledger/embedded/segment.h"

#include <gtest/gtest.h>

#include <boost/endian/conversion.hpp>

#include "ledger/commands.h"
#include "ledger/embedded/ledger_error.h"
#include "ledger/simulated_disk.h"

namespace batal::ledger {
namespace {

Bytes frames(int count, std::uint64_t first_sequence = 1) {
  Bytes bytes;
  for (int number = 0; number < count; ++number)
    append_frame(bytes, created(number), first_sequence + static_cast<std::uint64_t>(number), 0);
  return bytes;
}

TEST(Frame, IsAlignedAndGivesItsPartsBack) {
  Bytes bytes;
  append_frame(bytes, created(1), 7, 5);
  EXPECT_EQ(bytes.size() % 8, 0U);
  const auto frame = frame_at(bytes);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->sequence, 7U);
  EXPECT_EQ(frame->synced_up_to, 5U);
  EXPECT_EQ(frame->bytes, bytes.size());
  EXPECT_EQ(stated_frame_bytes(bytes), bytes.size());
}

TEST(Frame, BreaksWithEveryBit) {
  Bytes bytes = frames(1);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto mask = static_cast<std::uint8_t>(1U << bit % 8);
    bytes[bit / 8] ^= mask;
    EXPECT_FALSE(frame_at(bytes)) << "bit " << bit;
    bytes[bit / 8] ^= mask;
  }
  EXPECT_TRUE(frame_at(bytes));
}

TEST(Frame, BreaksWithEveryCut) {
  const Bytes bytes = frames(1);
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(frame_at(std::span(bytes).first(length))) << length;
}

TEST(Frame, CannotBeginWithZerosOrAnAbsurdLength) {
  EXPECT_FALSE(stated_frame_bytes(Bytes(64)));
  Bytes absurd(64);
  absurd[7] = 0xFF;
  EXPECT_FALSE(stated_frame_bytes(absurd));
}

// CRC32C as RFC 3720 gives it for 32 zeros, 8A9136AA, tells it from every other CRC32: the frame's
// bytes are fixed here so that no other polynomial can slip in.
TEST(Frame, KeepsItsForm) {
  Bytes bytes;
  append_frame(bytes, payment::TimeMark{payment::Time(std::chrono::microseconds(1))}, 2, 1);
  const Bytes without_crc{10, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0,
                          0,  0, 1, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(Bytes(bytes.begin() + 4, bytes.end()), without_crc);
  std::uint32_t crc = 0xFFFFFFFF;
  for (const auto byte : without_crc) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78 : 0);
  }
  EXPECT_EQ(boost::endian::load_little_u32(bytes.data()), ~crc);
}

TEST(FrameCursor, WalksInSequenceAndStopsAtTheFirstGap) {
  Bytes segment(kSegmentHeaderBytes);
  const Bytes first = frames(2, 5);
  const Bytes stray = frames(1, 8);
  segment.insert(segment.end(), first.begin(), first.end());
  segment.insert(segment.end(), stray.begin(), stray.end());
  FrameCursor cursor(segment, 5);
  EXPECT_EQ(cursor.next()->sequence, 5U);
  EXPECT_EQ(cursor.next()->sequence, 6U);
  EXPECT_FALSE(cursor.next());
  EXPECT_EQ(cursor.offset(), kSegmentHeaderBytes + first.size());
  EXPECT_EQ(cursor.sequence(), 7U);
}

TEST(SegmentHeader, GivesItsPartsBack) {
  const SegmentHeader header{
      .mode = Mode::Sandbox, .number = 9, .bytes = 32 << 20, .first_sequence = 1'000'000'007};
  EXPECT_EQ(decode_header(encode(header)), header);
}

TEST(SegmentHeader, KeepsItsForm) {
  const auto header = encode(SegmentHeader{
      .mode = Mode::Production, .number = 9, .bytes = 32 << 20, .first_sequence = 258});
  const Bytes form{'B', 'A', 'T', 'A', 'L', 'S', 'E', 'G', 1, 0, 0, 0, 1, 0, 0, 0,
                   9,   0,   0,   0,   0,   0,   0,   2,   2, 1, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(Bytes(header.begin(), header.begin() + 32), form);
}

TEST(SegmentHeader, SaysWhatIsWrong) {
  struct Case {
    std::size_t at;
    std::uint8_t value;
    const char* error;
  };
  const Case cases[] = {
      {0, 'b', "is no segment of a ledger"},
      {8, 2, "has format 2, but this program knows none after 1"},
      {12, 2, "has a broken header, at byte 0"},
      {16, 77, "has a broken header, at byte 0"},
      {20, 77, "has a broken header, at byte 0"},
      {24, 77, "has a broken header, at byte 0"},
      {32, 77, "has a broken header, at byte 0"},
  };
  for (const auto& [at, value, error] : cases) {
    HeaderBytes bytes = encode(SegmentHeader{});
    bytes[at] = value;
    EXPECT_EQ(decode_header(bytes).error(), error) << "byte " << at;
  }
  EXPECT_EQ(decode_header(Bytes(100)).error(), "is cut short inside its header, at byte 100");
}

TEST(SegmentName, IsTenDigitsAndSuffix) {
  EXPECT_EQ(segment_name(7), "0000000007.segment");
  EXPECT_EQ(segment_number("0000000007.segment"), 7U);
  for (const char* name : {"7.segment", "0000000000.segment", "0000000007.segment.bak",
                           "9999999999.segment", "", "format", "000000000x.segment"})
    EXPECT_FALSE(segment_number(name)) << name;
}

TEST(MakeZeroed, ReplacesWhatIsThereAndIsDurable) {
  SimulatedDisk disk;
  disk.put("/d/next.tmp", "old");
  make_zeroed(disk, "/d/next.tmp", 3 << 19);
  ASSERT_TRUE(disk.sync_folder("/d"));
  disk.crash();
  EXPECT_EQ(disk.content("/d/next.tmp"), Bytes(3 << 19));
}

TEST(MakeZeroed, LeavesNothingOnAFullDisk) {
  SimulatedDisk disk;
  disk.fail_at(3);  // remove, create, write
  EXPECT_THROW(make_zeroed(disk, "/d/next.tmp", 1 << 20), LedgerError);
  EXPECT_EQ(disk.list("/d"), std::vector<std::string>{});
}

}  // namespace
}  // namespace batal::ledger
