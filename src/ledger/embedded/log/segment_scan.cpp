#include "ledger/embedded/log/segment_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "ledger/embedded/log/background.h"
#include "ledger/embedded/log/ledger_error.h"

namespace batal::ledger {

SegmentScan::SegmentScan(const File& file, const Path& path, const ExpectedHeader& expected,
                         std::size_t piece_bytes)
    : file_(file),
      path_(path),
      piece_bytes_(piece_bytes),
      file_bytes_(must(file.size(), "read the size of", path)),
      sequence_(expected.first_sequence) {
  read_on(kSegmentHeaderBytes);
  check_header(buffer_, file_bytes_, path, expected);
  offset_ = kSegmentHeaderBytes;
}

std::optional<Frame> SegmentScan::next() {
  const auto found = frame_ahead();
  if (!found || found->sequence != sequence_) {
    require_zeros();
    return std::nullopt;
  }
  frame_ = ahead().first(found->bytes);
  offset_ += found->bytes;
  ++sequence_;
  return found;
}

std::span<const std::uint8_t> SegmentScan::ahead() const {
  const auto read = std::min<std::uint64_t>(offset_ - buffer_at_, buffer_.size());
  return std::span(buffer_).subspan(read);
}

std::optional<Frame> SegmentScan::frame_ahead() {
  if (ahead().size() < kFrameHeaderBytes && !read_on(kFrameHeaderBytes)) return std::nullopt;
  const auto stated = stated_frame_bytes(ahead());
  if (stated && *stated > ahead().size() && !read_on(*stated)) return std::nullopt;
  return frame_at(ahead());
}

// Reads from offset_ on, so many bytes or a piece, whichever is more. False: the file has less.
bool SegmentScan::read_on(std::size_t bytes) {
  give_way();
  const auto kept_bytes = ahead().size();
  buffer_.erase(buffer_.begin(), buffer_.end() - static_cast<std::ptrdiff_t>(kept_bytes));
  buffer_at_ = offset_;
  buffer_.resize(std::max(bytes, piece_bytes_));
  const auto room = std::span(buffer_).subspan(kept_bytes);
  const auto count = must(read_all(file_, room, offset_ + kept_bytes), "read", path_);
  buffer_.resize(kept_bytes + count);
  return buffer_.size() >= bytes;
}

void SegmentScan::require_zeros() const {
  Bytes piece;
  auto rest = ahead();
  std::uint64_t at = offset_ + rest.size();
  for (; !rest.empty(); at += rest.size()) {
    if (!all_zero(rest)) fail_sealed(path_, sequence_, offset_);
    piece.resize(piece_bytes_);
    rest = std::span(piece).first(must(read_all(file_, piece, at), "read", path_));
  }
  if (at < file_bytes_)
    throw LedgerError(fmt::format("{} is corrupt: it ends at byte {}, but had {} bytes before",
                                  path_.string(), at, file_bytes_));
}

}  // namespace batal::ledger
