#include "ledger/embedded/log/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "ledger/embedded/log/ledger_error.h"

namespace batal::ledger {
namespace {

std::unexpected<std::error_code> last_error() {
  return std::unexpected(std::error_code(errno, std::system_category()));
}

Io<void> done_if_zero(int result) {
  if (result != 0) return last_error();
  return {};
}

// Repeats a system call that a signal interrupted.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class PosixFile final : public File {
 public:
  explicit PosixFile(int descriptor) : descriptor_(descriptor) {}
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;
  ~PosixFile() override { ::close(descriptor_); }

  Io<std::size_t> read(std::span<std::uint8_t> into, std::uint64_t offset) const override {
    return count(uninterrupted([&] {
      return ::pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
    }));
  }

  Io<std::size_t> write(std::span<const std::uint8_t> bytes, std::uint64_t offset) override {
    return count(uninterrupted([&] {
      return ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    }));
  }

  Io<std::size_t> write_uncached(std::span<const std::uint8_t> bytes,
                                 std::uint64_t offset) override {
    const int flags = ::fcntl(descriptor_, F_GETFL);
    if (flags < 0 || ::fcntl(descriptor_, F_SETFL, flags | O_DIRECT) != 0)
      return write(bytes, offset);
    auto written = write(bytes, offset);
    if (::fcntl(descriptor_, F_SETFL, flags) != 0) return last_error();
    if (!written && written.error() == std::errc::invalid_argument) return write(bytes, offset);
    return written;
  }

  Io<void> sync() override { return done_if_zero(::fdatasync(descriptor_)); }
  Io<void> sync_all() { return done_if_zero(::fsync(descriptor_)); }
  Io<void> lock() { return done_if_zero(::flock(descriptor_, LOCK_EX | LOCK_NB)); }

  Io<std::uint64_t> size() const override {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) return last_error();
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  static Io<std::size_t> count(ssize_t result) {
    if (result < 0) return last_error();
    return static_cast<std::size_t>(result);
  }

  int descriptor_;
};

Io<std::unique_ptr<PosixFile>> open_posix(const Path& path, int flags) {
  constexpr mode_t kOwnerOnly = 0600;
  const int descriptor =
      uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, kOwnerOnly); });
  if (descriptor < 0) return last_error();
  return std::make_unique<PosixFile>(descriptor);
}

class PosixDoor final : public FileDoor {
 public:
  Io<FilePtr> open(const Path& path, OpenFor purpose) override {
    return open_posix(path, purpose == OpenFor::Reading ? O_RDONLY : O_RDWR | O_CREAT | O_EXCL);
  }

  Io<FilePtr> lock(const Path& path) override {
    auto file = open_posix(path, O_RDWR | O_CREAT);
    if (!file) return std::unexpected(file.error());
    if (const auto locked = (*file)->lock(); !locked) return std::unexpected(locked.error());
    return std::move(*file);
  }

  Io<void> rename(const Path& from, const Path& to) override {
    return done_if_zero(::rename(from.c_str(), to.c_str()));
  }

  Io<void> remove(const Path& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return last_error();
    return {};
  }

  Io<void> make_folder(const Path& folder) override {
    if (folder.empty() || std::filesystem::is_directory(folder)) return {};
    const Path parent = std::filesystem::absolute(folder).lexically_normal().parent_path();
    if (const auto made = make_folder(parent); !made) return made;
    constexpr mode_t kOwnerOnly = 0700;
    if (::mkdir(folder.c_str(), kOwnerOnly) != 0 && errno != EEXIST) return last_error();
    return sync_folder(parent);
  }

  Io<void> sync_folder(const Path& folder) override {
    const auto opened = open_posix(folder, O_RDONLY | O_DIRECTORY);
    if (!opened) return std::unexpected(opened.error());
    return (*opened)->sync_all();
  }

  Io<std::vector<std::string>> list(const Path& folder) override {
    std::vector<std::string> names;
    std::error_code error;
    std::filesystem::directory_iterator entry(folder, error);
    for (const std::filesystem::directory_iterator end; !error && entry != end;
         entry.increment(error))
      names.push_back(entry->path().filename().string());
    if (error) return std::unexpected(error);
    return names;
  }
};

}  // namespace

FileDoor& posix_door() {
  static PosixDoor door;
  return door;
}

Io<void> write_all(File& file, std::span<const std::uint8_t> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const auto written = file.write(bytes, offset);
    if (!written) return std::unexpected(written.error());
    if (*written == 0) return std::unexpected(std::make_error_code(std::errc::io_error));
    bytes = bytes.subspan(*written);
    offset += *written;
  }
  return {};
}

Io<std::size_t> read_all(const File& file, std::span<std::uint8_t> into, std::uint64_t offset) {
  std::size_t total = 0;
  while (total < into.size()) {
    const auto count = file.read(into.subspan(total), offset + total);
    if (!count) return std::unexpected(count.error());
    if (*count == 0) break;
    total += *count;
  }
  return total;
}

void fail_io(std::error_code reason, const char* deed, const Path& path) {
  throw LedgerError(fmt::format("cannot {} {}: {}", deed, path.string(), reason.message()));
}

}  // namespace batal::ledger
