// The frames of a sealed segment, from its file and piece by piece: as a whole it would need its
// size in memory, and the making of that memory costs more than the reading.
//
// One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "ledger/embedded/log/file.h"
#include "ledger/embedded/log/recovery.h"
#include "ledger/embedded/log/segment.h"

namespace batal::ledger {

class SegmentScan {
 public:
  static constexpr std::size_t kPieceBytes = 64 << 10;

  // Throws LedgerError where the header is another than expected, or the file has lost its end. The
  // file and the path must live longer.
  SegmentScan(const File& file, const Path& path, const ExpectedHeader& expected,
              std::size_t piece_bytes = kPieceBytes);

  // The next whole frame in sequence; its views hold until the next call. None behind the last one:
  // where anything but zeros stands there, or the file has become shorter, that is a LedgerError,
  // as a failing read is.
  std::optional<Frame> next();

  std::uint64_t offset() const { return offset_; }      // where next() will look
  std::uint64_t sequence() const { return sequence_; }  // which it will look for

  // The bytes of the frame that next() has given.
  std::span<const std::uint8_t> frame() const { return frame_; }

 private:
  std::span<const std::uint8_t> ahead() const;
  std::optional<Frame> frame_ahead();
  bool read_on(std::size_t bytes);
  void require_zeros() const;

  const File& file_;
  const Path& path_;
  const std::size_t piece_bytes_;
  const std::uint64_t file_bytes_;
  Bytes buffer_;  // of the file from buffer_at_ on
  std::uint64_t buffer_at_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t sequence_;
  std::span<const std::uint8_t> frame_;
};

}  // namespace batal::ledger
