#include "ledger/embedded/keeping/pruned.h"

#include <fmt/format.h>

#include "ledger/embedded/keeping/signed_line.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/log/text_file.h"

namespace batal::ledger {
namespace {

using payment::Time;

constexpr std::string_view kKind = "batal-pruned";

std::int64_t micros(Time time) {
  return time.time_since_epoch().count();
}

bool read_time(const VerifiedLine& line, std::string_view name, Time& into) {
  std::int64_t value = 0;
  if (!line.number(name, value)) return false;
  into = Time(std::chrono::microseconds(value));
  return true;
}

bool read_fields(const VerifiedLine& line, Attestation& attestation) {
  SegmentFacts& facts = attestation.facts;
  return line.hex("ledger", attestation.ledger) && line.number("segment", facts.number) &&
         line.number("first-sequence", facts.first_sequence) &&
         line.number("records", facts.records) && line.number("end", facts.end) &&
         line.hex("digest", facts.digest) && read_time(line, "last-at-us", facts.last_at) &&
         read_time(line, "last-expiry-us", facts.last_expiry) &&
         read_time(line, "last-end-us", facts.last_end) &&
         read_time(line, "last-word-us", facts.last_word) &&
         read_time(line, "pruned-at-us", attestation.pruned_at);
}

}  // namespace

bool is_past_keeping(const SegmentFacts& facts, const Keeping& keeping, Time now,
                     Time next_expiry) {
  return now > facts.last_end + keeping.transaction && now > facts.last_at + keeping.identity &&
         now > facts.last_word && next_expiry > facts.last_expiry;
}

void write_attestation(FileDoor& door, const Path& folder, const Attestation& attestation,
                       const AuditKey& key) {
  const SegmentFacts& facts = attestation.facts;
  SignedLine line(kKind);
  line.hex("ledger", attestation.ledger)
      .number("segment", facts.number)
      .number("first-sequence", static_cast<std::int64_t>(facts.first_sequence))
      .number("records", static_cast<std::int64_t>(facts.records))
      .number("end", static_cast<std::int64_t>(facts.end))
      .hex("digest", facts.digest)
      .number("last-at-us", micros(facts.last_at))
      .number("last-expiry-us", micros(facts.last_expiry))
      .number("last-end-us", micros(facts.last_end))
      .number("last-word-us", micros(facts.last_word))
      .number("pruned-at-us", micros(attestation.pruned_at));
  const std::string text = std::move(line).signed_by(key);

  const Path path = folder / pruned_name(facts.number);
  const Path temporary = path.string() + ".tmp";
  write_text(door, temporary, text);
  publish(door, temporary, path);
}

Attestation read_attestation(FileDoor& door, const Path& folder, std::uint32_t segment,
                             const LedgerId& ledger, const std::optional<PublicKey>& key) {
  const Path path = folder / pruned_name(segment);
  const auto complain = [&path](std::string_view what) {
    throw LedgerError(fmt::format("{} {}", path.string(), what));
  };
  constexpr std::size_t kTextBytesMax = 4096;
  const std::string text = read_text(door, kTextBytesMax, path);
  const auto line = VerifiedLine::read(text, kKind, key);
  if (!line) complain(line.error());
  Attestation attestation;
  if (!read_fields(*line, attestation)) complain("lacks what an attestation says");
  if (attestation.ledger != ledger) complain("is of another ledger than its folder");
  if (attestation.facts.number != segment) complain("is of another segment than its name");
  return attestation;
}

void remove_pruned_segments(FileDoor& door, const Path& folder, const LedgerId& ledger,
                            const LogFiles& files, const PublicKey& key) {
  for (const std::uint32_t number : files.leftover) {
    read_attestation(door, folder, number, ledger, key);
    const Path path = folder / segment_name(number);
    must(door.remove(path), "remove", path);
  }
}

}  // namespace batal::ledger
