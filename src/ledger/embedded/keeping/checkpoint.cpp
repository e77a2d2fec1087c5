#include "ledger/embedded/keeping/checkpoint.h"

#include <fmt/format.h>

#include <boost/endian/conversion.hpp>
#include <utility>

#include "ledger/embedded/keeping/sealed_segment.h"
#include "ledger/embedded/keeping/signed_line.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/log/text_file.h"

namespace batal::ledger {
namespace {

constexpr std::string_view kKind = "batal-checkpoint";

std::string text_of_checkpoints(FileDoor& door, const Path& path) {
  const auto file = door.open(path, OpenFor::Reading);
  if (!file && file.error() == std::errc::no_such_file_or_directory) return "";
  if (!file) fail_io(file.error(), "open", path);
  return read_text(**file, must((*file)->size(), "read the size of", path), path);
}

// Without their newlines. A torn last one is left out: it lacks its newline, or what came before.
std::vector<std::string_view> whole_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  std::size_t begin = 0;
  for (auto end = text.find('\n'); end != text.npos; end = text.find('\n', begin)) {
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  const bool ends_here = begin == text.size();
  if (ends_here && !lines.empty() && !read_checkpoint(lines.back(), std::nullopt)) lines.pop_back();
  return lines;
}

}  // namespace

Digest chained(const Digest& before, const SegmentFacts& facts) {
  Bytes text(before.begin(), before.end());
  const auto append = [&text](std::uint64_t number) {
    std::array<std::uint8_t, 8> little;
    boost::endian::store_little_u64(little.data(), number);
    text.insert(text.end(), little.begin(), little.end());
  };
  append(facts.number);
  append(facts.first_sequence);
  append(facts.records);
  append(facts.end);
  text.insert(text.end(), facts.digest.begin(), facts.digest.end());
  return digest_of(text);
}

std::string to_line(const Checkpoint& checkpoint, const AuditKey& key) {
  SignedLine line(kKind);
  line.hex("ledger", checkpoint.ledger)
      .number("sequence", static_cast<std::int64_t>(checkpoint.sequence))
      .number("segment", checkpoint.segment)
      .number("first-sequence", static_cast<std::int64_t>(checkpoint.first_sequence))
      .number("end", static_cast<std::int64_t>(checkpoint.end))
      .hex("chain", checkpoint.chain)
      .hex("digest", checkpoint.digest)
      .number("at-us", checkpoint.at.time_since_epoch().count());
  return std::move(line).signed_by(key);
}

std::expected<Checkpoint, std::string> read_checkpoint(std::string_view text,
                                                       const std::optional<PublicKey>& key) {
  const auto line = VerifiedLine::read(text, kKind, key);
  if (!line) return std::unexpected(line.error());
  Checkpoint checkpoint;
  std::int64_t at = 0;
  const bool whole = line->hex("ledger", checkpoint.ledger) &&
                     line->number("sequence", checkpoint.sequence) &&
                     line->number("segment", checkpoint.segment) &&
                     line->number("first-sequence", checkpoint.first_sequence) &&
                     line->number("end", checkpoint.end) && line->hex("chain", checkpoint.chain) &&
                     line->hex("digest", checkpoint.digest) && line->number("at-us", at);
  if (!whole) return std::unexpected("lacks what a checkpoint says");
  checkpoint.at = payment::Time(std::chrono::microseconds(at));
  return checkpoint;
}

std::vector<Checkpoint> read_checkpoints(FileDoor& door, const Path& folder, const PublicKey& key,
                                         const LedgerId& ledger) {
  const Path path = folder / kCheckpointsName;
  const std::string text = text_of_checkpoints(door, path);
  std::vector<Checkpoint> checkpoints;
  for (const std::string_view line : whole_lines(text)) {
    const auto checkpoint = read_checkpoint(line, key);
    if (!checkpoint)
      throw LedgerError(fmt::format("{} {}, at line {}", path.string(), checkpoint.error(),
                                    checkpoints.size() + 1));
    if (checkpoint->ledger != ledger)
      throw LedgerError(fmt::format("{} holds a checkpoint of another ledger than {}",
                                    path.string(), folder.string()));
    checkpoints.push_back(*checkpoint);
  }
  return checkpoints;
}

std::string newest_checkpoint_line(FileDoor& door, const Path& folder) {
  const Path path = folder / kCheckpointsName;
  const std::string text = text_of_checkpoints(door, path);
  const auto lines = whole_lines(text);
  if (lines.empty()) throw LedgerError(fmt::format("{} has no checkpoint yet", folder.string()));
  if (const auto checkpoint = read_checkpoint(lines.back(), std::nullopt); !checkpoint)
    throw LedgerError(fmt::format("{} {}, at its last line", path.string(), checkpoint.error()));
  return std::string(lines.back());
}

CheckpointFile::CheckpointFile(FileDoor& door, Path folder, const AuditKey& key,
                               const LedgerId& ledger)
    : door_(door), folder_(std::move(folder)), key_(key) {
  for (const Checkpoint& checkpoint : read_checkpoints(door_, folder_, key_.public_key(), ledger))
    add(checkpoint);
  unwritten_.clear();
}

void CheckpointFile::add(const Checkpoint& checkpoint) {
  if (last_ && last_->segment != checkpoint.segment) {
    sealed_ += to_line(*last_, key_);
    present_.clear();
    file_.reset();
  }
  last_ = checkpoint;
  const std::string line = to_line(checkpoint, key_);
  present_ += line;
  unwritten_ += line;
}

void CheckpointFile::write() {
  if (unwritten_.empty()) return;
  file_ ? append() : rewrite();
  unwritten_.clear();
}

// After a failure the file is made anew by the next call.
void CheckpointFile::append() {
  const Path path = folder_ / kCheckpointsName;
  FilePtr file = std::move(file_);
  must(write_all(*file, bytes_of(unwritten_), end_), "write", path);
  must(file->sync(), "sync", path);
  file_ = std::move(file);
  end_ += unwritten_.size();
}

void CheckpointFile::rewrite() {
  const Path temporary = folder_ / "checkpoints.tmp";
  const std::string text = sealed_ + present_;
  file_.reset();
  FilePtr file = write_text(door_, temporary, text);
  publish(door_, temporary, folder_ / kCheckpointsName);
  file_ = std::move(file);
  end_ = text.size();
}

}  // namespace batal::ledger
