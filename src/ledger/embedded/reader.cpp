#include "ledger/embedded/reader.h"

#include <fmt/format.h>

#include <utility>

#include "ledger/embedded/log/ledger_error.h"

namespace batal::ledger {

Reader::Reader(Path folder, FileDoor& door) : door_(door), folder_(std::move(folder)) {
  const auto format = read_format(door_, folder_);
  if (!format) throw LedgerError(fmt::format("{} holds no ledger", folder_.string()));
  format_ = *format;
  files_ = log_files(must(door_.list(folder_), "list", folder_), folder_);
  if (files_.segments.empty())
    throw LedgerError(fmt::format("{} is missing", (folder_ / segment_name(1)).string()));
}

std::optional<Reader::Entry> Reader::next() {
  while (true) {
    const auto offset = static_cast<std::uint32_t>(cursor_.offset());
    if (const auto frame = cursor_.next())
      return Entry{{segment_, offset}, stored(*frame, path(), offset), *frame};
    if (segment_ < files_.last())
      go_on();
    else if (!has_more())
      return std::nullopt;
  }
}

void Reader::go_on() {
  if (!bytes_.empty()) check_sealed({bytes_, cursor_, segment_, path()});
  ++segment_;
  bytes_before_ += bytes_.size();
  const std::uint64_t first_sequence = cursor_.sequence();
  if (pass_over(first_sequence)) return;
  auto file = door_.open(path(), OpenFor::Reading);
  const bool is_gone = !file && file.error() == std::errc::no_such_file_or_directory;
  if (is_gone && pass_over(first_sequence)) return;
  load(first_sequence, must(std::move(file), "open", path()));
}

// Whether the segment was pruned. It may be so only now, while a ledger runs on the folder.
bool Reader::pass_over(std::uint64_t first_sequence) {
  if (!door_.open(folder_ / pruned_name(segment_), OpenFor::Reading)) return false;
  pruned_.push_back(read_attestation(door_, folder_, segment_, format_.id, std::nullopt));
  bytes_.clear();
  cursor_ = FrameCursor(bytes_, first_sequence + pruned_.back().facts.records);
  return true;
}

void Reader::load(std::uint64_t first_sequence, FilePtr file) {
  bytes_ = read_segment(*file, path());
  check_header(bytes_, bytes_.size(), path(),
               {.mode = format_.mode,
                .ledger = format_.id,
                .number = segment_,
                .first_sequence = first_sequence});
  first_sequence_ = first_sequence;
  cursor_ = FrameCursor(bytes_, first_sequence);
}

// At the end of the last segment. A ledger may have written to it while it was being read, so that
// a later batch was seen and an earlier one not yet. But what a frame of the first look calls
// synced is there at a second look, or it is broken.
bool Reader::has_more() {
  try {
    torn_ = torn_tail({bytes_, cursor_, segment_, path()});
    return false;
  } catch (const LedgerError&) {
    const std::uint64_t sequence = cursor_.sequence();
    load(first_sequence_, must(door_.open(path(), OpenFor::Reading), "open", path()));
    while (cursor_.sequence() < sequence && cursor_.next()) {
    }
    if (!FrameCursor(cursor_).next()) throw;
    return true;
  }
}

}  // namespace batal::ledger
