// A small log written frame by frame, as a ledger would, for tests that then do something to it.
#pragma once

#include <boost/endian/conversion.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ledger/archive/log_digest.h"
#include "ledger/commands.h"
#include "ledger/embedded/keeping/checkpoint.h"
#include "ledger/embedded/keeping/pruned.h"
#include "ledger/embedded/log/crc32c.h"
#include "ledger/embedded/log/segment.h"

namespace batal::ledger {

inline AuditKey key_of(std::uint8_t digit) {
  AuditKey::Secret secret;
  secret.fill(digit);
  return AuditKey(secret);
}

inline void put_file(const Path& path, std::span<const std::uint8_t> bytes) {
  must(posix_door().remove(path), "remove", path);
  const auto file = must(posix_door().open(path, OpenFor::Creating), "make", path);
  must(write_all(*file, bytes, 0), "write", path);
}

inline void put_file(const Path& path, std::string_view text) {
  put_file(path, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

inline std::string file_text(const Path& path) {
  const Bytes bytes = read_segment(posix_door(), path);
  return {bytes.begin(), bytes.end()};
}

class WrittenLog {
 public:
  struct Segment {
    SegmentHeader header;
    std::vector<Bytes> frames;
  };

  explicit WrittenLog(Path where, AuditKey audit_key = key_of(1))
      : folder(std::move(where)), key(std::move(audit_key)), macs_(key) {
    format.id.fill(7);
    format.mode = Mode::Sandbox;
    format.audit_key = key.id();
    begin_segment();
  }

  // Seals and starts the next one.
  void seal() {
    checkpoint();
    begin_segment();
  }

  void add(const payment::Record& record) {
    Link previous;
    const auto* const event = std::get_if<payment::EventPtr>(&record);
    if (event != nullptr) previous = links_[(*event)->transaction->reference_no];
    Bytes frame;
    const Position at{segments.back().header.number, end_of(segments.back())};
    const Mac mac = append_frame(
        frame, record,
        {.sequence = ++sequence_, .synced_up_to = sequence_ - 1, .previous = previous}, macs_);
    if (event != nullptr) links_[(*event)->transaction->reference_no] = {at, mac};
    digest_.add(frame);
    segments.back().frames.push_back(std::move(frame));
  }

  // Signs what there is.
  void checkpoint() {
    Checkpoint here = digest_.here();
    here.ledger = format.id;
    here.at = kNoon;
    checkpoints += to_line(here, key);
  }

  // Everything on disk is what stands here; what was pruned stays so.
  void write() const {
    must(posix_door().make_folder(folder), "make", folder);
    must(posix_door().remove(folder / kFormatName), "remove", folder);
    write_format(posix_door(), folder, format);
    for (const Segment& segment : segments) {
      const HeaderBytes header = encode(segment.header);
      Bytes bytes(header.begin(), header.end());
      for (const Bytes& frame : segment.frames)
        bytes.insert(bytes.end(), frame.begin(), frame.end());
      bytes.resize(segment.header.bytes);
      put_file(path(segment.header.number), bytes);
    }
    put_file(folder / kCheckpointsName, checkpoints);
  }

  // On disk only, as the keeper does.
  void prune(std::uint32_t number) const {
    const Segment& segment = segments.at(number - 1);
    Bytes frames;
    for (const Bytes& frame : segment.frames)
      frames.insert(frames.end(), frame.begin(), frame.end());
    LogDigest digest;
    digest.begin(number, segment.header.first_sequence);
    digest.add(frames);
    write_attestation(posix_door(), folder,
                      {.ledger = format.id,
                       .facts = {.number = number,
                                 .first_sequence = segment.header.first_sequence,
                                 .records = segment.frames.size(),
                                 .end = end_of(segment),
                                 .digest = digest.here().digest},
                       .pruned_at = kNoon},
                      key);
    must(posix_door().remove(path(number)), "remove", path(number));
  }

  Path path(std::uint32_t number) const { return folder / segment_name(number); }

  static std::uint32_t end_of(const Segment& segment) {
    std::size_t end = kSegmentHeaderBytes;
    for (const Bytes& frame : segment.frames) end += frame.size();
    return static_cast<std::uint32_t>(end);
  }

  static void fit_crc(Bytes& frame) {
    boost::endian::store_little_u32(frame.data(), crc32c(std::span(frame).subspan(4)));
  }

  // As somebody would who hides that records came or went.
  void renumber() {
    std::uint64_t sequence = 0;
    for (Segment& segment : segments) {
      segment.header.first_sequence = sequence + 1;
      for (Bytes& frame : segment.frames) {
        boost::endian::store_little_u64(&frame[8], ++sequence);
        fit_crc(frame);
      }
    }
  }

  const Path folder;
  const AuditKey key;
  Format format;
  std::vector<Segment> segments;
  std::string checkpoints;

 private:
  static constexpr std::uint32_t kSegmentBytes = 16'384;

  void begin_segment() {
    const auto number = static_cast<std::uint32_t>(segments.size() + 1);
    segments.push_back({{.mode = format.mode,
                         .ledger = format.id,
                         .number = number,
                         .bytes = kSegmentBytes,
                         .first_sequence = sequence_ + 1},
                        {}});
    digest_.begin(number, sequence_ + 1);
  }

  Macs macs_;
  std::uint64_t sequence_ = 0;
  std::map<std::string, Link> links_;
  LogDigest digest_;
};

inline payment::EventPtr cancelled(int number) {
  payment::Event event = *created(number);
  payment::Transaction transaction = *event.transaction;
  transaction.state = payment::State::Cancelled;
  event.action = payment::Action::Cancel;
  event.call = call_of(57, fmt::format("cancel-{}", number));
  event.transaction = std::make_shared<payment::Transaction>(std::move(transaction));
  return std::make_shared<payment::Event>(std::move(event));
}

// Two segments: records 1 to 5, creations, a cancel, a time mark and a word of what was not found,
// and 6 to 10, with checkpoints at 5, 8 and 10.
inline WrittenLog ten_records(const Path& folder, AuditKey key = key_of(1)) {
  WrittenLog log(folder, std::move(key));
  log.add(created(1));
  log.add(created(2));
  log.add(cancelled(1));
  log.add(payment::TimeMark{kNoon});
  log.add(payment::NotFoundYet{.at = kNoon,
                               .until = kNoon + std::chrono::hours(1),
                               .partner = "P1",
                               .service = 54,
                               .external_id = "overtaken"});
  log.seal();
  log.add(created(3));
  log.add(cancelled(3));
  log.add(cancelled(2));
  log.checkpoint();
  log.add(created(4));
  log.add(cancelled(4));
  log.checkpoint();
  log.write();
  return log;
}

}  // namespace batal::ledger
