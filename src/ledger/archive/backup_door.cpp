#include "ledger/archive/backup_door.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ledger/embedded/log/folder.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/log/segment.h"

namespace batal::ledger {
namespace {

std::unexpected<std::error_code> refused() {
  return std::unexpected(std::make_error_code(std::errc::read_only_file_system));
}

bool belongs_into_a_backup(std::string_view name) {
  return name == kFormatName || name == kCheckpointsName || segment_number(name) ||
         pruned_number(name);
}

// An entry, followed by zeros up to its size.
class PackedFile final : public File {
 public:
  PackedFile(std::shared_ptr<const File> file, TarEntry entry)
      : file_(std::move(file)), entry_(entry), size_(entry.size) {}

  // A segment is as large as its header says.
  void unfold() {
    std::array<std::uint8_t, kSegmentHeaderBytes> bytes{};
    if (!read_all(*this, bytes, 0)) return;
    const auto header = decode_header(bytes);
    if (header) size_ = std::max<std::uint64_t>(size_, header->bytes);
  }

  Io<std::size_t> read(std::span<std::uint8_t> into, std::uint64_t offset) const override {
    if (offset >= size_) return 0;
    into = into.first(std::min<std::uint64_t>(into.size(), size_ - offset));
    if (offset < entry_.size) {
      into = into.first(std::min<std::uint64_t>(into.size(), entry_.size - offset));
      return file_->read(into, entry_.offset + offset);
    }
    std::ranges::fill(into, std::uint8_t{0});
    return into.size();
  }

  Io<std::size_t> write(std::span<const std::uint8_t>, std::uint64_t) override { return refused(); }
  Io<void> sync() override { return refused(); }
  Io<std::uint64_t> size() const override { return size_; }

 private:
  const std::shared_ptr<const File> file_;
  const TarEntry entry_;
  std::uint64_t size_;
};

}  // namespace

BackupDoor::BackupDoor(FileDoor& door, const Path& path)
    : file_(must(door.open(path, OpenFor::Reading), "open", path)),
      entries_(read_tar(*file_, path)) {
  for (const auto& [name, entry] : entries_)
    if (!belongs_into_a_backup(name))
      throw LedgerError(
          fmt::format("{} is no backup of a ledger: it holds {}", path.string(), name));
  // The last entry that is written.
  if (!entries_.contains(std::string(kCheckpointsName)))
    throw LedgerError(
        fmt::format("{} is no whole backup of a ledger: it is cut short, for it "
                    "holds no checkpoints",
                    path.string()));
}

Io<FilePtr> BackupDoor::open(const Path& path, OpenFor purpose) {
  if (purpose != OpenFor::Reading) return refused();
  const std::string name = path.filename();
  const auto entry = entries_.find(name);
  if (entry == entries_.end())
    return std::unexpected(std::make_error_code(std::errc::no_such_file_or_directory));
  auto file = std::make_unique<PackedFile>(file_, entry->second);
  if (segment_number(name)) file->unfold();
  return file;
}

Io<FilePtr> BackupDoor::lock(const Path&) {
  return refused();
}
Io<void> BackupDoor::rename(const Path&, const Path&) {
  return refused();
}
Io<void> BackupDoor::remove(const Path&) {
  return refused();
}
Io<void> BackupDoor::make_folder(const Path&) {
  return refused();
}
Io<void> BackupDoor::sync_folder(const Path&) {
  return refused();
}

Io<std::vector<std::string>> BackupDoor::list(const Path&) {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

}  // namespace batal::ledger
