#include "partners/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace batal::partners {
namespace {

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

std::unexpected<std::string> failed(std::string_view what, const std::filesystem::path& file) {
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

}  // namespace

std::expected<std::string, std::string> read_file(const std::filesystem::path& file) {
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.open()) return failed("read", file);
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

std::expected<void, std::string> create_file(const std::filesystem::path& file,
                                             std::string_view text, mode_t mode) {
  const Descriptor descriptor(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!descriptor.open()) return failed("create", file);
  if (write_all(descriptor.number(), text)) return {};
  const auto error = failed("write", file);
  ::unlink(file.c_str());
  return error;
}

}  // namespace batal::partners
