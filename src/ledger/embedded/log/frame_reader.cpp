#include "ledger/embedded/log/frame_reader.h"

#include <fmt/format.h>

#include <utility>

#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/log/record_codec.h"

namespace batal::ledger {

StoredRecord stored(const Frame& frame, const Path& path, std::uint64_t offset) {
  auto record = decode(frame.record);
  if (!record)
    throw LedgerError(fmt::format("{} holds a record at byte {} that cannot be read: {}",
                                  path.string(), offset, record.error()));
  return {.record = *std::move(record),
          .sequence = frame.sequence,
          .previous = frame.previous,
          .mac = frame.mac};
}

StoredRecord FrameReader::read(Position position) {
  return read(file_of(position.segment), position);
}

StoredRecord FrameReader::read(const File& segment, Position position) {
  constexpr std::size_t kMostFramesBytes = 1024;
  const Path path = path_of(position.segment);
  buffer_.resize(kMostFramesBytes);
  auto count = must(read_all(segment, buffer_, position.offset), "read", path);
  const auto stated = stated_frame_bytes(std::span(buffer_).first(count));
  if (stated && *stated > count) {
    buffer_.resize(*stated);
    count = must(read_all(segment, buffer_, position.offset), "read", path);
  }
  return read(std::span(buffer_).first(count), position);
}

StoredRecord FrameReader::read(std::span<const std::uint8_t> bytes, Position position) const {
  const Path path = path_of(position.segment);
  const auto frame = frame_at(bytes);
  if (!frame)
    throw LedgerError(fmt::format("{} is corrupt: the record at byte {}, whole before, is broken",
                                  path.string(), position.offset));
  return stored(*frame, path, position.offset);
}

const File& FrameReader::file_of(std::uint32_t segment) {
  constexpr std::size_t kOpenMax = 64;
  if (const auto found = open_.find(segment); found != open_.end()) return *found->second;
  if (open_.size() >= kOpenMax) open_.erase(open_.begin());
  const Path path = path_of(segment);
  FilePtr file = must(door_.open(path, OpenFor::Reading), "open", path);
  check(*file, segment);
  return *(open_[segment] = std::move(file));
}

void FrameReader::check(const File& file, std::uint32_t segment) const {
  const Path path = path_of(segment);
  HeaderBytes bytes;
  const auto size = must(read_all(file, bytes, 0), "read", path);
  const auto header = decode_header(std::span(bytes).first(size));
  if (!header) throw LedgerError(fmt::format("{} {}", path.string(), header.error()));
  if (header->ledger == ledger_ && header->number == segment) return;
  throw LedgerError(fmt::format("{} is another segment than its name says", path.string()));
}

}  // namespace batal::ledger
