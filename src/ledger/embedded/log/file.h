// The one small door to the disk: whatever the embedded ledger reads, writes, syncs, renames or
// removes passes here, so that tests own every write, every sync and every failure.
//
// A door is used from several threads at once; one File by one thread at a time, but for read(),
// which any thread may call at any time.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <vector>

namespace batal::ledger {

using Path = std::filesystem::path;
using Bytes = std::vector<std::uint8_t>;

// What the page cache and uncached writes deal in.
inline constexpr std::size_t kDiskPageBytes = 4096;

// What a call gives, or the system's reason why not.
template <class T>
using Io = std::expected<T, std::error_code>;

// An open file. Destroying it closes it and releases its lock.
class File {
 public:
  virtual ~File() = default;

  // Reads from an offset in bytes and returns how many were read; 0 is the end of the file. May
  // read less than asked: read_all() goes on.
  virtual Io<std::size_t> read(std::span<std::uint8_t> into, std::uint64_t offset) const = 0;

  // Writes at an offset and returns how many bytes were taken. May take less: write_all() goes on.
  virtual Io<std::size_t> write(std::span<const std::uint8_t> bytes, std::uint64_t offset) = 0;

  // The same for what nobody will read soon: past the page cache where the system can, and where
  // memory, offset and size are multiples of kDiskPageBytes.
  virtual Io<std::size_t> write_uncached(std::span<const std::uint8_t> bytes,
                                         std::uint64_t offset) {
    return write(bytes, offset);
  }

  // Makes all that was written durable (fdatasync). After a failure nothing is known of what was
  // written before, and a later success proves nothing.
  virtual Io<void> sync() = 0;

  virtual Io<std::uint64_t> size() const = 0;
};
using FilePtr = std::unique_ptr<File>;

enum class OpenFor : std::uint8_t {
  Reading,   // must exist
  Creating,  // must not exist; read and write
};

class FileDoor {
 public:
  virtual ~FileDoor() = default;

  virtual Io<FilePtr> open(const Path& path, OpenFor purpose) = 0;

  // Takes a file's lock for as long as the File lives; makes the file where there is none. Held by
  // anybody else, this process included: std::errc::resource_unavailable_try_again.
  virtual Io<FilePtr> lock(const Path& path) = 0;

  virtual Io<void> rename(const Path& from, const Path& to) = 0;  // replaces `to`, atomically
  virtual Io<void> remove(const Path& path) = 0;                  // no such file is no error
  virtual Io<void> make_folder(const Path& folder) = 0;           // with its parents, durably
  virtual Io<void> sync_folder(const Path& folder) = 0;  // makes names given and taken durable
  virtual Io<std::vector<std::string>> list(const Path& folder) = 0;  // names, in no order
};

// The real disk. Lives as long as the program.
FileDoor& posix_door();

// All of `bytes`, however many writes it takes.
Io<void> write_all(File& file, std::span<const std::uint8_t> bytes, std::uint64_t offset);

// Fills `into` as far as the file goes and returns how far.
Io<std::size_t> read_all(const File& file, std::span<std::uint8_t> into, std::uint64_t offset);

// The value, or a LedgerError "cannot {deed} {path}: {reason}".
template <class T>
T must(Io<T> result, const char* deed, const Path& path);
[[noreturn]] void fail_io(std::error_code reason, const char* deed, const Path& path);

template <class T>
T must(Io<T> result, const char* deed, const Path& path) {
  if (!result) fail_io(result.error(), deed, path);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace batal::ledger
