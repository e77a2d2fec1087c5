// A file that takes its name only when it is whole: until then, and after a stop, it is FILE.tmp.
//
// Mode 0600. Never overwrites, and is never made by two at once: FILE.tmp is locked meanwhile. One
// thread at a time.
#pragma once

#include <span>
#include <string_view>

#include "ledger/embedded/log/file.h"

namespace batal::ledger {

// Throws LedgerError where the file would be made inside of a ledger's folder, whose start would
// refuse it then.
void check_is_outside(const Path& file, const Path& folder);

class NewFile {
 public:
  // Throws LedgerError where the file exists or another is making it, as all of this does where the
  // disk refuses. What a stopped call left is written anew.
  NewFile(FileDoor& door, Path path);
  ~NewFile();  // removes what was not finished
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  const Path& temporary() const { return temporary_; }

  void append(std::span<const std::uint8_t> bytes);
  void append(std::string_view text);

  // All that was appended can be read under the temporary name from here on.
  void flush();

  // Makes it durable and gives it its name.
  void finish();

 private:
  void check_is_free() const;
  bool holds_its_name();
  void take();

  FileDoor& door_;
  const Path path_;
  const Path temporary_;
  FilePtr file_;
  Bytes buffer_;
  std::uint64_t end_ = 0;
  bool is_finished_ = false;
};

}  // namespace batal::ledger
