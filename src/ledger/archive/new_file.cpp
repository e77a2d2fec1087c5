#include "ledger/archive/new_file.h"

#include <fmt/format.h>

#include "ledger/embedded/log/folder.h"
#include "ledger/embedded/log/ledger_error.h"

namespace batal::ledger {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

// Never empty, so that it can be synced.
Path folder_of(const Path& path) {
  return std::filesystem::absolute(path).parent_path();
}

}  // namespace

NewFile::NewFile(FileDoor& door, Path path)
    : door_(door), path_(std::move(path)), temporary_(path_.string() + ".tmp") {
  if (door_.open(path_, OpenFor::Reading))
    throw LedgerError(fmt::format("{} exists, and is not overwritten", path_.string()));
  must(door_.remove(temporary_), "remove", temporary_);
  file_ = must(door_.open(temporary_, OpenFor::Creating), "make", temporary_);
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
  append({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void NewFile::flush() {
  must(write_all(*file_, buffer_, end_), "write", temporary_);
  end_ += buffer_.size();
  buffer_.clear();
}

void NewFile::finish() {
  flush();
  must(file_->sync(), "sync", temporary_);
  must(door_.rename(temporary_, path_), "rename", temporary_);
  is_finished_ = true;
  must(door_.sync_folder(folder_of(path_)), "sync", folder_of(path_));
}

}  // namespace batal::ledger
