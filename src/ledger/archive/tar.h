// Files in one tar file (POSIX ustar, not compressed), written and read through libarchive.
//
// One thread at a time.
#pragma once

#include <map>
#include <span>
#include <string>

#include "ledger/archive/new_file.h"
#include "ledger/embedded/log/file.h"

struct archive;

namespace batal::ledger {

class TarWriter {
 public:
  // Writes to the file, which must live longer. Throws LedgerError, as all of it.
  explicit TarWriter(NewFile& file);
  ~TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  void add(const std::string& name, std::span<const std::uint8_t> bytes);

  void finish();

 private:
  [[noreturn]] void fail() const;

  NewFile& file_;
  std::string failure_;  // of the file, while libarchive wrote; empty: none
  archive* archive_;
};

// Where the bytes of an entry stand in the archive's file.
struct TarEntry {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// The entries of an archive by name; the path is for the errors. Throws LedgerError where the file
// is no such archive, is cut short, or holds anything twice or anything but files.
std::map<std::string, TarEntry> read_tar(const File& file, const Path& path);

}  // namespace batal::ledger
