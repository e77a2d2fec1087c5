#include "ledger/embedded/log/folder.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/log/text_file.h"

namespace batal::ledger {
namespace {

constexpr std::string_view kTemporary = ".tmp";
constexpr std::string_view kPruned = ".pruned";
constexpr std::string_view kFirstLine = "batal ledger";
constexpr std::string_view kIndexWal = "index.sqlite-wal";
constexpr std::string_view kIndexShm = "index.sqlite-shm";
constexpr std::string_view kIndexJournal = "index.sqlite-journal";
constexpr int kFolderFormat = 2;

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

std::string text_of(const Format& format) {
  return fmt::format("{}\nformat {}\nmode {}\nid {}\naudit key {}\n", kFirstLine, kFolderFormat,
                     name_of(format.mode), hex(format.id), format.audit_key);
}

// The rest of a line that begins with `name`.
std::string value_of(std::istream& lines, std::string_view name) {
  std::string line;
  std::getline(lines, line);
  return line.starts_with(name) ? line.substr(name.size()) : "";
}

Format parse(const std::string& text) {
  std::istringstream lines(text);
  Format format;
  value_of(lines, kFirstLine);
  value_of(lines, "format ");
  format.mode = value_of(lines, "mode ") == "sandbox" ? Mode::Sandbox : Mode::Production;
  const std::string id = value_of(lines, "id ");
  sodium_hex2bin(format.id.data(), format.id.size(), id.data(), id.size(), nullptr, nullptr,
                 nullptr);
  format.audit_key = value_of(lines, "audit key ");
  return format;
}

bool is_known(std::string_view name) {
  static constexpr std::array kNames{kLockName,  kFormatName, kCheckpointsName, kSnapshotName,
                                     kIndexName, kIndexWal,   kIndexShm,        kIndexJournal};
  return std::ranges::find(kNames, name) != kNames.end() || segment_number(name) ||
         pruned_number(name);
}

}  // namespace

std::string_view name_of(Mode mode) {
  return mode == Mode::Sandbox ? "sandbox" : "production";
}

std::optional<std::uint32_t> pruned_number(std::string_view name) {
  if (!name.ends_with(kPruned)) return std::nullopt;
  const std::string_view stem = name.substr(0, name.size() - kPruned.size());
  return segment_number(fmt::format("{}.segment", stem));
}

std::string pruned_name(std::uint32_t number) {
  const std::string name = segment_name(number);
  return name.substr(0, name.find('.')) + std::string(kPruned);
}

std::optional<Format> read_format(FileDoor& door, const Path& folder) {
  const Path path = folder / kFormatName;
  const auto file = door.open(path, OpenFor::Reading);
  if (!file && file.error() == std::errc::no_such_file_or_directory) return std::nullopt;
  if (!file) fail_io(file.error(), "open", path);
  constexpr std::size_t kTextBytesMax = 512;
  const std::string text = read_text(**file, kTextBytesMax, path);

  const Format format = parse(text);
  if (text == text_of(format)) return format;
  throw LedgerError(
      fmt::format("{} is not the format file of a ledger, or of another than format {}"
                  ", which this program knows",
                  path.string(), kFolderFormat));
}

void write_format(FileDoor& door, const Path& folder, const Format& format) {
  const Path temporary = folder / "format.tmp";
  write_text(door, temporary, text_of(format));
  publish(door, temporary, folder / kFormatName);
}

LedgerId random_ledger_id() {
  if (sodium_init() < 0) throw LedgerError("libsodium finds no source of random numbers");
  LedgerId id;
  randombytes_buf(id.data(), id.size());
  return id;
}

FilePtr lock_folder(FileDoor& door, const Path& folder) {
  const Path path = folder / kLockName;
  auto lock = door.lock(path);
  if (!lock && lock.error() == std::errc::resource_unavailable_try_again)
    throw LedgerError(fmt::format("{} is in use by another batal", folder.string()));
  return must(std::move(lock), "lock", path);
}

bool LogFiles::is_pruned(std::uint32_t number) const {
  return std::ranges::binary_search(pruned, number);
}

LogFiles log_files(std::span<const std::string> names, const Path& folder) {
  LogFiles files;
  for (const auto& name : names)
    if (const auto number = pruned_number(name)) files.pruned.push_back(*number);
  std::ranges::sort(files.pruned);
  for (const auto number : segment_numbers(names))
    (files.is_pruned(number) ? files.leftover : files.segments).push_back(number);

  const std::size_t count = files.segments.size() + files.pruned.size();
  for (std::uint32_t number = 1; number <= count; ++number)
    if (!std::ranges::binary_search(files.segments, number) && !files.is_pruned(number))
      throw LedgerError(fmt::format("{} is missing", (folder / segment_name(number)).string()));
  if (!files.pruned.empty() && files.pruned.back() == count)
    throw LedgerError(fmt::format("{} is missing: the last segment is never pruned",
                                  (folder / segment_name(files.pruned.back() + 1)).string()));
  return files;
}

std::uint64_t log_bytes(FileDoor& door, const Path& folder, const LogFiles& files) {
  std::uint64_t total = 0;
  for (const std::uint32_t number : files.segments)
    if (const auto file = door.open(folder / segment_name(number), OpenFor::Reading))
      total += (*file)->size().value_or(0);
  return total;
}

void check_names(std::span<const std::string> names, const Path& folder) {
  for (const auto& name : names)
    if (!name.ends_with(kTemporary) && !is_known(name))
      throw LedgerError(fmt::format("{} is no file of a ledger: its folder must hold nothing else",
                                    (folder / name).string()));
}

void tidy(FileDoor& door, const Path& folder, std::span<const std::string> names) {
  for (const auto& name : names)
    if (name.ends_with(kTemporary)) must(door.remove(folder / name), "remove", folder / name);
}

void publish(FileDoor& door, const Path& from, const Path& to) {
  must(door.rename(from, to), "rename", from);
  must(door.sync_folder(to.parent_path()), "sync", to.parent_path());
}

}  // namespace batal::ledger
