#include <fmt/format.h>

#include <utility>

#include "ledger/archive/backup.h"
#include "ledger/archive/backup_check.h"
#include "ledger/archive/backup_door.h"
#include "ledger/embedded/log/folder.h"
#include "ledger/embedded/log/ledger_error.h"

namespace batal::ledger {
namespace {

// Without a slash at its end.
Path whole_path(const Path& folder) {
  return std::filesystem::absolute(folder / "").lexically_normal().parent_path();
}

void check_is_free(FileDoor& door, const Path& folder) {
  const auto names = door.list(folder);
  if (!names && names.error() == std::errc::no_such_file_or_directory) return;
  if (!must(names, "list", folder).empty())
    throw LedgerError(
        fmt::format("{} is not empty: a backup is restored into an empty folder, or "
                    "one that is not there",
                    folder.string()));
}

// A folder that becomes a ledger's, or vanishes. It holds the ledger's lock, so that no other
// restore works on it.
class Building {
 public:
  Building(FileDoor& door, Path target)
      : door_(door), target_(std::move(target)), path_(target_.string() + ".restore.tmp") {}

  void begin() {
    must(door_.make_folder(path_), "make", path_);
    lock_ = lock_folder(door_, path_);
    for (const auto& name : must(door_.list(path_), "list", path_))
      if (name != kLockName) must(door_.remove(path_ / name), "remove", path_ / name);
  }
  Building(const Building&) = delete;
  Building& operator=(const Building&) = delete;

  // The error that led here is the one to tell. Where another restore has the folder, it is not
  // empty.
  ~Building() {
    std::error_code ignored;
    if (is_finished_) return;
    lock_ ? std::filesystem::remove_all(path_, ignored) : std::filesystem::remove(path_, ignored);
  }

  const Path& path() const { return path_; }

  void add(const std::string& name, const File& from, const Path& source) {
    constexpr std::size_t kPieceBytes = 1 << 20;
    const Path path = path_ / name;
    const FilePtr file = must(door_.open(path, OpenFor::Creating), "make", path);
    Bytes piece(kPieceBytes);
    for (std::uint64_t offset = 0;;) {
      const std::size_t count = must(read_all(from, piece, offset), "read", source);
      if (count == 0) break;
      must(write_all(*file, std::span(piece).first(count), offset), "write", path);
      offset += count;
    }
    must(file->sync(), "sync", path);
  }

  // An empty folder in its place is replaced.
  void finish() {
    must(door_.sync_folder(path_), "sync", path_);
    must(door_.rename(path_, target_), "rename", path_);
    is_finished_ = true;
    must(door_.sync_folder(target_.parent_path()), "sync", target_.parent_path());
  }

 private:
  FileDoor& door_;
  const Path target_;
  const Path path_;
  FilePtr lock_;
  bool is_finished_ = false;
};

void unpack(BackupDoor& backup, const Path& file, Building& building,
            const OnProgress& on_progress) {
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  for (const auto& [name, entry] : backup.entries()) total += entry.size;
  for (const auto& [name, entry] : backup.entries()) {
    const Path path = file / name;
    building.add(name, *must(backup.open(path, OpenFor::Reading), "open", path), path);
    on_progress(done += entry.size, total);
  }
}

}  // namespace

Verified restore(FileDoor& door, const BackupOptions& options, const OnProgress& on_progress) {
  const Path target = whole_path(options.folder);
  check_is_free(door, target);
  BackupDoor backup(door, options.file);
  Building building(door, target);
  building.begin();
  unpack(backup, options.file, building, half(on_progress, Half::First));
  const Verified verified = [&] {
    try {
      return check_backup(door, building.path(), options.audit_key,
                          half(on_progress, Half::Second));
    } catch (const LedgerError& error) {
      throw LedgerError(fmt::format("{} is not restored: {}", options.file.string(), error.what()));
    }
  }();
  building.finish();
  return verified;
}

}  // namespace batal::ledger
