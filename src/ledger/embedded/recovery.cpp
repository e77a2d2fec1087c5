#include "ledger/embedded/recovery.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string_view>

#include "ledger/embedded/ledger_error.h"
#include "ledger/embedded/record_codec.h"

namespace batal::ledger {
namespace {

constexpr std::string_view kFormatName = "format";
constexpr std::string_view kLockName = "lock";
constexpr std::string_view kTemporary = ".tmp";
constexpr std::string_view kFirstLine = "batal ledger";
constexpr int kFolderFormat = 1;

std::string_view name_of(Mode mode) {
  return mode == Mode::Sandbox ? "sandbox" : "production";
}

std::string format_text(Mode mode) {
  return fmt::format("{}\nformat {}\nmode {}\n", kFirstLine, kFolderFormat, name_of(mode));
}

FilePtr lock_folder(FileDoor& door, const Path& folder) {
  const Path path = folder / kLockName;
  auto lock = door.lock(path);
  if (!lock && lock.error() == std::errc::resource_unavailable_try_again)
    throw LedgerError(fmt::format("{} is in use by another batal", folder.string()));
  return must(std::move(lock), "lock", path);
}

// What was being made when the last process stopped goes; what nobody can have made here is named.
void tidy(FileDoor& door, const Path& folder, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    if (name == kLockName || name == kFormatName || segment_number(name)) continue;
    if (!name.ends_with(kTemporary))
      throw LedgerError(fmt::format("{} is no file of a ledger: its folder must hold nothing else",
                                    (folder / name).string()));
    must(door.remove(folder / name), "remove", folder / name);
  }
}

// A file under its name is always whole and durable: it is made under another.
void publish(FileDoor& door, const Path& from, const Path& to) {
  must(door.rename(from, to), "rename", from);
  must(door.sync_folder(to.parent_path()), "sync", to.parent_path());
}

void write_format(FileDoor& door, const Path& folder, Mode mode) {
  const Path temporary = folder / "format.tmp";
  const std::string text = format_text(mode);
  const FilePtr file = must(door.open(temporary, OpenFor::Creating), "make", temporary);
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  must(write_all(*file, {bytes, text.size()}, 0), "write", temporary);
  must(file->sync(), "sync", temporary);
  publish(door, temporary, folder / kFormatName);
}

bool all_zero(std::span<const std::uint8_t> bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

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

class Recovery {
 public:
  Recovery(FileDoor& door, const RecoveryOptions& options, const EachRecord& each)
      : door_(door), options_(options), each_(each) {}

  Recovered run() {
    must(door_.make_folder(options_.folder), "make", options_.folder);
    recovered_.lock = lock_folder(door_, options_.folder);
    const auto names = must(door_.list(options_.folder), "list", options_.folder);
    tidy(door_, options_.folder, names);
    const auto numbers = segment_numbers(names);
    const bool is_new = check_format(numbers);
    check_numbers(numbers, options_.folder);
    for (const auto number : numbers)
      number == numbers.back() ? read_last(number) : read_sealed(number);
    if (numbers.empty()) start_first();
    if (is_new) write_format(door_, options_.folder, options_.mode);
    return std::move(recovered_);
  }

 private:
  Path path_of(std::uint32_t number) const { return options_.folder / segment_name(number); }
  std::uint64_t next_sequence() const { return recovered_.report.records + 1; }

  // True for a folder that is only now becoming a ledger.
  bool check_format(std::span<const std::uint32_t> numbers) {
    const auto mode = read_mode(door_, options_.folder);
    if (mode && *mode != options_.mode)
      throw LedgerError(fmt::format("{} is a {} ledger and cannot be opened in {} mode",
                                    options_.folder.string(), name_of(*mode),
                                    name_of(options_.mode)));
    if (mode && numbers.empty())
      throw LedgerError(fmt::format("{} is missing", path_of(1).string()));
    if (!mode && !is_unborn(numbers))
      throw LedgerError(fmt::format("{} is missing", (options_.folder / kFormatName).string()));
    return !mode;
  }

  // The format file is made last: without it there is at most a first segment without a frame.
  bool is_unborn(std::span<const std::uint32_t> numbers) {
    if (numbers.empty()) return true;
    if (numbers.size() > 1 || numbers.front() != 1) return false;
    const Bytes segment = read_segment(door_, path_of(1));
    return segment.size() >= kSegmentHeaderBytes &&
           all_zero(std::span(segment).subspan(kSegmentHeaderBytes));
  }

  Bytes load(std::uint32_t number) {
    Bytes segment = read_segment(door_, path_of(number));
    check_header(segment, path_of(number),
                 {.mode = options_.mode, .number = number, .first_sequence = next_sequence()});
    recovered_.segment = number;
    ++recovered_.report.segments;
    return segment;
  }

  void read_sealed(std::uint32_t number) {
    const Bytes segment = load(number);
    FrameCursor cursor(segment, next_sequence());
    visit(cursor);
    check_sealed({segment, cursor, number, path_of(number)});
  }

  void read_last(std::uint32_t number) {
    const Bytes segment = load(number);
    FrameCursor cursor(segment, next_sequence());
    while (cursor.next()) {
    }
    report_cut({segment, cursor, number, path_of(number)});
    const auto frames = std::span(segment).first(cursor.offset()).subspan(kSegmentHeaderBytes);
    rewrite(frames);
    FrameCursor again(segment, next_sequence());
    visit(again);
  }

  void report_cut(const Tail& tail) {
    const auto cut = recovered_.report.cut = torn_tail(tail);
    if (!cut) return;
    spdlog::warn("ledger: cut a torn tail of {} bytes off {} at byte {}: first lost record {}",
                 cut->bytes, tail.path.string(), cut->offset, cut->first_lost_sequence);
  }

  void start_first() {
    recovered_.segment = 1;
    recovered_.report.segments = 1;
    rewrite({});
  }

  // Puts a fresh segment with these frames in the place of the last one.
  void rewrite(std::span<const std::uint8_t> frames) {
    const Path temporary = options_.folder / "recovered.tmp";
    recovered_.end = kSegmentHeaderBytes + frames.size();
    recovered_.bytes = std::max<std::uint64_t>(recovered_.end, options_.segment_bytes);
    const HeaderBytes header =
        encode(SegmentHeader{.mode = options_.mode,
                             .number = recovered_.segment,
                             .bytes = static_cast<std::uint32_t>(recovered_.bytes),
                             .first_sequence = next_sequence()});
    recovered_.live = make_zeroed(door_, temporary, recovered_.bytes);
    must(write_all(*recovered_.live, header, 0), "write", temporary);
    must(write_all(*recovered_.live, frames, header.size()), "write", temporary);
    must(recovered_.live->sync(), "sync", temporary);
    publish(door_, temporary, path_of(recovered_.segment));
  }

  // Tells of every record up to the first broken frame.
  void visit(FrameCursor& cursor) {
    std::uint64_t offset = cursor.offset();
    while (const auto frame = cursor.next()) {
      const Position position{recovered_.segment, static_cast<std::uint32_t>(offset)};
      each_(position, decode_in(*frame, path_of(recovered_.segment), offset));
      ++recovered_.report.records;
      offset = cursor.offset();
    }
  }

  FileDoor& door_;
  const RecoveryOptions& options_;
  const EachRecord& each_;
  Recovered recovered_;
};

}  // namespace

Recovered recover(FileDoor& door, const RecoveryOptions& options, const EachRecord& each) {
  return Recovery(door, options, each).run();
}

std::optional<Mode> read_mode(FileDoor& door, const Path& folder) {
  const Path path = folder / kFormatName;
  const auto file = door.open(path, OpenFor::Reading);
  if (!file && file.error() == std::errc::no_such_file_or_directory) return std::nullopt;
  if (!file) fail_io(file.error(), "open", path);
  constexpr std::size_t kTextBytesMax = 256;
  std::string text(kTextBytesMax, '\0');
  auto* const bytes = reinterpret_cast<std::uint8_t*>(text.data());
  text.resize(must(read_all(**file, {bytes, text.size()}, 0), "read", path));

  for (const Mode mode : {Mode::Sandbox, Mode::Production})
    if (text == format_text(mode)) return mode;
  throw LedgerError(
      fmt::format("{} is not the format file of a ledger, or of a newer one than "
                  "format {}, which this program knows",
                  path.string(), kFolderFormat));
}

void check_header(std::span<const std::uint8_t> segment, const Path& path,
                  const ExpectedHeader& expected) {
  const auto header = decode_header(segment);
  if (!header) throw LedgerError(fmt::format("{} {}", path.string(), header.error()));
  if (header->mode != expected.mode)
    throw LedgerError(fmt::format("{} is of a {} ledger, but its folder of a {} one", path.string(),
                                  name_of(header->mode), name_of(expected.mode)));
  if (header->number != expected.number || header->first_sequence != expected.first_sequence)
    throw LedgerError(fmt::format(
        "{} says that it is segment {} and begins with record {}, but record {} comes next",
        path.string(), header->number, header->first_sequence, expected.first_sequence));
  if (segment.size() < header->bytes)
    throw LedgerError(fmt::format("{} is corrupt: it ends at byte {}, but was made with {} bytes",
                                  path.string(), segment.size(), header->bytes));
}

void check_sealed(const Tail& tail) {
  const auto& [segment, cursor, number, path] = tail;
  if (all_zero(segment.subspan(cursor.offset()))) return;
  throw LedgerError(
      fmt::format("{} is corrupt: record {} at byte {} is broken, and a later "
                  "segment says that it was whole",
                  path.string(), cursor.sequence(), cursor.offset()));
}

std::optional<Cut> torn_tail(const Tail& tail) {
  const auto& [segment, cursor, number, path] = tail;
  const auto rest = segment.subspan(cursor.offset());
  const auto last = std::find_if(rest.rbegin(), rest.rend(), [](auto byte) { return byte != 0; });
  if (last == rest.rend()) return std::nullopt;
  if (const auto witness = find_witness(segment, cursor))
    throw LedgerError(
        fmt::format("{} is corrupt: record {} at byte {} is broken, and the frame "
                    "at byte {} says that it was synced",
                    path.string(), cursor.sequence(), cursor.offset(), *witness));
  return Cut{.segment = number,
             .offset = cursor.offset(),
             .bytes = static_cast<std::uint64_t>(rest.rend() - last),
             .first_lost_sequence = cursor.sequence()};
}

void check_numbers(std::span<const std::uint32_t> numbers, const Path& folder) {
  std::uint32_t expected = 1;
  for (const auto number : numbers) {
    if (number != expected)
      throw LedgerError(fmt::format("{} is missing", (folder / segment_name(expected)).string()));
    ++expected;
  }
}

payment::Record decode_in(const Frame& frame, const Path& path, std::uint64_t offset) {
  auto record = decode(frame.record);
  if (record) return *std::move(record);
  throw LedgerError(fmt::format("{} holds a record at byte {} that cannot be read: {}",
                                path.string(), offset, record.error()));
}

}  // namespace batal::ledger
