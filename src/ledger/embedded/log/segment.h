// The format of the log on disk, as bytes in memory.
//
// The log is a folder of segments, "0000000001.segment" and on, without a gap. A segment is made
// in full before it is used: zeros, really written, so that no sync in a frame's way has to pay for
// new file size or fresh blocks. All numbers are little-endian.
//
//   header    4096 bytes, so that no frame shares a page with it; zeros after these fields:
//     0   8  "BATALSEG"
//     8   u32 format (2)
//     12  u32 mode: 0 sandbox, 1 production
//     16  u32 the segment's number, from 1
//     20  u32 bytes of the whole file: a shorter one has lost its end
//     24  u64 sequence of its first frame
//     32  16 bytes: the ledger's id (folder.h)
//     48  u32 CRC32C of bytes 0 to 47
//
//   frames    from byte 4096 on, end to end; after the last one zeros to the end of the file:
//     0   u32 CRC32C of all that follows in the frame, padding included
//     4   u32 length of the record in bytes, never 0
//     8   u64 sequence: 1 for the log's first record, then one more each, across segments
//     16  u64 synced up to: all records up to this sequence were durable when this was written
//     24  u32, u32 segment and offset of the frame before it in its transaction; 0, 0: none
//     32  32 bytes: the record's MAC, over sequence, MAC of that frame, and record (audit_key.h)
//     64  the record (record_codec.h), zeros up to a multiple of 8 bytes
//
// The records of a transaction are a chain: each names the one before and is sealed together with
// its MAC. Records without a transaction have a MAC and no chain.
//
// "Synced up to" is what tells a torn tail from corruption: a frame that a later one calls synced
// was told to somebody and cannot have been torn. So is every frame of a segment that has a
// successor, for a segment is left only after its last sync.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ledger/audit_key.h"
#include "ledger/embedded/log/background.h"
#include "ledger/embedded/log/file.h"
#include "ledger/ledger.h"
#include "payment/record.h"

namespace batal::ledger {

inline constexpr std::uint32_t kSegmentFormat = 2;
inline constexpr std::size_t kSegmentHeaderBytes = 4096;
inline constexpr std::size_t kFrameHeaderBytes = 64;
inline constexpr std::size_t kRecordBytesMax = 16 << 20;  // encoded; more is no frame of ours

// Where a frame begins.
struct Position {
  std::uint32_t segment = 0;
  std::uint32_t offset = 0;  // bytes from the beginning of the segment's file

  auto operator<=>(const Position&) const = default;
};

// The end of a chain: what the next record of the transaction is sealed onto. Segment 0: none yet.
struct Link {
  Position position;
  Mac mac{};

  bool operator==(const Link&) const = default;
};

using LedgerId = std::array<std::uint8_t, 16>;  // drawn when a ledger is made

struct SegmentHeader {
  Mode mode = Mode::Production;
  LedgerId ledger{};
  std::uint32_t number = 1;
  std::uint32_t bytes = kSegmentHeaderBytes;  // of the whole file
  std::uint64_t first_sequence = 1;

  bool operator==(const SegmentHeader&) const = default;
};

using HeaderBytes = std::array<std::uint8_t, kSegmentHeaderBytes>;
HeaderBytes encode(const SegmentHeader& header);

// The error is a sentence without the file's name: foreign, newer, or broken.
std::expected<SegmentHeader, std::string> decode_header(std::span<const std::uint8_t> segment);

// A whole frame: its CRC32C holds. A view into the segment it was found in.
struct Frame {
  std::uint64_t sequence = 0;
  std::uint64_t synced_up_to = 0;
  Position previous;
  Mac mac{};
  std::size_t bytes = 0;  // of the frame, header and padding included
  std::span<const std::uint8_t> record;
};

// How many bytes the frame of a record of this length takes.
constexpr std::size_t frame_bytes(std::size_t record_bytes) {
  return (kFrameHeaderBytes + record_bytes + 7) / 8 * 8;
}

// What a frame says beside its record.
struct FrameHead {
  std::uint64_t sequence = 1;
  std::uint64_t synced_up_to = 0;
  Link previous;
};

// Appends a record's frame to `out` and returns its MAC.
Mac append_frame(Bytes& out, const payment::Record& record, const FrameHead& head, Macs& macs);

// How long the frame that begins here says it is; nothing where no frame can begin. Reads only the
// first kFrameHeaderBytes and checks no CRC.
std::optional<std::size_t> stated_frame_bytes(std::span<const std::uint8_t> bytes);

// The whole frame at the beginning of `bytes`; nothing where there is none.
std::optional<Frame> frame_at(std::span<const std::uint8_t> bytes);

// Walks the frames of one segment, from its first on, as long as each is whole and the next in
// sequence.
class FrameCursor {
 public:
  FrameCursor(std::span<const std::uint8_t> segment, std::uint64_t first_sequence)
      : segment_(segment), sequence_(first_sequence) {}

  std::optional<Frame> next();

  std::size_t offset() const { return offset_; }        // where next() will look
  std::uint64_t sequence() const { return sequence_; }  // which it will look for

 private:
  std::span<const std::uint8_t> segment_;
  std::size_t offset_ = kSegmentHeaderBytes;
  std::uint64_t sequence_;
};

std::string segment_name(std::uint32_t number);  // 7 -> "0000000007.segment"
std::optional<std::uint32_t> segment_number(std::string_view name);

// The numbers of the segments among a folder's names, ascending.
std::vector<std::uint32_t> segment_numbers(std::span<const std::string> names);

// Makes a file of zeros, durable but for its name. Whatever bore the name is removed. Throws
// LedgerError, and leaves no file, where the disk refuses. At its own pace, or as fast as it can.
FilePtr make_zeroed(FileDoor& door, const Path& path, std::size_t bytes, Pace* pace = nullptr);

// A segment's whole file. Throws LedgerError.
Bytes read_segment(FileDoor& door, const Path& path);
Bytes read_segment(const File& file, const Path& path);

}  // namespace batal::ledger
