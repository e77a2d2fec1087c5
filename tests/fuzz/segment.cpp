// Fuzzed: a segment of the log, in two ways. As bytes: a header and frames as they come. And as
// what the ledger writes: a header and frames of records, and then bytes of it are damaged.
//
// Asserted: a header that is taken is the header of what it says; a cursor stays inside the
// segment, goes forward, gives frames in sequence, and their records are refused or have one form;
// a damaged header is refused; and of damaged frames all that stand before the damage are given.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>

#include "fuzz/require.h"
#include "ledger/embedded/log/record_codec.h"
#include "ledger/embedded/log/segment.h"

namespace batal::fuzz {
namespace {

using ledger::Bytes;
using payment::Record;
using payment::Time;

Time time_from(FuzzedDataProvider& input) {
  return Time(std::chrono::microseconds(input.ConsumeIntegral<std::int64_t>()));
}

Record record_from(FuzzedDataProvider& input) {
  if (input.ConsumeBool()) return payment::TimeMark{time_from(input)};
  return payment::NotFoundYet{.at = time_from(input),
                              .until = time_from(input),
                              .partner = input.ConsumeRandomLengthString(64),
                              .service = input.ConsumeIntegral<std::uint8_t>(),
                              .external_id = input.ConsumeRandomLengthString(64),
                              .trx_id = input.ConsumeRandomLengthString(64)};
}

void check_record(std::span<const std::uint8_t> bytes) {
  const auto record = ledger::decode(bytes);
  if (!record) return;
  Bytes again;
  ledger::encode(*record, again);
  require(std::ranges::equal(again, bytes), "a record has one form");
}

// Walks a whole segment; gives the ends of its frames.
std::vector<std::size_t> walk(std::span<const std::uint8_t> segment, std::uint64_t first_sequence) {
  std::vector<std::size_t> ends;
  ledger::FrameCursor cursor(segment, first_sequence);
  std::uint64_t sequence = first_sequence;
  for (std::size_t begin = cursor.offset(); const auto frame = cursor.next();) {
    require(frame->sequence == sequence++, "frames come in sequence");
    require(frame->record.size() < frame->bytes, "a record stands inside its frame");
    require(cursor.offset() == begin + frame->bytes, "a cursor goes on behind the frame");
    require(cursor.offset() <= segment.size(), "a cursor stays inside the segment");
    check_record(frame->record);
    ends.push_back(begin = cursor.offset());
  }
  require(cursor.sequence() == sequence, "a cursor knows what it looks for");
  return ends;
}

void check_header(FuzzedDataProvider& input) {
  constexpr std::size_t kFieldBytes = 52;
  const ledger::SegmentHeader header{
      .mode = input.ConsumeBool() ? ledger::Mode::Sandbox : ledger::Mode::Production,
      .number = input.ConsumeIntegral<std::uint32_t>(),
      .bytes = input.ConsumeIntegral<std::uint32_t>(),
      .first_sequence = input.ConsumeIntegral<std::uint64_t>()};
  ledger::HeaderBytes bytes = ledger::encode(header);
  require(ledger::decode_header(bytes) == header, "a header is read as it was written");
  const auto change = input.ConsumeIntegralInRange<std::uint8_t>(1, 255);
  bytes[input.ConsumeIntegralInRange<std::size_t>(0, kFieldBytes - 1)] ^= change;
  const auto damaged = ledger::decode_header(bytes);
  require(!damaged && !damaged.error().empty(), "a damaged header is refused, and why");
}

void check_bytes(std::span<const std::uint8_t> bytes) {
  Bytes segment(ledger::kSegmentHeaderBytes);
  std::ranges::copy(bytes.first(std::min(bytes.size(), segment.size())), segment.begin());
  const auto header = ledger::decode_header(segment);
  require(!header || ledger::decode_header(ledger::encode(*header)) == *header,
          "a header that is taken is the header of what it says");
  require(!ledger::decode_header(bytes.first(std::min<std::size_t>(bytes.size(), 64))),
          "a part of a header is refused");
  segment.insert(segment.end(), bytes.begin(), bytes.end());
  walk(segment, 1);
}

struct Written {
  Bytes segment;
  std::vector<std::size_t> ends;  // of the frames
};

Written write(FuzzedDataProvider& input, std::uint64_t first_sequence) {
  const auto header = ledger::encode(ledger::SegmentHeader{.first_sequence = first_sequence});
  Written written{{header.begin(), header.end()}, {}};
  static ledger::Macs macs{ledger::AuditKey(ledger::AuditKey::Secret{})};
  const auto count = input.ConsumeIntegralInRange<std::uint64_t>(0, 8);
  for (std::uint64_t i = 0; i < count; ++i) {
    const ledger::FrameHead head{.sequence = first_sequence + i,
                                 .synced_up_to = input.ConsumeIntegral<std::uint64_t>(),
                                 .previous = {}};
    ledger::append_frame(written.segment, record_from(input), head, macs);
    written.ends.push_back(written.segment.size());
  }
  return written;
}

// Where the first byte that differs stands; the size where none does.
std::size_t damage(Bytes& segment, FuzzedDataProvider& input) {
  const Bytes before = segment;
  const auto flips = input.ConsumeIntegralInRange<int>(0, 4);
  for (int i = 0; i < flips; ++i) {
    const auto at =
        input.ConsumeIntegralInRange<std::size_t>(ledger::kSegmentHeaderBytes, segment.size() - 1);
    segment[at] = input.ConsumeIntegral<std::uint8_t>();
  }
  if (input.ConsumeBool()) {
    segment.resize(
        input.ConsumeIntegralInRange<std::size_t>(ledger::kSegmentHeaderBytes, segment.size()));
  }
  const auto differs = std::ranges::mismatch(before, segment).in1;
  return static_cast<std::size_t>(differs - before.begin());
}

void check_records(FuzzedDataProvider& input) {
  const auto first_sequence = input.ConsumeIntegralInRange<std::uint64_t>(1, 1'000'000);
  Written written = write(input, first_sequence);
  require(walk(written.segment, first_sequence) == written.ends, "what is written is found");
  if (written.ends.empty()) return;
  const std::size_t sound = damage(written.segment, input);
  std::vector<std::size_t> found = walk(written.segment, first_sequence);
  std::erase_if(written.ends, [&](std::size_t end) { return end > sound; });
  std::erase_if(found, [&](std::size_t end) { return end > sound; });
  require(found == written.ends, "what stands before the damage is found");
}

}  // namespace
}  // namespace batal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  batal::fuzz::check_bytes({data, size});
  FuzzedDataProvider input(data, size);
  batal::fuzz::check_header(input);
  batal::fuzz::check_records(input);
  return 0;
}
