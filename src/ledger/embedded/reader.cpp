#include "ledger/embedded/reader.h"

#include <fmt/format.h>

#include <utility>

#include "ledger/embedded/ledger_error.h"
#include "ledger/embedded/recovery.h"

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
      return Entry{frame->sequence, decode_in(*frame, folder_ / segment_name(segment_), offset)};
    if (segment_ == segments_) return std::nullopt;
    open_next();
  }
}

void Reader::open_next() {
  const std::uint64_t expected = cursor_.sequence();
  const Path path = folder_ / segment_name(++segment_);
  bytes_ = read_segment(door_, path);
  check_header(bytes_, path, {.mode = mode_, .number = segment_, .first_sequence = expected});
  cursor_ = FrameCursor(bytes_, expected);
}

}  // namespace batal::ledger
