// The ledger's folder: which files it holds, and what it says of itself.
//
//   lock                  locked as long as a ledger runs on the folder
//   format                five lines of text: "batal ledger", "format 2", "mode production",
//                         "id <32 hexadecimal digits>", "audit key <16 hexadecimal digits>"
//   0000000001.segment    the log (segment.h), from 1 on without a gap
//   0000000001.pruned     in the place of a segment that was pruned (pruned.h)
//   checkpoints           signed, one a line (checkpoint.h)
//   live.snapshot         the live transactions as of some segment (snapshot.h)
//   index.sqlite, -wal, -shm   where the keys of sealed segments stand (index.h); and -journal,
//                         where a kill met the making of it
//   *.tmp                 what is being made; worthless after a stop
//
// The log is the truth. Snapshot and index are made from it, and made anew where they are missing.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/embedded/log/file.h"
#include "ledger/embedded/log/segment.h"

namespace batal::ledger {

inline constexpr std::string_view kFormatName = "format";
inline constexpr std::string_view kLockName = "lock";
inline constexpr std::string_view kCheckpointsName = "checkpoints";
inline constexpr std::string_view kSnapshotName = "live.snapshot";
inline constexpr std::string_view kIndexName = "index.sqlite";

struct Format {
  Mode mode = Mode::Production;
  LedgerId id{};
  std::string audit_key;  // its id

  bool operator==(const Format&) const = default;
};

std::string_view name_of(Mode mode);  // "sandbox", "production"

// What a folder's format file says; nothing where there is none. Throws LedgerError where it is
// not ours, or of another format.
std::optional<Format> read_format(FileDoor& door, const Path& folder);

// Makes the format file, durably.
void write_format(FileDoor& door, const Path& folder, const Format& format);

LedgerId random_ledger_id();

// Takes the folder for as long as the File lives. Throws LedgerError where another has it.
FilePtr lock_folder(FileDoor& door, const Path& folder);

// The numbers of a log's files, ascending. A segment whose attestation exists is pruned, whether or
// not its file has gone yet.
struct LogFiles {
  std::vector<std::uint32_t> segments;
  std::vector<std::uint32_t> pruned;
  std::vector<std::uint32_t> leftover;  // of the pruned ones, those whose segment is still there

  // 0 where there are none.
  std::uint32_t last() const { return segments.empty() ? 0 : segments.back(); }
  bool is_pruned(std::uint32_t number) const;
};

// Throws LedgerError where a number is missing between 1 and the last, or the last one is pruned.
LogFiles log_files(std::span<const std::string> names, const Path& folder);

// Of the segments' files; for showing only.
std::uint64_t log_bytes(FileDoor& door, const Path& folder, const LogFiles& files);

// Throws LedgerError where a file is none of a ledger's.
void check_names(std::span<const std::string> names, const Path& folder);

// Removes what was being made when the last process stopped. For whoever holds the lock, once the
// folder is known for a ledger of its own.
void tidy(FileDoor& door, const Path& folder, std::span<const std::string> names);

// A file under its name is always whole and durable: it is made, and synced, under another.
void publish(FileDoor& door, const Path& from, const Path& to);

std::string pruned_name(std::uint32_t number);  // 7 -> "0000000007.pruned"
std::optional<std::uint32_t> pruned_number(std::string_view name);

}  // namespace batal::ledger
