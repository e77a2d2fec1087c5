#include "ledger/embedded/keeping/snapshot.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "ledger/embedded/log/crc32c.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/log/record_codec.h"

namespace batal::ledger {
namespace {

using boost::endian::load_little_s64;
using boost::endian::load_little_u32;
using boost::endian::load_little_u64;
using boost::endian::store_little_s64;
using boost::endian::store_little_u32;
using boost::endian::store_little_u64;

constexpr std::string_view kMagic = "BATALIVE";
constexpr std::string_view kTemporaryName = "live.tmp";
constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kHeadBytes = 64;
constexpr std::size_t kHeadCrcAt = 60;
constexpr std::size_t kEntryHeadBytes = 48;
constexpr std::size_t kPieceBytes = 1 << 20;

using HeadBytes = std::array<std::uint8_t, kHeadBytes>;

HeadBytes encode(const SnapshotHead& head) {
  HeadBytes bytes{};
  std::ranges::copy(kMagic, bytes.begin());
  store_little_u32(&bytes[8], kFormat);
  store_little_u32(&bytes[12], head.through);
  std::ranges::copy(head.ledger, &bytes[16]);
  store_little_s64(&bytes[32], head.last_at.time_since_epoch().count());
  store_little_u64(&bytes[40], head.count);
  store_little_u32(&bytes[kHeadCrcAt], crc32c(std::span(bytes).first(kHeadCrcAt)));
  return bytes;
}

std::optional<SnapshotHead> decode_head(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kHeadBytes || !std::ranges::equal(kMagic, bytes.first(kMagic.size())) ||
      load_little_u32(&bytes[8]) != kFormat ||
      load_little_u32(&bytes[kHeadCrcAt]) != crc32c(bytes.first(kHeadCrcAt)))
    return std::nullopt;
  SnapshotHead head{
      .through = load_little_u32(&bytes[12]),
      .last_at = payment::Time(std::chrono::microseconds(load_little_s64(&bytes[32]))),
      .count = load_little_u64(&bytes[40])};
  std::ranges::copy(bytes.subspan(16, head.ledger.size()), head.ledger.begin());
  return head;
}

// The file in pieces: what is asked for lies in one.
class Pieces {
 public:
  Pieces(const File& file, const Path& path) : file_(file), path_(path) {}

  // The next bytes; fewer at the end of the file.
  std::span<const std::uint8_t> take(std::size_t count) {
    if (end_ - begin_ < count) refill(count);
    const auto taken = std::span(buffer_).subspan(begin_, std::min(count, end_ - begin_));
    begin_ += taken.size();
    return taken;
  }

 private:
  void refill(std::size_t count) {
    const std::size_t left = end_ - begin_;
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    buffer_.resize(std::max(kPieceBytes, count));
    const auto read =
        must(read_all(file_, std::span(buffer_).subspan(left), offset_), "read", path_);
    begin_ = 0;
    end_ = left + read;
    offset_ += read;
  }

  const File& file_;
  const Path& path_;
  Bytes buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
};

// False: damaged.
bool read_entry(Pieces& pieces, Bytes& entry, const EachLive& each) {
  const auto head = pieces.take(kEntryHeadBytes);
  if (head.size() < kEntryHeadBytes) return false;
  entry.assign(head.begin(), head.end());
  const std::size_t bytes = load_little_u32(&entry[4]);
  if (bytes > kRecordBytesMax) return false;
  const auto body = pieces.take(bytes);
  if (body.size() < bytes) return false;
  entry.insert(entry.end(), body.begin(), body.end());
  if (load_little_u32(&entry[0]) != crc32c(std::span(entry).subspan(4))) return false;
  Link newest{.position = {load_little_u32(&entry[8]), load_little_u32(&entry[12])}, .mac = {}};
  std::ranges::copy(std::span(entry).subspan(16, newest.mac.size()), newest.mac.begin());
  each(newest, std::span(entry).subspan(kEntryHeadBytes));
  return true;
}

std::nullopt_t damaged(const Path& path) {
  spdlog::warn("ledger: {} is damaged: the log is read instead", path.string());
  return std::nullopt;
}

}  // namespace

std::optional<SnapshotHead> read_snapshot(FileDoor& door, const Path& folder,
                                          const LedgerId& ledger, const EachLive& each) {
  const Path path = folder / kSnapshotName;
  const auto file = door.open(path, OpenFor::Reading);
  if (!file && file.error() == std::errc::no_such_file_or_directory) return std::nullopt;
  if (!file) fail_io(file.error(), "open", path);
  Pieces pieces(**file, path);
  const auto head = decode_head(pieces.take(kHeadBytes));
  if (!head || head->ledger != ledger) return damaged(path);
  Bytes entry;
  for (std::uint64_t i = 0; i < head->count; ++i)
    if (!read_entry(pieces, entry, each)) return damaged(path);
  return head;
}

SnapshotWriter::SnapshotWriter(FileDoor& door, const Path& folder)
    : door_(door), folder_(folder), written_(kHeadBytes) {
  const Path temporary = folder_ / kTemporaryName;
  must(door_.remove(temporary), "remove", temporary);
  file_ = must(door_.open(temporary, OpenFor::Creating), "make", temporary);
}

// What is left of it would keep a full disk full; the error that led here is the one to tell.
SnapshotWriter::~SnapshotWriter() {
  if (file_) static_cast<void>(door_.remove(folder_ / kTemporaryName));
}

void SnapshotWriter::add(const Link& newest, std::span<const std::uint8_t> encoded) {
  const std::size_t begin = buffer_.size();
  buffer_.resize(begin + kEntryHeadBytes);
  buffer_.insert(buffer_.end(), encoded.begin(), encoded.end());
  const auto entry = std::span(buffer_).subspan(begin);
  store_little_u32(&entry[4], static_cast<std::uint32_t>(encoded.size()));
  store_little_u32(&entry[8], newest.position.segment);
  store_little_u32(&entry[12], newest.position.offset);
  std::ranges::copy(newest.mac, &entry[16]);
  store_little_u32(&entry[0], crc32c(entry.subspan(4)));
  ++count_;
  if (buffer_.size() >= kPieceBytes) flush();
}

// Synced piece by piece, so that the ledger's own syncs never queue behind a whole snapshot.
void SnapshotWriter::flush() {
  const Path temporary = folder_ / kTemporaryName;
  must(write_all(*file_, buffer_, written_), "write", temporary);
  must(file_->sync(), "sync", temporary);
  written_ += buffer_.size();
  buffer_.clear();
}

void SnapshotWriter::finish(SnapshotHead head) {
  const Path temporary = folder_ / kTemporaryName;
  flush();
  head.count = count_;
  must(write_all(*file_, encode(head), 0), "write", temporary);
  must(file_->sync(), "sync", temporary);
  publish(door_, temporary, folder_ / kSnapshotName);
  file_.reset();
}

bool make_snapshot(FileDoor& door, const Path& folder, const SnapshotHead& head, bool has_present,
                   const VisitTail& visit_tail) {
  const auto packed = [](Position position) {
    return (std::uint64_t{position.segment} << 32) | position.offset;
  };
  boost::unordered_flat_set<std::uint64_t> outdated;
  visit_tail(
      [&](const StoredRecord& stored, Position) { outdated.insert(packed(stored.previous)); });

  SnapshotWriter writer(door, folder);
  const auto add_present = [&](const Link& newest, std::span<const std::uint8_t> encoded) {
    if (!outdated.contains(packed(newest.position))) writer.add(newest, encoded);
  };
  if (has_present && !read_snapshot(door, folder, head.ledger, add_present)) return false;
  Bytes encoded;
  visit_tail([&](const StoredRecord& stored, Position position) {
    const auto* const event = std::get_if<payment::EventPtr>(&stored.record);
    if (event == nullptr || !is_live((*event)->transaction->state)) return;
    if (outdated.contains(packed(position))) return;
    encoded.clear();
    encode(*(*event)->transaction, encoded);
    writer.add({position, stored.mac}, encoded);
  });
  writer.finish(head);
  return true;
}

}  // namespace batal::ledger
