// The real disk, on which something happens before a file is opened, or changes fail.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "ledger/embedded/log/file.h"

namespace batal::ledger {

class EventfulDoor final : public FileDoor {
 public:
  std::function<void(const Path&, OpenFor)> before_open = [](const Path&, OpenFor) {};
  // From this one on, every call that changes something fails; 0: none.
  int fails_at = 0;
  int changes = 0;

  Io<FilePtr> open(const Path& path, OpenFor purpose) override {
    before_open(path, purpose);
    if (purpose == OpenFor::Creating && fails()) return refused();
    auto file = posix_door().open(path, purpose);
    if (!file) return file;
    return std::make_unique<FragileFile>(*this, *std::move(file));
  }
  Io<FilePtr> lock(const Path& path) override {
    if (fails()) return refused();
    auto file = posix_door().lock(path);
    if (!file) return file;
    return std::make_unique<FragileFile>(*this, *std::move(file));
  }
  Io<void> rename(const Path& from, const Path& to) override {
    if (fails()) return refused();
    return posix_door().rename(from, to);
  }
  Io<void> remove(const Path& path) override { return posix_door().remove(path); }
  Io<void> make_folder(const Path& folder) override {
    if (fails()) return refused();
    return posix_door().make_folder(folder);
  }
  Io<void> sync_folder(const Path& folder) override {
    if (fails()) return refused();
    return posix_door().sync_folder(folder);
  }
  Io<std::vector<std::string>> list(const Path& folder) override {
    return posix_door().list(folder);
  }

 private:
  class FragileFile final : public File {
   public:
    FragileFile(EventfulDoor& door, FilePtr file) : door_(door), file_(std::move(file)) {}
    Io<std::size_t> read(std::span<std::uint8_t> into, std::uint64_t offset) const override {
      return file_->read(into, offset);
    }
    Io<std::size_t> write(std::span<const std::uint8_t> bytes, std::uint64_t offset) override {
      if (door_.fails()) return refused();
      return file_->write(bytes, offset);
    }
    Io<void> sync() override {
      if (door_.fails()) return refused();
      return file_->sync();
    }
    Io<std::uint64_t> size() const override { return file_->size(); }

   private:
    EventfulDoor& door_;
    FilePtr file_;
  };

  bool fails() { return ++changes >= fails_at && fails_at > 0; }
  static std::unexpected<std::error_code> refused() {
    return std::unexpected(std::make_error_code(std::errc::no_space_on_device));
  }
};

}  // namespace batal::ledger
