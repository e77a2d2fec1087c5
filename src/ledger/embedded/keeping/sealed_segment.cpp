#include "ledger/embedded/keeping/sealed_segment.h"

#include <openssl/evp.h>

#include <algorithm>
#include <stdexcept>

namespace batal::ledger {
namespace {

using payment::EventPtr;
using payment::Key;

class Scan {
 public:
  Scan(std::span<const std::uint8_t> segment, const Path& path, const KeyHash& hash)
      : segment_(segment), path_(path), hash_(hash) {}

  SealedSegment run(const ExpectedHeader& expected) {
    SegmentFacts& facts = sealed_.facts;
    facts.number = expected.number;
    facts.first_sequence = expected.first_sequence;
    FrameCursor cursor(segment_, expected.first_sequence);
    visit(cursor, facts.number, path_, [this](const StoredRecord& stored, Position position) {
      note(stored.record);
      put_keys(stored.record, position.offset);
    });
    check_sealed({segment_, cursor, facts.number, path_});
    facts.records = cursor.sequence() - expected.first_sequence;
    facts.end = cursor.offset();
    facts.digest = digest_of(segment_.first(cursor.offset()).subspan(kSegmentHeaderBytes));
    return std::move(sealed_);
  }

 private:
  void note(const payment::Record& record) {
    SegmentFacts& facts = sealed_.facts;
    facts.last_at = std::max(facts.last_at, time_of(record));
    if (const auto* event = std::get_if<EventPtr>(&record)) {
      const payment::Transaction& transaction = *(*event)->transaction;
      facts.last_end = std::max(facts.last_end, end_of(transaction));
      if (is_live(transaction.state))
        facts.last_expiry = std::max(facts.last_expiry, transaction.expires_at);
    } else if (const auto* word = std::get_if<payment::NotFoundYet>(&record)) {
      facts.last_word = std::max(facts.last_word, word->until);
    }
  }

  // A live transaction is found by its reference number in memory, where it is until it ends.
  void put_keys(const payment::Record& record, std::uint32_t offset) {
    const auto* const event = std::get_if<EventPtr>(&record);
    const bool lives = event != nullptr && is_live((*event)->transaction->state);
    for (const Key& key : keys_of(record)) {
      if (lives && key.by == Key::By::Reference) continue;
      sealed_.keys.put(slot_of(hash_, key), offset,
                       [&](std::uint32_t other) { return bears(other, key); });
    }
  }

  bool bears(std::uint32_t offset, const Key& key) const {
    const auto frame = frame_at(segment_.subspan(offset));
    const StoredRecord other = stored(frame.value(), path_, offset);
    const auto keys = keys_of(other.record);
    return std::ranges::find(keys, key) != keys.end();
  }

  std::span<const std::uint8_t> segment_;
  const Path& path_;
  const KeyHash& hash_;
  SealedSegment sealed_;
};

}  // namespace

SealedSegment read_sealed(FileDoor& door, const Path& folder, const ExpectedHeader& expected,
                          const KeyHash& hash) {
  const Path path = folder / segment_name(expected.number);
  const Bytes segment = read_segment(door, path);
  check_header(segment, path, expected);
  return Scan(segment, path, hash).run(expected);
}

void visit_sealed(FileDoor& door, const Path& folder, const ExpectedHeader& expected,
                  const EachRecord& each) {
  const Path path = folder / segment_name(expected.number);
  const Bytes segment = read_segment(door, path);
  check_header(segment, path, expected);
  FrameCursor cursor(segment, expected.first_sequence);
  visit(cursor, expected.number, path, each);
  check_sealed({segment, cursor, expected.number, path});
}

Digest digest_of(std::span<const std::uint8_t> bytes) {
  Digest digest;
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("OpenSSL refuses SHA-256");
  return digest;
}

}  // namespace batal::ledger
