#include "ledger/embedded/reader.h"

#include <fmt/format.h>

#include <utility>

#include "ledger/embedded/ledger_error.h"

namespace batal::ledger {

Reader::Reader(Path folder, FileDoor& door) : door_(door), folder_(std::move(folder)) {
  const auto mode = read_mode(door_, folder_);
  if (!mode) throw LedgerError(fmt::format("{} holds no ledger", folder_.string()));
  mode_ = *mode;
  const auto numbers = segment_numbers(must(door_.list(folder_), "list", folder_));
  check_numbers(numbers, folder_);
  segments_ = static_cast<std::uint32_t>(numbers.size());
}

std::optional<Reader::Entry> Reader::next() {
  while (true) {
    const std::size_t offset = cursor_.offset();
    if (const auto frame = cursor_.next())
      return Entry{frame->sequence, decode_in(*frame, path(), offset)};
    if (segment_ < segments_)
      go_on();
    else if (!has_more())
      return std::nullopt;
  }
}

void Reader::go_on() {
  if (segment_ > 0) check_sealed({bytes_, cursor_, segment_, path()});
  ++segment_;
  load(cursor_.sequence());
}

void Reader::load(std::uint64_t first_sequence) {
  bytes_ = read_segment(door_, path());
  check_header(bytes_, path(),
               {.mode = mode_, .number = segment_, .first_sequence = first_sequence});
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
    load(first_sequence_);
    while (cursor_.sequence() < sequence && cursor_.next()) {
    }
    if (!FrameCursor(cursor_).next()) throw;
    return true;
  }
}

}  // namespace batal::ledger
