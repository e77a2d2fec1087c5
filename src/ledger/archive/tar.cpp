#include "ledger/archive/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <array>
#include <ctime>
#include <memory>

#include "ledger/embedded/log/ledger_error.h"

namespace batal::ledger {
namespace {

constexpr std::uint64_t kTarBlockBytes = 512;

using EntryPtr = std::unique_ptr<archive_entry, void (*)(archive_entry*)>;
using ReaderPtr = std::unique_ptr<archive, int (*)(archive*)>;

// No exception may pass through libarchive. Nor does a failure: libarchive would not free what it
// holds (3.6). What comes after one goes nowhere.
void append(NewFile& file, std::string& failure, std::span<const std::uint8_t> bytes) {
  if (!failure.empty()) return;
  try {
    file.append(bytes);
  } catch (const LedgerError& error) {
    failure = error.what();
  }
}

[[noreturn]] void fail_reading(const Path& path, std::string_view what) {
  throw LedgerError(fmt::format("{} is no whole backup of a ledger: {}", path.string(), what));
}

std::string said(archive* by) {
  const char* const text = archive_error_string(by);
  return text == nullptr ? "libarchive does not say why" : text;
}

// What libarchive reads from.
struct Source {
  const File& file;
  std::uint64_t offset = 0;
  std::array<std::uint8_t, 1 << 16> buffer{};
};

la_ssize_t read_on(archive*, void* from, const void** bytes) {
  auto& source = *static_cast<Source*>(from);
  const auto count = source.file.read(source.buffer, source.offset);
  if (!count) return -1;
  *bytes = source.buffer.data();
  source.offset += *count;
  return static_cast<la_ssize_t>(*count);
}

la_int64_t skip(archive*, void* from, la_int64_t bytes) {
  static_cast<Source*>(from)->offset += static_cast<std::uint64_t>(bytes);
  return bytes;
}

std::string name_of(archive_entry* entry, const Path& path) {
  const char* const name = archive_entry_pathname(entry);
  if (name == nullptr) fail_reading(path, "an entry of it has no name");
  return name;
}

// Where the bytes of the entry that the archive stands at begin and end.
TarEntry place_of(archive* reader, archive_entry* entry, std::uint64_t file_bytes,
                  const Path& path) {
  const std::string name = name_of(entry, path);
  if (archive_format(reader) != ARCHIVE_FORMAT_TAR_USTAR)
    fail_reading(path, "it is another kind of archive");
  if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr)
    fail_reading(path, fmt::format("{} in it is no file", name));
  const auto header = static_cast<std::uint64_t>(archive_read_header_position(reader));
  const TarEntry found{.offset = header + kTarBlockBytes,
                       .size = static_cast<std::uint64_t>(archive_entry_size(entry))};
  if (found.size > file_bytes || found.offset > file_bytes - found.size)
    fail_reading(path, fmt::format("it is cut short inside of {}", name));
  return found;
}

}  // namespace

TarWriter::TarWriter(NewFile& file) : file_(file), archive_(archive_write_new()) {
  if (archive_ == nullptr) throw LedgerError("no memory for libarchive");
  const auto write = [](archive*, void* writer, const void* bytes, std::size_t size) {
    auto& self = *static_cast<TarWriter*>(writer);
    append(self.file_, self.failure_, {static_cast<const std::uint8_t*>(bytes), size});
    return static_cast<la_ssize_t>(size);
  };
  if (archive_write_set_format_ustar(archive_) != ARCHIVE_OK ||
      archive_write_open(archive_, this, nullptr, write, nullptr) != ARCHIVE_OK)
    fail();
}

// What was not finished is not written to the end.
TarWriter::~TarWriter() {
  if (failure_.empty()) failure_ = "given up";
  archive_write_free(archive_);
}

void TarWriter::add(const std::string& name, std::span<const std::uint8_t> bytes) {
  constexpr mode_t kOwnerOnly = 0600;
  const EntryPtr entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), kOwnerOnly);
  archive_entry_set_mtime(entry.get(), std::time(nullptr), 0);
  if (archive_write_header(archive_, entry.get()) != ARCHIVE_OK) fail();
  const auto written = archive_write_data(archive_, bytes.data(), bytes.size());
  if (written != static_cast<la_ssize_t>(bytes.size()) || !failure_.empty()) fail();
}

void TarWriter::finish() {
  if (archive_write_close(archive_) != ARCHIVE_OK || !failure_.empty()) fail();
}

void TarWriter::fail() const {
  if (!failure_.empty()) throw LedgerError(failure_);
  throw LedgerError(fmt::format("cannot write {}: {}", file_.temporary().string(), said(archive_)));
}

std::map<std::string, TarEntry> read_tar(const File& file, const Path& path) {
  const ReaderPtr reader(archive_read_new(), archive_read_free);
  if (!reader) throw LedgerError("no memory for libarchive");
  archive_read_support_format_tar(reader.get());
  Source source{file};
  if (archive_read_open2(reader.get(), &source, nullptr, read_on, skip, nullptr) != ARCHIVE_OK)
    fail_reading(path, said(reader.get()));
  const std::uint64_t file_bytes = must(file.size(), "read the size of", path);
  std::map<std::string, TarEntry> entries;
  archive_entry* entry = nullptr;
  int result = archive_read_next_header(reader.get(), &entry);
  for (; result == ARCHIVE_OK; result = archive_read_next_header(reader.get(), &entry)) {
    const TarEntry place = place_of(reader.get(), entry, file_bytes, path);
    const std::string name = name_of(entry, path);
    if (!entries.emplace(name, place).second)
      fail_reading(path, fmt::format("{} is in it twice", name));
  }
  if (result != ARCHIVE_EOF) fail_reading(path, said(reader.get()));
  return entries;
}

}  // namespace batal::ledger
