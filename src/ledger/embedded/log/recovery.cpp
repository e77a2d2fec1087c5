#include "ledger/embedded/log/recovery.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string_view>

#include "ledger/embedded/log/ledger_error.h"

namespace batal::ledger {
namespace {

// The first whole frame behind a break whose word it is that the frame at the break was synced.
std::optional<std::size_t> find_witness(std::span<const std::uint8_t> segment,
                                        const FrameCursor& broken) {
  for (auto at = broken.offset(); at + kFrameHeaderBytes <= segment.size(); at += 8) {
    const auto frame = frame_at(segment.subspan(at));
    if (frame && frame->sequence > broken.sequence() && frame->synced_up_to >= broken.sequence())
      return at;
  }
  return std::nullopt;
}

// The format file is made last: without it there is at most a first segment without a frame.
bool is_unborn(FileDoor& door, const Path& folder, const LogFiles& files) {
  if (files.segments.empty()) return files.pruned.empty();
  if (files.last() > 1) return false;
  const Bytes segment = read_segment(door, folder / segment_name(1));
  return segment.size() >= kSegmentHeaderBytes &&
         all_zero(std::span(segment).subspan(kSegmentHeaderBytes));
}

void check_format(const Format& format, const Path& folder, Mode mode,
                  const std::string& audit_key) {
  if (format.mode != mode)
    throw LedgerError(fmt::format("{} is a {} ledger and cannot be opened in {} mode",
                                  folder.string(), name_of(format.mode), name_of(mode)));
  if (format.audit_key != audit_key)
    throw LedgerError(fmt::format("{} was made with audit key {}, but the key given is {}",
                                  folder.string(), format.audit_key, audit_key));
}

class Recovery {
 public:
  Recovery(FileDoor& door, const OpenedFolder& opened, const RecoveryOptions& options,
           const EachRecord& each)
      : door_(door), opened_(opened), options_(options), each_(each) {
    recovered_.segment = std::max(1U, opened.files.last());
    recovered_.first_sequence = options.first_sequence;
    recovered_.last_sequence = options.first_sequence - 1;
  }

  Recovered run() {
    if (opened_.is_new) {
      check_covered(kSegmentHeaderBytes);
      rewrite({});
      write_format(door_, options_.folder, opened_.format);
    } else {
      read_last();
    }
    return std::move(recovered_);
  }

 private:
  Path path() const { return options_.folder / segment_name(recovered_.segment); }

  void read_last() {
    const Bytes segment = read_segment(door_, path());
    check_header(segment, segment.size(), path(),
                 {.mode = opened_.format.mode,
                  .ledger = opened_.format.id,
                  .number = recovered_.segment,
                  .first_sequence = options_.first_sequence});
    FrameCursor cursor(segment, options_.first_sequence);
    while (cursor.next()) ++recovered_.last_sequence;
    recovered_.cut = torn_tail({segment, cursor, recovered_.segment, path()});
    check_covered(cursor.offset());
    report_cut();
    rewrite(std::span(segment).first(cursor.offset()).subspan(kSegmentHeaderBytes));
    FrameCursor again(segment, options_.first_sequence);
    visit(again, recovered_.segment, path(), each_);
  }

  void check_covered(std::uint64_t end) const {
    if (recovered_.last_sequence >= options_.covered) return;
    throw BrokenRecord(
        fmt::format("{} ends with record {} at byte {}, but a checkpoint covers {}: records that "
                    "were told are missing",
                    path().string(), recovered_.last_sequence, end, options_.covered));
  }

  void report_cut() const {
    const auto& cut = recovered_.cut;
    if (!cut) return;
    spdlog::warn("ledger: cut a torn tail of {} bytes off {} at byte {}: first lost record {}",
                 cut->bytes, path().string(), cut->offset, cut->first_lost_sequence);
  }

  // Puts a fresh segment with these frames in the place of the last one.
  void rewrite(std::span<const std::uint8_t> frames) {
    const Path temporary = options_.folder / "recovered.tmp";
    recovered_.end = kSegmentHeaderBytes + frames.size();
    recovered_.bytes = std::max<std::uint64_t>(recovered_.end, options_.segment_bytes);
    const HeaderBytes header =
        encode(SegmentHeader{.mode = opened_.format.mode,
                             .ledger = opened_.format.id,
                             .number = recovered_.segment,
                             .bytes = static_cast<std::uint32_t>(recovered_.bytes),
                             .first_sequence = options_.first_sequence});
    recovered_.live = make_zeroed(door_, temporary, recovered_.bytes);
    must(write_all(*recovered_.live, header, 0), "write", temporary);
    must(write_all(*recovered_.live, frames, header.size()), "write", temporary);
    must(recovered_.live->sync(), "sync", temporary);
    publish(door_, temporary, path());
  }

  FileDoor& door_;
  const OpenedFolder& opened_;
  const RecoveryOptions& options_;
  const EachRecord& each_;
  Recovered recovered_;
};

}  // namespace

// Nothing is removed before the folder has proved to be this ledger's.
OpenedFolder open_folder(FileDoor& door, const Path& folder, Mode mode,
                         const std::string& audit_key) {
  must(door.make_folder(folder), "make", folder);
  OpenedFolder opened{
      .lock = lock_folder(door, folder), .format = {}, .files = {}, .is_new = false};
  const auto names = must(door.list(folder), "list", folder);
  check_names(names, folder);
  opened.files = log_files(names, folder);
  if (const auto format = read_format(door, folder)) {
    check_format(*format, folder, mode, audit_key);
    if (opened.files.segments.empty())
      throw LedgerError(fmt::format("{} is missing", (folder / segment_name(1)).string()));
    opened.format = *format;
  } else {
    if (!is_unborn(door, folder, opened.files))
      throw LedgerError(fmt::format("{} is missing", (folder / "format").string()));
    opened.format = {.mode = mode, .id = random_ledger_id(), .audit_key = audit_key};
    opened.is_new = true;
  }
  tidy(door, folder, names);
  return opened;
}

Recovered recover(FileDoor& door, const OpenedFolder& opened, const RecoveryOptions& options,
                  const EachRecord& each) {
  return Recovery(door, opened, options, each).run();
}

bool all_zero(std::span<const std::uint8_t> bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

void check_header(std::span<const std::uint8_t> begin, std::uint64_t file_bytes, const Path& path,
                  const ExpectedHeader& expected) {
  const auto header = decode_header(begin);
  if (!header) throw LedgerError(fmt::format("{} {}", path.string(), header.error()));
  if (header->mode != expected.mode)
    throw LedgerError(fmt::format("{} is of a {} ledger, but its folder of a {} one", path.string(),
                                  name_of(header->mode), name_of(expected.mode)));
  if (header->ledger != expected.ledger)
    throw LedgerError(fmt::format("{} is of another ledger than its folder", path.string()));
  if (header->number != expected.number || header->first_sequence != expected.first_sequence)
    throw LedgerError(fmt::format(
        "{} says that it is segment {} and begins with record {}, but record {} comes next",
        path.string(), header->number, header->first_sequence, expected.first_sequence));
  if (file_bytes < header->bytes)
    throw LedgerError(fmt::format("{} is corrupt: it ends at byte {}, but was made with {} bytes",
                                  path.string(), file_bytes, header->bytes));
}

void check_sealed(const Tail& tail) {
  const auto& [segment, cursor, number, path] = tail;
  if (!all_zero(segment.subspan(cursor.offset())))
    fail_sealed(path, cursor.sequence(), cursor.offset());
}

void fail_sealed(const Path& path, std::uint64_t sequence, std::uint64_t offset) {
  throw BrokenRecord(
      fmt::format("{} is corrupt: record {} at byte {} is broken, and a later "
                  "segment says that it was whole",
                  path.string(), sequence, offset));
}

std::optional<Cut> torn_tail(const Tail& tail) {
  const auto& [segment, cursor, number, path] = tail;
  const auto rest = segment.subspan(cursor.offset());
  const auto last = std::find_if(rest.rbegin(), rest.rend(), [](auto byte) { return byte != 0; });
  if (last == rest.rend()) return std::nullopt;
  if (const auto witness = find_witness(segment, cursor))
    throw BrokenRecord(
        fmt::format("{} is corrupt: record {} at byte {} is broken, and the frame "
                    "at byte {} says that it was synced",
                    path.string(), cursor.sequence(), cursor.offset(), *witness));
  return Cut{.segment = number,
             .offset = cursor.offset(),
             .bytes = static_cast<std::uint64_t>(rest.rend() - last),
             .first_lost_sequence = cursor.sequence()};
}

void visit(FrameCursor& cursor, std::uint32_t segment, const Path& path, const EachRecord& each) {
  std::size_t offset = cursor.offset();
  while (const auto frame = cursor.next()) {
    const Position position{segment, static_cast<std::uint32_t>(offset)};
    each(stored(*frame, path, offset), position);
    offset = cursor.offset();
  }
}

}  // namespace batal::ledger
