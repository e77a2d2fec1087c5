#include "ledger/embedded/log/segment_scan.h"

#include <algorithm>

namespace batal::ledger {

SegmentScan::SegmentScan(const File& file, const Path& path, const ExpectedHeader& expected,
                         std::size_t piece_bytes)
    : file_(file), path_(path), piece_bytes_(piece_bytes), sequence_(expected.first_sequence) {
  read_on(kSegmentHeaderBytes);
  check_header(buffer_, must(file.size(), "read the size of", path), path, expected);
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
  const auto kept = ahead();
  const auto kept_bytes = kept.size();
  std::ranges::copy(kept, buffer_.begin());
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
  for (std::uint64_t at = offset_ + rest.size(); !rest.empty(); at += rest.size()) {
    if (!all_zero(rest)) fail_sealed(path_, sequence_, offset_);
    piece.resize(piece_bytes_);
    rest = std::span(piece).first(must(read_all(file_, piece, at), "read", path_));
  }
}

}  // namespace batal::ledger
