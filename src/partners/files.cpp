#include "partners/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace batal::partners {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }
  bool open() const { return number_ >= 0; }

 private:
  int number_;
};

std::unexpected<std::string> failed(std::string_view what, const fs::path& file) {
  const std::string why = std::generic_category().message(errno);
  return std::unexpected(fmt::format("cannot {} {}: {}", what, file.string(), why));
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(descriptor) == 0;
}

bool is_regular(int descriptor) {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

// In place of what an earlier call, stopped in between, has left.
bool write_anew(const fs::path& file, std::string_view text, mode_t mode) {
  ::unlink(file.c_str());
  const Descriptor descriptor(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  return descriptor.open() && write_all(descriptor.number(), text);
}

std::expected<void, std::string> sync_folder_of(const fs::path& file) {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.open() && ::fsync(descriptor.number()) == 0) return {};
  return failed("sync", folder);
}

fs::path beside(fs::path file) {
  return file += ".tmp";
}

}  // namespace

std::expected<std::string, std::string> read_file(const fs::path& file) {
  // Opening a FIFO would wait for a writer.
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!descriptor.open()) return failed("read", file);
  if (!is_regular(descriptor.number())) {
    return std::unexpected(fmt::format("cannot read {}: is not a regular file", file.string()));
  }
  std::string text(kFileBytesMax + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(descriptor.number(), text.data() + size, text.size() - size);
    if (got < 0 && errno != EINTR) return failed("read", file);
    if (got == 0) break;
    if (got > 0) size += static_cast<std::size_t>(got);
  }
  if (size > kFileBytesMax) {
    return std::unexpected(fmt::format("cannot read {}: larger than 1 MiB", file.string()));
  }
  text.resize(size);
  return text;
}

std::expected<void, std::string> create_file(const fs::path& file, std::string_view text,
                                             mode_t mode) {
  const fs::path fresh = beside(file);
  std::expected<void, std::string> made;
  if (!write_anew(fresh, text, mode) || ::link(fresh.c_str(), file.c_str()) != 0) {
    made = failed("create", file);
  }
  ::unlink(fresh.c_str());
  return made ? sync_folder_of(file) : made;
}

std::expected<void, std::string> replace_file(const fs::path& file, std::string_view text,
                                              mode_t mode) {
  const fs::path fresh = beside(file);
  if (write_anew(fresh, text, mode) && ::rename(fresh.c_str(), file.c_str()) == 0) {
    return sync_folder_of(file);
  }
  const auto error = failed("write", file);
  ::unlink(fresh.c_str());
  return error;
}

}  // namespace batal::partners
