#include "ledger/archive/backup.h"

#include <fmt/format.h>

#include "ledger/archive/backup_check.h"
#include "ledger/archive/backup_door.h"
#include "ledger/archive/folder_check.h"
#include "ledger/archive/log_digest.h"
#include "ledger/archive/new_file.h"
#include "ledger/archive/tar.h"
#include "ledger/embedded/keeping/pruned.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/log/record_codec.h"
#include "ledger/embedded/log/text_file.h"

namespace batal::ledger {
namespace {

// Copies a ledger's files, one after the other; whatever is pruned meanwhile is open already, or
// has left its attestation.
class Copy {
 public:
  Copy(FileDoor& door, const BackupOptions& options, TarWriter& tar, const OnProgress& on_progress)
      : door_(door), options_(options), tar_(tar), on_progress_(on_progress) {}

  void run() {
    const PublicKey key = options_.audit_key.public_key();
    format_ = format_of(door_, options_.folder, key);
    // Before the log is listed: it holds all that they cover.
    checkpoints_ = read_checkpoints(door_, options_.folder, key, format_.id);
    const auto names = must(door_.list(options_.folder), "list", options_.folder);
    files_ = log_files(names, options_.folder);
    const std::uint64_t total = log_bytes(door_, options_.folder, files_);
    add_file(std::string(kFormatName));
    for (segment_ = 1; segment_ <= files_.last(); ++segment_) {
      on_progress_(bytes_done_, total);
      add_segment();
    }
    add_checkpoints();
  }

 private:
  Path path() const { return options_.folder / segment_name(segment_); }
  std::uint64_t next_sequence() const { return segment_ == 1 ? 1 : log_.here().sequence + 1; }

  void add_file(const std::string& name) {
    const Path path = options_.folder / name;
    tar_.add(name, read_segment(door_, path));
  }

  void add_segment() {
    if (pass_over()) return;
    auto file = door_.open(path(), OpenFor::Reading);
    const bool is_gone = !file && file.error() == std::errc::no_such_file_or_directory;
    if (is_gone && pass_over()) return;
    add_frames(*must(std::move(file), "open", path()));
  }

  bool pass_over() {
    if (!door_.open(options_.folder / pruned_name(segment_), OpenFor::Reading)) return false;
    const SegmentFacts facts = read_attestation(door_, options_.folder, segment_, format_.id,
                                                options_.audit_key.public_key())
                                   .facts;
    log_.pass_over(facts);
    last_at_ = facts.last_at;
    add_file(pruned_name(segment_));
    return true;
  }

  void add_frames(File& file) {
    const std::uint64_t first_sequence = next_sequence();
    const Bytes segment = segment_ < files_.last() ? read_sealed(file, first_sequence)
                                                   : read_last(file, first_sequence);
    bytes_done_ += segment.size();
    log_.begin(segment_, first_sequence);
    FrameCursor cursor(segment, first_sequence);
    std::optional<Frame> last;
    while (const auto frame = cursor.next()) {
      log_.add(std::span(segment).first(cursor.offset()).last(frame->bytes));
      last = frame;
    }
    if (last) last_at_ = time_of(stored(*last, path(), cursor.offset() - last->bytes).record);
    tar_.add(segment_name(segment_), std::span(segment).first(cursor.offset()));
  }

  Bytes read_checked(const File& file, std::uint64_t first_sequence) const {
    Bytes segment = ledger::read_segment(file, path());
    check_header(segment, segment.size(), path(),
                 {.mode = format_.mode,
                  .ledger = format_.id,
                  .number = segment_,
                  .first_sequence = first_sequence});
    return segment;
  }

  static FrameCursor end_of(const Bytes& segment, std::uint64_t first_sequence) {
    FrameCursor cursor(segment, first_sequence);
    while (cursor.next()) {
    }
    return cursor;
  }

  Bytes read_sealed(const File& file, std::uint64_t first_sequence) const {
    Bytes segment = read_checked(file, first_sequence);
    check_sealed({segment, end_of(segment, first_sequence), segment_, path()});
    return segment;
  }

  // It may be written to meanwhile, so that a later batch was seen and an earlier one not yet. But
  // what a frame calls synced is there at a second look, or it is broken. What was read is made
  // durable: a backup must not know what the ledger could still lose.
  Bytes read_last(File& file, std::uint64_t first_sequence) const {
    for (std::uint64_t broken = 0;;) {
      Bytes segment = read_checked(file, first_sequence);
      const FrameCursor end = end_of(segment, first_sequence);
      try {
        if (torn_tail({segment, end, segment_, path()})) check_torn(segment, end);
        must(file.sync(), "sync", path());
        return segment;
      } catch (const BrokenRecord&) {
        if (std::exchange(broken, end.sequence()) == end.sequence()) throw;
      }
    }
  }

  // A torn frame is not whole.
  void check_torn(const Bytes& segment, const FrameCursor& end) const {
    if (!frame_at(std::span(segment).subspan(end.offset()))) return;
    throw LedgerError(fmt::format("{} at byte {}: record {} was changed, removed or reordered",
                                  path().string(), end.offset(), end.sequence()));
  }

  void add_checkpoints() {
    std::string lines;
    for (const Checkpoint& checkpoint : checkpoints_)
      lines += to_line(checkpoint, options_.audit_key);
    Checkpoint end = log_.here();
    end.ledger = format_.id;
    end.at = last_at_;
    const std::uint64_t covered = checkpoints_.empty() ? 0 : checkpoints_.back().sequence;
    if (end.sequence > covered) lines += to_line(end, options_.audit_key);
    tar_.add(std::string(kCheckpointsName), bytes_of(lines));
  }

  FileDoor& door_;
  const BackupOptions& options_;
  TarWriter& tar_;
  const OnProgress& on_progress_;
  Format format_;
  LogFiles files_;
  std::vector<Checkpoint> checkpoints_;
  std::uint32_t segment_ = 0;  // being copied
  std::uint64_t bytes_done_ = 0;
  LogDigest log_;
  payment::Time last_at_{};
};

}  // namespace

Verified back_up(FileDoor& door, const BackupOptions& options, const OnProgress& on_progress) {
  check_is_outside(options.file, options.folder);
  NewFile file(door, options.file);
  TarWriter tar(file);
  Copy(door, options, tar, half(on_progress, Half::First)).run();
  tar.finish();
  file.flush();
  BackupDoor backup(door, file.temporary());
  const Verified verified =
      check_backup(backup, file.temporary(), options.audit_key, half(on_progress, Half::Second));
  file.finish();
  return verified;
}

}  // namespace batal::ledger
