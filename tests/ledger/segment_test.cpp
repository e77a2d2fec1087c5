#include "ledger/embedded/log/segment.h"

#include <gtest/gtest.h>

#include <boost/endian/conversion.hpp>

#include "ledger/commands.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/simulated_disk.h"
#include "ledger/test_key.h"

namespace batal::ledger {
namespace {

Bytes frames(int count, std::uint64_t first_sequence = 1) {
  Macs macs(test_key());
  Bytes bytes;
  for (int number = 0; number < count; ++number)
    append_frame(bytes, created(number),
                 {.sequence = first_sequence + static_cast<std::uint64_t>(number), .previous = {}},
                 macs);
  return bytes;
}

Mac mac_of(std::uint8_t byte) {
  Mac mac;
  mac.fill(byte);
  return mac;
}

TEST(Frame, IsAlignedAndGivesItsPartsBack) {
  Macs macs(test_key());
  Bytes bytes;
  const Link previous{.position = {3, 4104}, .mac = mac_of(9)};
  const Mac mac = append_frame(bytes, created(1),
                               {.sequence = 7, .synced_up_to = 5, .previous = previous}, macs);
  EXPECT_EQ(bytes.size() % 8, 0U);
  const auto frame = frame_at(bytes);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->sequence, 7U);
  EXPECT_EQ(frame->synced_up_to, 5U);
  EXPECT_EQ(frame->previous, previous.position);
  EXPECT_EQ(frame->mac, mac);
  EXPECT_EQ(frame->mac, macs.of(7, previous.mac, frame->record));
  EXPECT_EQ(frame->bytes, bytes.size());
  EXPECT_EQ(stated_frame_bytes(bytes), bytes.size());
}

// What a record is sealed with is its sequence, what came before, and its own bytes, under the key.
TEST(Frame, IsSealedByAllThatItSays) {
  const auto sealed = [](const AuditKey& key, int number, std::uint64_t sequence, Mac previous) {
    Macs macs(key);
    Bytes bytes;
    return append_frame(bytes, created(number),
                        {.sequence = sequence, .previous = {{1, 4096}, previous}}, macs);
  };
  AuditKey::Secret other{};
  const Mac mac = sealed(test_key(), 1, 2, mac_of(0));
  EXPECT_EQ(mac, sealed(test_key(), 1, 2, mac_of(0)));
  EXPECT_NE(mac, sealed(test_key(), 0, 2, mac_of(0)));
  EXPECT_NE(mac, sealed(test_key(), 1, 3, mac_of(0)));
  EXPECT_NE(mac, sealed(test_key(), 1, 2, mac_of(1)));
  EXPECT_NE(mac, sealed(AuditKey(other), 1, 2, mac_of(0)));
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
  EXPECT_FALSE(stated_frame_bytes(Bytes(kFrameHeaderBytes)));
  Bytes absurd(kFrameHeaderBytes);
  absurd[7] = 0xFF;
  EXPECT_FALSE(stated_frame_bytes(absurd));
}

// CRC32C as RFC 3720 gives it for 32 zeros, 8A9136AA, tells it from every other CRC32: the frame's
// bytes are fixed here so that no other polynomial can slip in.
TEST(Frame, KeepsItsForm) {
  Macs macs(test_key());
  Bytes bytes;
  append_frame(bytes, payment::TimeMark{payment::Time(std::chrono::microseconds(1))},
               {.sequence = 2, .synced_up_to = 1, .previous = {{3, 258}, {}}}, macs);
  Bytes form{10, 0, 0, 0,               // length of the record
             2,  0, 0, 0, 0, 0, 0, 0,   // sequence
             1,  0, 0, 0, 0, 0, 0, 0,   // synced up to
             3,  0, 0, 0, 2, 1, 0, 0};  // segment and offset of the one before
  const Bytes record{1, 3, 1, 0, 0, 0, 0, 0, 0, 0};
  const Mac mac = macs.of(2, {}, record);
  form.insert(form.end(), mac.begin(), mac.end());
  form.insert(form.end(), record.begin(), record.end());
  form.resize(frame_bytes(record.size()) - 4);
  EXPECT_EQ(Bytes(bytes.begin() + 4, bytes.end()), form);
  std::uint32_t crc = 0xFFFFFFFF;
  for (const auto byte : form) {
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
  const SegmentHeader header{.mode = Mode::Sandbox,
                             .ledger = {1, 2, 3},
                             .number = 9,
                             .bytes = 32 << 20,
                             .first_sequence = 1'000'000'007};
  EXPECT_EQ(decode_header(encode(header)), header);
}

TEST(SegmentHeader, KeepsItsForm) {
  const auto header = encode(SegmentHeader{.mode = Mode::Production,
                                           .ledger = {7, 8},
                                           .number = 9,
                                           .bytes = 32 << 20,
                                           .first_sequence = 258});
  const Bytes form{'B', 'A', 'T', 'A', 'L', 'S', 'E', 'G', 2, 0, 0, 0, 1, 0, 0, 0,
                   9,   0,   0,   0,   0,   0,   0,   2,   2, 1, 0, 0, 0, 0, 0, 0,
                   7,   8,   0,   0,   0,   0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(Bytes(header.begin(), header.begin() + 48), form);
}

TEST(SegmentHeader, SaysWhatIsWrong) {
  struct Case {
    std::size_t at;
    std::uint8_t value;
    const char* error;
  };
  const Case cases[] = {
      {0, 'b', "is no segment of a ledger"},
      {8, 1, "has format 1, but this program knows format 2 only"},
      {8, 3, "has format 3, but this program knows format 2 only"},
      {12, 2, "has a broken header, at byte 0"},
      {16, 77, "has a broken header, at byte 0"},
      {20, 77, "has a broken header, at byte 0"},
      {24, 77, "has a broken header, at byte 0"},
      {32, 77, "has a broken header, at byte 0"},
      {47, 77, "has a broken header, at byte 0"},
      {48, 77, "has a broken header, at byte 0"},
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
