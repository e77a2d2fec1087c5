#include "ledger/archive/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ledger/archive/break.h"
#include "ledger/archive/chain_check.h"
#include "ledger/archive/claims.h"
#include "ledger/archive/finding.h"
#include "ledger/archive/folder_check.h"
#include "ledger/archive/log_digest.h"
#include "ledger/embedded/log/text_file.h"

namespace batal::ledger {
namespace {

class Verification {
 public:
  Verification(FileDoor& door, const VerifyOptions& options, const OnProgress& on_progress)
      : door_(door),
        options_(options),
        on_progress_(on_progress),
        format_(format_of(door, options.folder, options.public_key)),
        claims_(door, options, format_.id),
        reader_(options.folder, door),
        chain_(door, options.folder, format_.id),
        bytes_total_(reader_.bytes_total()) {
    if (options.audit_key) macs_.emplace(*options.audit_key);
    if (reader_.segments() == 0)
      throw LedgerError(fmt::format("{} is missing", (options.folder / segment_name(1)).string()));
  }

  Verified run() {
    while (const auto entry = next()) {
      go_to(entry->position.segment);
      check(*entry);
    }
    go_to(reader_.segments());
    verified_.torn = reader_.torn();
    if (verified_.torn && is_whole(reader_)) fail_at_break(options_.folder, reader_);
    claims_.finish(verified_.last_sequence, verified_.torn);
    check_is_covered();
    verified_.checkpoints = claims_.settled();
    verified_.checkpoints_unchecked = claims_.unchecked();
    verified_.covering = claims_.covering();
    verified_.links_into_pruned = chain_.links_into_pruned();
    return std::move(verified_);
  }

 private:
  std::optional<Reader::Entry> next() {
    constexpr std::uint64_t kRecordsPerReport = 1024;
    if (verified_.records % kRecordsPerReport == 0)
      on_progress_(reader_.bytes_done(), bytes_total_);
    try {
      return reader_.next();
    } catch (const BrokenRecord&) {
      go_to(reader_.segment());
      fail_at_break(options_.folder, reader_);
    }
  }

  // Without the secret it is the signed checkpoints alone that show a change.
  void check_is_covered() const {
    if (macs_ || claims_.covering() || verified_.records == 0) return;
    throw LedgerError(fmt::format(
        "nothing of {} was checked by a signature: no checkpoint covers any of its {} records, and "
        "their MACs cannot be checked without the audit key",
        options_.folder.string(), verified_.records));
  }

  // Into this segment, over the pruned ones before it.
  void go_to(std::uint32_t segment) {
    while (segment_ < segment) {
      ++segment_;
      const auto& pruned = reader_.pruned();
      if (verified_.pruned < pruned.size() && pruned[verified_.pruned].facts.number == segment_) {
        pass_over();
      } else {
        check_header_is_plain();
        ++verified_.segments;
        digest_.begin(segment_, verified_.last_sequence + 1);
        claims_.settle(segment_, verified_.last_sequence, digest_);
      }
    }
  }

  // The header's CRC covers its fields only. Where the file has gone, it was pruned meanwhile.
  void check_header_is_plain() const {
    const Path path = options_.folder / segment_name(segment_);
    auto file = door_.open(path, OpenFor::Reading);
    if (!file && file.error() == std::errc::no_such_file_or_directory) return;
    HeaderBytes bytes{};
    must(read_all(*must(std::move(file), "open", path), bytes, 0), "read", path);
    const auto header = decode_header(bytes);
    if (!header) throw LedgerError(fmt::format("{} {}", path.string(), header.error()));
    const auto odd = std::ranges::mismatch(bytes, encode(*header)).in1;
    if (odd != bytes.end())
      throw LedgerError(
          fmt::format("{} at byte {}: the header was changed: zeros belong behind its fields",
                      path.string(), odd - bytes.begin()));
  }

  void pass_over() {
    const SegmentFacts facts =
        read_attestation(door_, options_.folder, segment_, format_.id, options_.public_key).facts;
    if (facts.first_sequence != verified_.last_sequence + 1)
      throw LedgerError(fmt::format(
          "{} stands for records from {} on, but record {} comes next: records were removed or "
          "inserted before it",
          (options_.folder / pruned_name(segment_)).string(), facts.first_sequence,
          verified_.last_sequence + 1));
    ++verified_.pruned;
    verified_.last_sequence += facts.records;
    digest_.pass_over(facts);
    claims_.settle_pruned(facts, digest_);
  }

  void check(const Reader::Entry& entry) {
    const auto previous = chain_.follow(reader_, entry);
    if (macs_ && previous) check_mac(entry, *previous);
    digest_.add(reader_.segment_bytes().subspan(entry.position.offset, entry.frame.bytes));
    ++verified_.records;
    verified_.last_sequence = entry.stored.sequence;
    claims_.settle(entry.position.segment, entry.stored.sequence, digest_);
  }

  void check_mac(const Reader::Entry& entry, const Mac& previous) {
    const Mac& mac = entry.stored.mac;
    if (macs_->of(entry.stored.sequence, previous, entry.frame.record) == mac) return;
    fail_at(options_.folder, entry, misfit(*macs_, reader_, entry, previous));
  }

  FileDoor& door_;
  const VerifyOptions& options_;
  const OnProgress& on_progress_;
  const Format format_;
  Claims claims_;  // before the reader lists the log
  Reader reader_;
  ChainCheck chain_;
  LogDigest digest_;
  std::optional<Macs> macs_;
  const std::uint64_t bytes_total_;
  std::uint32_t segment_ = 0;  // that was gone to
  Verified verified_;
};

}  // namespace

Head read_head(FileDoor& door, const Path& path, const PublicKey& key) {
  constexpr std::size_t kLineBytesMax = 4096;
  const std::string text = read_text(door, kLineBytesMax, path);
  const auto checkpoint = read_checkpoint(text.substr(0, text.find('\n')), key);
  if (!checkpoint) throw LedgerError(fmt::format("{} {}", path.string(), checkpoint.error()));
  return {*checkpoint, path};
}

Verified verify(FileDoor& door, const VerifyOptions& options, const OnProgress& on_progress) {
  return Verification(door, options, on_progress).run();
}

}  // namespace batal::ledger
