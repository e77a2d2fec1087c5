// A backup, looked at as if its files stood in a folder under its name: so that what checks a
// ledger checks a backup. Nothing can be written.
//
// The zeros behind a segment's frames are not stored; here they are back.
//
// One thread at a time; the names are for the whole of it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "ledger/archive/tar.h"
#include "ledger/embedded/log/file.h"

namespace batal::ledger {

class BackupDoor final : public FileDoor {
 public:
  // Throws LedgerError where the file is no backup of a ledger: it is another archive, is cut
  // short, or holds what a ledger's folder does not (folder.h); so no name in it leads out of a
  // folder.
  BackupDoor(FileDoor& door, const Path& path);

  const std::map<std::string, TarEntry>& entries() const { return entries_; }

  Io<FilePtr> open(const Path& path, OpenFor purpose) override;
  Io<FilePtr> lock(const Path& path) override;
  Io<void> rename(const Path& from, const Path& to) override;
  Io<void> remove(const Path& path) override;
  Io<void> make_folder(const Path& folder) override;
  Io<void> sync_folder(const Path& folder) override;
  Io<std::vector<std::string>> list(const Path& folder) override;

 private:
  const std::shared_ptr<const File> file_;
  const std::map<std::string, TarEntry> entries_;
};

}  // namespace batal::ledger
