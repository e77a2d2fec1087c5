#include "ledger/embedded/log/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/endian/conversion.hpp>
#include <charconv>
#include <cstring>

#include "ledger/embedded/log/crc32c.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/log/record_codec.h"

namespace batal::ledger {
namespace {

using boost::endian::load_little_u32;
using boost::endian::load_little_u64;
using boost::endian::store_little_u32;
using boost::endian::store_little_u64;

constexpr std::string_view kMagic = "BATALSEG";
constexpr std::string_view kSuffix = ".segment";
constexpr std::size_t kNumberDigits = 10;
constexpr std::size_t kLedgerIdAt = 32;
constexpr std::size_t kHeaderCrcAt = 48;
constexpr std::size_t kMacAt = 32;

constexpr std::size_t kPieceBytes = 256 << 10;
alignas(kDiskPageBytes) constinit std::array<std::uint8_t, kPieceBytes> zeros{};

void write_zeros(File& file, std::size_t bytes, std::uint64_t offset, const Path& path) {
  while (bytes > 0) {
    const auto written =
        must(file.write_uncached(std::span(zeros).first(bytes), offset), "write", path);
    if (written == 0) fail_io(std::make_error_code(std::errc::io_error), "write", path);
    bytes -= written;
    offset += written;
  }
}

// Synced piece by piece, so that the ledger's own syncs never queue behind a whole segment.
void fill_with_zeros(File& file, std::size_t bytes, const Path& path, Pace* pace) {
  for (std::size_t offset = 0; offset < bytes; offset += kPieceBytes) {
    write_zeros(file, std::min(kPieceBytes, bytes - offset), offset, path);
    must(file.sync(), "sync", path);
    if (pace != nullptr) pace->rest();
  }
}

}  // namespace

HeaderBytes encode(const SegmentHeader& header) {
  HeaderBytes bytes{};
  std::ranges::copy(kMagic, bytes.begin());
  store_little_u32(&bytes[8], kSegmentFormat);
  store_little_u32(&bytes[12], static_cast<std::uint32_t>(header.mode));
  store_little_u32(&bytes[16], header.number);
  store_little_u32(&bytes[20], header.bytes);
  store_little_u64(&bytes[24], header.first_sequence);
  std::ranges::copy(header.ledger, &bytes[kLedgerIdAt]);
  store_little_u32(&bytes[kHeaderCrcAt], crc32c(std::span(bytes).first(kHeaderCrcAt)));
  return bytes;
}

std::expected<SegmentHeader, std::string> decode_header(std::span<const std::uint8_t> segment) {
  if (segment.size() < kSegmentHeaderBytes)
    return std::unexpected(
        fmt::format("is cut short inside its header, at byte {}", segment.size()));
  if (!std::ranges::equal(kMagic, segment.first(kMagic.size())))
    return std::unexpected("is no segment of a ledger");
  if (const auto format = load_little_u32(&segment[8]); format != kSegmentFormat)
    return std::unexpected(fmt::format("has format {}, but this program knows format {} only",
                                       format, kSegmentFormat));
  const auto mode = load_little_u32(&segment[12]);
  if (load_little_u32(&segment[kHeaderCrcAt]) != crc32c(segment.first(kHeaderCrcAt)) ||
      mode > static_cast<std::uint32_t>(Mode::Production))
    return std::unexpected("has a broken header, at byte 0");
  SegmentHeader header{.mode = static_cast<Mode>(mode),
                       .number = load_little_u32(&segment[16]),
                       .bytes = load_little_u32(&segment[20]),
                       .first_sequence = load_little_u64(&segment[24])};
  std::ranges::copy(segment.subspan(kLedgerIdAt, header.ledger.size()), header.ledger.begin());
  return header;
}

Mac append_frame(Bytes& out, const payment::Record& record, const FrameHead& head, Macs& macs) {
  const std::size_t begin = out.size();
  out.resize(begin + kFrameHeaderBytes);
  encode(record, out);
  const std::size_t record_bytes = out.size() - begin - kFrameHeaderBytes;
  out.resize(begin + frame_bytes(record_bytes));

  const auto frame = std::span(out).subspan(begin);
  store_little_u32(&frame[4], static_cast<std::uint32_t>(record_bytes));
  store_little_u64(&frame[8], head.sequence);
  store_little_u64(&frame[16], head.synced_up_to);
  store_little_u32(&frame[24], head.previous.position.segment);
  store_little_u32(&frame[28], head.previous.position.offset);
  const Mac mac =
      macs.of(head.sequence, head.previous.mac, frame.subspan(kFrameHeaderBytes, record_bytes));
  std::ranges::copy(mac, &frame[kMacAt]);
  store_little_u32(&frame[0], crc32c(frame.subspan(4)));
  return mac;
}

std::optional<std::size_t> stated_frame_bytes(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kFrameHeaderBytes) return std::nullopt;
  const std::size_t record_bytes = load_little_u32(&bytes[4]);
  if (record_bytes == 0 || record_bytes > kRecordBytesMax) return std::nullopt;
  return frame_bytes(record_bytes);
}

std::optional<Frame> frame_at(std::span<const std::uint8_t> bytes) {
  const auto stated = stated_frame_bytes(bytes);
  if (!stated || *stated > bytes.size()) return std::nullopt;
  const auto frame = bytes.first(*stated);
  if (load_little_u32(&frame[0]) != crc32c(frame.subspan(4))) return std::nullopt;
  Frame found{
      .sequence = load_little_u64(&frame[8]),
      .synced_up_to = load_little_u64(&frame[16]),
      .previous = {.segment = load_little_u32(&frame[24]), .offset = load_little_u32(&frame[28])},
      .bytes = *stated,
      .record = frame.subspan(kFrameHeaderBytes, load_little_u32(&frame[4]))};
  std::ranges::copy(frame.subspan(kMacAt, found.mac.size()), found.mac.begin());
  return found;
}

std::optional<Frame> FrameCursor::next() {
  if (offset_ > segment_.size()) return std::nullopt;
  const auto frame = frame_at(segment_.subspan(offset_));
  if (!frame || frame->sequence != sequence_) return std::nullopt;
  offset_ += frame->bytes;
  ++sequence_;
  return frame;
}

std::string segment_name(std::uint32_t number) {
  return fmt::format("{:0{}}{}", number, kNumberDigits, kSuffix);
}

std::optional<std::uint32_t> segment_number(std::string_view name) {
  std::uint32_t number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  if (number == 0 || name != segment_name(number)) return std::nullopt;
  return number;
}

std::vector<std::uint32_t> segment_numbers(std::span<const std::string> names) {
  std::vector<std::uint32_t> numbers;
  for (const auto& name : names)
    if (const auto number = segment_number(name)) numbers.push_back(*number);
  std::ranges::sort(numbers);
  return numbers;
}

FilePtr make_zeroed(FileDoor& door, const Path& path, std::size_t bytes, Pace* pace) {
  must(door.remove(path), "remove", path);
  FilePtr file = must(door.open(path, OpenFor::Creating), "make", path);
  try {
    fill_with_zeros(*file, bytes, path, pace);
  } catch (const LedgerError&) {
    // What is left of it would keep a full disk full; the first error is the one to tell.
    static_cast<void>(door.remove(path));
    throw;
  }
  return file;
}

Bytes read_segment(FileDoor& door, const Path& path) {
  return read_segment(*must(door.open(path, OpenFor::Reading), "open", path), path);
}

Bytes read_segment(const File& file, const Path& path) {
  Bytes bytes(must(file.size(), "read the size of", path));
  bytes.resize(must(read_all(file, bytes, 0), "read", path));
  return bytes;
}

}  // namespace batal::ledger
