#include "ledger/archive/break.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "ledger/archive/finding.h"
#include "ledger/embedded/log/record_codec.h"

namespace batal::ledger {
namespace {

using Segment = std::span<const std::uint8_t>;

// Where, from `offset` on, a whole frame of this sequence stands.
std::optional<std::size_t> find(Segment segment, std::size_t offset, std::uint64_t sequence) {
  while (offset + kFrameHeaderBytes <= segment.size()) {
    const auto frame = frame_at(segment.subspan(offset));
    if (frame && frame->sequence == sequence) return offset;
    offset += frame ? frame->bytes : 8;
  }
  return std::nullopt;
}

std::string description_of(const Frame& frame) {
  const auto record = decode(frame.record);
  return record ? description(*record) : "unreadable";
}

std::string told_by(const Frame& frame, std::uint64_t expected,
                    const std::optional<std::size_t>& later) {
  const std::string stands = fmt::format("record {} ({}) stands where record {} belongs",
                                         frame.sequence, description_of(frame), expected);
  if (frame.sequence < expected)
    return fmt::format("{}: it was inserted{}", stands, later ? "" : " in its place");
  if (later) return fmt::format("{}, which stands at byte {}: reordered", stands, *later);
  if (frame.sequence == expected + 1)
    return fmt::format("{}: record {} was removed", stands, expected);
  return fmt::format("{}: records {} to {} were removed", stands, expected, frame.sequence - 1);
}

std::string told_by_nothing(Segment rest, std::uint64_t expected,
                            const std::optional<std::size_t>& later) {
  const auto head = rest.first(std::min(rest.size(), kFrameHeaderBytes));
  if (later)
    return fmt::format("what was inserted there is no record, and record {} stands at byte {}",
                       expected, *later);
  if (std::ranges::all_of(head, [](auto byte) { return byte == 0; }))
    return fmt::format("record {} was removed: zeros stand in its place", expected);
  return fmt::format("record {} was changed: its CRC does not fit", expected);
}

// The sequence under which these bytes were sealed, near the one that they bear.
std::optional<std::uint64_t> sealed_as(Macs& macs, const Reader::Entry& entry,
                                       const Mac& previous) {
  constexpr std::uint64_t kDistanceMax = 100'000;
  const std::uint64_t sequence = entry.stored.sequence;
  const auto fits = [&](std::uint64_t other) {
    return macs.of(other, previous, entry.frame.record) == entry.stored.mac;
  };
  for (std::uint64_t distance = 1; distance <= kDistanceMax; ++distance) {
    if (distance < sequence && fits(sequence - distance)) return sequence - distance;
    if (fits(sequence + distance)) return sequence + distance;
  }
  return std::nullopt;
}

// Where, behind the reader's last record, one stands that was sealed as `sequence`. Only links
// inside the segment are followed.
std::optional<std::size_t> find_sealed_as(Macs& macs, const Reader& reader,
                                          std::uint64_t sequence) {
  const Segment segment = reader.segment_bytes();
  for (std::size_t at = reader.offset(); at < segment.size();) {
    const auto frame = frame_at(segment.subspan(at));
    if (!frame) return std::nullopt;
    std::optional<Mac> previous;
    if (frame->previous.segment == 0) {
      previous = Mac{};
    } else if (frame->previous.segment == reader.segment() && frame->previous.offset < at) {
      const auto before = frame_at(segment.subspan(frame->previous.offset));
      if (before) previous = before->mac;
    }
    if (previous && macs.of(sequence, *previous, frame->record) == frame->mac) return at;
    at += frame->bytes;
  }
  return std::nullopt;
}

}  // namespace

bool is_whole(const Reader& reader) {
  return frame_at(reader.segment_bytes().subspan(reader.offset())).has_value();
}

void fail_at_break(const Path& folder, const Reader& reader) {
  const Segment segment = reader.segment_bytes();
  const Segment rest = segment.subspan(reader.offset());
  const auto later = find(segment, reader.offset(), reader.sequence());
  const auto frame = frame_at(rest);
  throw LedgerError(fmt::format("{} at byte {}: {}",
                                (folder / segment_name(reader.segment())).string(), reader.offset(),
                                frame ? told_by(*frame, reader.sequence(), later)
                                      : told_by_nothing(rest, reader.sequence(), later)));
}

std::string misfit(Macs& macs, const Reader& reader, const Reader::Entry& entry,
                   const Mac& previous) {
  const std::uint64_t sequence = entry.stored.sequence;
  const auto as = sealed_as(macs, entry, previous);
  if (!as) return "was changed: its MAC does not fit";
  const std::string written = fmt::format("was written as record {}", *as);
  const auto later = find_sealed_as(macs, reader, sequence);
  if (later)
    return fmt::format("{}, and record {} stands at byte {}: reordered", written, sequence, *later);
  if (*as < sequence) return written + ": it was inserted, or moved here";
  return fmt::format("{}: {} removed", written,
                     *as == sequence + 1 ? "a record before it was" : "records before it were");
}

}  // namespace batal::ledger
