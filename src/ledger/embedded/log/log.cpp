#include "ledger/embedded/log/log.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/log/record_codec.h"

namespace batal::ledger {
namespace {

constexpr std::string_view kNextName = "next.tmp";
constexpr std::chrono::seconds kRetryAfter{1};

LogOptions checked(LogOptions options) {
  if (options.record_bytes_max > kRecordBytesMax)
    throw LedgerError(fmt::format("record_bytes_max is more than {}", kRecordBytesMax));
  if (frame_bytes(options.record_bytes_max) > options.batch_bytes_max)
    throw LedgerError("record_bytes_max is more than fits batch_bytes_max");
  if (options.batch_bytes_max > options.segment_bytes - kSegmentHeaderBytes ||
      options.segment_bytes < kSegmentHeaderBytes)
    throw LedgerError("batch_bytes_max is more than fits segment_bytes");
  if (options.segment_bytes > std::numeric_limits<std::uint32_t>::max())
    throw LedgerError("segment_bytes is more than 4 GiB");
  return options;
}

}  // namespace

Log::Log(FileDoor& door, LogOptions options, const AuditKey& key)
    : door_(door),
      options_(checked(std::move(options))),
      macs_(key),
      folder_(open_folder(door_, options_.folder, options_.mode, key.id())),
      reader_(door_, options_.folder, folder_.format.id) {}

RecoveryReport Log::recover(std::uint64_t first_sequence, const EachRecord& each,
                            std::uint64_t covered) {
  tail_ = ledger::recover(door_, folder_,
                          {.folder = options_.folder,
                           .segment_bytes = options_.segment_bytes,
                           .first_sequence = first_sequence,
                           .covered = covered},
                          each);
  sequence_ = synced_sequence_ = tail_.last_sequence;
  prepare_next();
  return {.segments = std::max(1U, static_cast<std::uint32_t>(folder_.files.segments.size())),
          .records = sequence_,
          .cut = tail_.cut};
}

void Log::prepare_next() {
  pace_ = std::make_shared<Pace>();
  next_ = std::async(std::launch::async, [&door = door_, path = options_.folder / kNextName,
                                          bytes = options_.segment_bytes, pace = pace_] {
    return make_zeroed(door, path, bytes, pace.get());
  });
}

bool Log::make_room() {
  if (tail_.bytes - tail_.end >= options_.batch_bytes_max) return true;
  if (failed_at_ && !next_is_there()) return false;
  FilePtr next = take_next();
  if (!next) return false;
  go_on_with(std::move(next));
  prepare_next();
  return true;
}

// Whether an attempt after a failed one has come to its end; makes one when it is time.
bool Log::next_is_there() {
  if (!next_.valid() && options_.steady_clock() - *failed_at_ >= kRetryAfter) prepare_next();
  return next_.valid() && next_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

// Waits for the next segment; null where the disk has refused it.
FilePtr Log::take_next() {
  pace_->hurry();
  try {
    FilePtr next = next_.get();
    if (failed_at_) spdlog::info("ledger: the next segment is made, records are taken again");
    failed_at_.reset();
    return next;
  } catch (const LedgerError& error) {
    if (!failed_at_) spdlog::error("ledger: no next segment: {}", error.what());
    failed_at_ = options_.steady_clock();
    return nullptr;
  }
}

void Log::go_on_with(FilePtr next) {
  const Path temporary = options_.folder / kNextName;
  const std::uint32_t number = tail_.segment + 1;
  const HeaderBytes header =
      encode(SegmentHeader{.mode = options_.mode,
                           .ledger = folder_.format.id,
                           .number = number,
                           .bytes = static_cast<std::uint32_t>(options_.segment_bytes),
                           .first_sequence = synced_sequence_ + 1});
  must(write_all(*next, header, 0), "write", temporary);
  must(next->sync(), "sync", temporary);
  must(door_.rename(temporary, path_of(number)), "rename", temporary);
  must(door_.sync_folder(options_.folder), "sync", options_.folder);
  tail_.live = std::move(next);
  tail_.segment = number;
  tail_.first_sequence = synced_sequence_ + 1;
  tail_.end = kSegmentHeaderBytes;
  tail_.bytes = options_.segment_bytes;
}

bool Log::fits_another() const {
  return batch_.size() + frame_bytes(options_.record_bytes_max) <= options_.batch_bytes_max;
}

std::optional<Link> Log::append(const payment::Record& record, const Link& previous) {
  const std::size_t begin = batch_.size();
  const Mac mac = append_frame(
      batch_, record,
      {.sequence = sequence_ + 1, .synced_up_to = synced_sequence_, .previous = previous}, macs_);
  if (batch_.size() - begin > frame_bytes(options_.record_bytes_max)) {
    batch_.resize(begin);
    return std::nullopt;
  }
  ++sequence_;
  return Link{{tail_.segment, static_cast<std::uint32_t>(tail_.end + begin)}, mac};
}

void Log::commit() {
  const std::size_t bytes = batch_.size();
  fill_page();
  must(write_all(*tail_.live, batch_, tail_.end), "write", path_of(tail_.segment));
  must(tail_.live->sync(), "sync", path_of(tail_.segment));
  tail_.end += bytes;
  synced_sequence_ = sequence_;
  batch_.clear();
}

// Zeros, as they stand there already. The segment was made past the page cache: a page that is not
// written to its end would have to be read first.
void Log::fill_page() {
  const std::uint64_t end = tail_.end + batch_.size();
  const std::uint64_t page_end = (end + kDiskPageBytes - 1) / kDiskPageBytes * kDiskPageBytes;
  batch_.resize(batch_.size() + std::min<std::uint64_t>(page_end, tail_.bytes) - end);
}

StoredRecord Log::read(Position position) {
  if (!tail_.live || position.segment != tail_.segment) return reader_.read(position);
  if (position.offset < tail_.end) return reader_.read(*tail_.live, position);
  return reader_.read(std::span(batch_).subspan(position.offset - tail_.end), position);
}

LogEnd Log::end() const {
  return {.segment = tail_.segment,
          .first_sequence = tail_.first_sequence,
          .sequence = synced_sequence_,
          .offset = tail_.end};
}

}  // namespace batal::ledger
