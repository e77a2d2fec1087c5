#include "ledger/archive/new_file.h"

#include <fmt/format.h>

#include "ledger/embedded/log/folder.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/log/text_file.h"

namespace batal::ledger {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

// Never empty, so that it can be synced.
Path folder_of(const Path& path) {
  return std::filesystem::absolute(path).parent_path();
}

}  // namespace

void check_is_outside(const Path& file, const Path& folder) {
  std::error_code error;
  Path above = std::filesystem::weakly_canonical(folder_of(file), error);
  for (; above.has_relative_path(); above = above.parent_path())
    if (std::filesystem::equivalent(above, folder, error))
      throw LedgerError(fmt::format("{} is inside of {}, which must hold nothing but the ledger",
                                    file.string(), folder.string()));
}

NewFile::NewFile(FileDoor& door, Path path)
    : door_(door), path_(std::move(path)), temporary_(path_.string() + ".tmp") {
  check_is_free();
  take();
}

// A link that leads nowhere, or a file that cannot be read, is there too.
void NewFile::check_is_free() const {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(path_, error);
  if (status.type() != std::filesystem::file_type::not_found)
    throw LedgerError(fmt::format("{} exists, and is not overwritten", path_.string()));
}

// Where another has finished or given up between opening and locking, the lock is on a file without
// a name, or on the finished one.
bool NewFile::holds_its_name() {
  check_is_free();
  const LedgerId mark = random_ledger_id();
  LedgerId seen{};
  must(write_all(*file_, mark, 0), "write", temporary_);
  const auto named = door_.open(temporary_, OpenFor::Reading);
  return named && read_all(**named, seen, 0) && seen == mark;
}

void NewFile::take() {
  std::error_code error;
  const auto links = std::filesystem::hard_link_count(temporary_, error);
  if (std::filesystem::is_symlink(temporary_, error) || (links > 1 && links != std::uintmax_t(-1)))
    must(door_.remove(temporary_), "remove", temporary_);  // what it leads to is not ours
  auto locked = door_.lock(temporary_);
  const auto fail_taken = [this] {
    throw LedgerError(fmt::format("{} is being written by another process", temporary_.string()));
  };
  if (!locked && locked.error() == std::errc::resource_unavailable_try_again) fail_taken();
  file_ = must(std::move(locked), "make", temporary_);
  bool is_ours = false;
  try {
    is_ours = holds_its_name();
  } catch (const LedgerError&) {
    static_cast<void>(door_.remove(temporary_));
    throw;
  }
  if (!is_ours) fail_taken();
  std::filesystem::permissions(
      temporary_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  std::filesystem::resize_file(temporary_, 0, error);
  if (error) fail_io(error, "empty", temporary_);
}

NewFile::~NewFile() {
  // The error that led here is the one to tell.
  if (!is_finished_) static_cast<void>(door_.remove(temporary_));
}

void NewFile::append(std::span<const std::uint8_t> bytes) {
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  if (buffer_.size() >= kBufferBytes) flush();
}

void NewFile::append(std::string_view text) {
  append(bytes_of(text));
}

void NewFile::flush() {
  must(write_all(*file_, buffer_, end_), "write", temporary_);
  end_ += buffer_.size();
  buffer_.clear();
}

void NewFile::finish() {
  flush();
  must(file_->sync(), "sync", temporary_);
  std::error_code error;
  std::filesystem::create_hard_link(temporary_, path_, error);
  if (error == std::errc::file_exists) check_is_free();
  if (error) fail_io(error, "make", path_);
  is_finished_ = true;
  must(door_.remove(temporary_), "remove", temporary_);
  must(door_.sync_folder(folder_of(path_)), "sync", folder_of(path_));
}

}  // namespace batal::ledger
