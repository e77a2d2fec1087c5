#include "ledger/embedded/log/segment_scan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ledger/embedded/log/ledger_error.h"
#include "ledger/grown_log.h"

namespace batal::ledger {
namespace {

constexpr std::size_t kPieces[] = {1, 63, 64, 65, 200, 1000, 4096, 1 << 20};

// What a scan tells of a segment: each frame, and how it ended.
struct Told {
  std::vector<std::string> frames;
  std::string error;

  bool operator==(const Told&) const = default;
};

std::string told(std::uint64_t offset, const Frame& frame) {
  return fmt::format("{} at {}: {}", frame.sequence, offset,
                     std::string(frame.record.begin(), frame.record.end()));
}

// Can change while it is open.
class FileInMemory final : public File {
 public:
  explicit FileInMemory(const Bytes& content) : content_(content) {}

  Io<std::size_t> read(std::span<std::uint8_t> into, std::uint64_t offset) const override {
    const auto rest = std::span(content_).subspan(std::min<std::size_t>(offset, content_.size()));
    const auto taken = rest.first(std::min(rest.size(), into.size()));
    std::ranges::copy(taken, into.begin());
    return taken.size();
  }
  Io<std::size_t> write(std::span<const std::uint8_t>, std::uint64_t) override {
    return std::unexpected(std::make_error_code(std::errc::read_only_file_system));
  }
  Io<void> sync() override { return {}; }
  Io<std::uint64_t> size() const override { return content_.size(); }

 private:
  const Bytes& content_;
};

class SegmentScanTest : public ::testing::Test {
 protected:
  Told scanned(std::size_t piece_bytes) {
    Told all;
    try {
      const Path path = segment_path(1);
      const FilePtr file = must(disk.open(path, OpenFor::Reading), "open", path);
      SegmentScan scan(*file, path, log.expected(1), piece_bytes);
      for (auto offset = scan.offset(); const auto frame = scan.next(); offset = scan.offset()) {
        EXPECT_EQ(scan.frame().size(), frame->bytes);
        EXPECT_EQ(scan.sequence(), frame->sequence + 1);
        all.frames.push_back(told(offset, *frame));
      }
    } catch (const LedgerError& error) {
      all.error = error.what();
    }
    return all;
  }

  // The same of the whole segment in memory.
  Told walked() {
    Told all;
    try {
      const Path path = segment_path(1);
      const Bytes segment = disk.content(path);
      check_header(segment, segment.size(), path, log.expected(1));
      FrameCursor cursor(segment, 1);
      for (auto offset = cursor.offset(); const auto frame = cursor.next();
           offset = cursor.offset())
        all.frames.push_back(told(offset, *frame));
      check_sealed({segment, cursor, 1, path});
    } catch (const LedgerError& error) {
      all.error = error.what();
    }
    return all;
  }

  // The bytes of a sealed segment with creations.
  Bytes sealed_creations(int count) {
    for (int number = 1; number <= count; ++number) log.run(create(number));
    log.seal();
    return disk.content(segment_path(1));
  }

  void expect_the_same_by_pieces(const std::string& what) {
    const Told expected = walked();
    for (const std::size_t piece : kPieces)
      EXPECT_EQ(scanned(piece), expected) << what << ", pieces of " << piece << " bytes";
  }

  SimulatedDisk disk;
  GrownLog log{disk};
};

TEST_F(SegmentScanTest, TellsTheSameAsTheWholeSegment) {
  expect_the_same_by_pieces("empty");
  for (int number = 0; number < 9; ++number) {
    payment::Command some = create(number);
    some.draft.details.assign(static_cast<std::size_t>(number) * 37, 'd');
    log.run(some);
  }
  log.seal();
  EXPECT_EQ(scanned(SegmentScan::kPieceBytes).frames.size(), 9U);
  expect_the_same_by_pieces("sealed");
}

TEST_F(SegmentScanTest, FindsWhateverIsBrokenAndSaysSoAlike) {
  const Bytes whole = sealed_creations(3);
  const auto end = log.entries.back().link.position.offset + 400;
  for (std::size_t at = 0; at < std::min<std::size_t>(end, whole.size());
       at += at < 60 || at >= kSegmentHeaderBytes ? 1 : 60) {
    Bytes damaged = whole;
    damaged[at] ^= 0x40;
    disk.put(segment_path(1), damaged);
    expect_the_same_by_pieces(fmt::format("damage at {}", at));
  }
}

TEST_F(SegmentScanTest, TakesNoFrameOutOfSequence) {
  Bytes segment = sealed_creations(2);
  const Link& first = log.entries[0].link;
  const auto at = std::span(segment).subspan(first.position.offset);
  const auto frame_bytes = frame_at(at).value().bytes;  // of each: the commands are alike
  const Bytes frame(at.begin(), at.begin() + static_cast<long>(frame_bytes));
  segment.resize(std::max(segment.size(), first.position.offset + 3 * frame_bytes));
  std::ranges::copy(frame,
                    segment.begin() + first.position.offset + 2 * static_cast<long>(frame_bytes));
  disk.put(segment_path(1), segment);
  EXPECT_EQ(scanned(SegmentScan::kPieceBytes).frames.size(), 2U);
  expect_the_same_by_pieces("a frame for the second time");
}

TEST_F(SegmentScanTest, FindsAFileThatIsCutShort) {
  const Bytes whole = sealed_creations(3);
  for (std::size_t bytes = 0; bytes < whole.size(); bytes += 97) {
    disk.put(segment_path(1), Bytes(whole.begin(), whole.begin() + static_cast<long>(bytes)));
    expect_the_same_by_pieces(fmt::format("{} bytes", bytes));
  }
}

TEST_F(SegmentScanTest, FindsAFileThatIsCutWhileItIsScanned) {
  Bytes segment = sealed_creations(3);
  const FileInMemory file(segment);
  const Path path = segment_path(1);
  SegmentScan scan(file, path, log.expected(1), 1);
  ASSERT_TRUE(scan.next());
  segment.resize(scan.offset());
  EXPECT_THROW(scan.next(), LedgerError);
}

}  // namespace
}  // namespace batal::ledger
