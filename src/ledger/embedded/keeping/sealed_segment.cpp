#include "ledger/embedded/keeping/sealed_segment.h"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "ledger/embedded/log/segment_scan.h"

namespace batal::ledger {
namespace {

using payment::EventPtr;
using payment::Key;

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    require(context_ != nullptr);
    require(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }

  void add(std::span<const std::uint8_t> bytes) {
    require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  }

  Digest end() {
    Digest digest;
    require(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
    return digest;
  }

 private:
  static void require(bool done) {
    if (!done) throw std::runtime_error("OpenSSL refuses SHA-256");
  }

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

class Scan {
 public:
  Scan(FileDoor& door, const Path& folder, const ExpectedHeader& expected, const KeyHash& hash)
      : path_(folder / segment_name(expected.number)),
        file_(must(door.open(path_, OpenFor::Reading), "open", path_)),
        frames_(*file_, path_, expected),
        others_(door, folder, expected.ledger),
        hash_(hash) {
    sealed_.facts.number = expected.number;
    sealed_.facts.first_sequence = expected.first_sequence;
  }

  SealedSegment run() {
    SegmentFacts& facts = sealed_.facts;
    Sha256 digest;
    for (auto offset = frames_.offset(); const auto frame = frames_.next();
         offset = frames_.offset()) {
      const StoredRecord stored = ledger::stored(*frame, path_, offset);
      note(stored.record);
      put_keys(stored.record, static_cast<std::uint32_t>(offset));
      digest.add(frames_.frame());
    }
    facts.records = frames_.sequence() - facts.first_sequence;
    facts.end = frames_.offset();
    facts.digest = digest.end();
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

  bool bears(std::uint32_t offset, const Key& key) {
    const StoredRecord other = others_.read(*file_, {sealed_.facts.number, offset});
    const auto keys = keys_of(other.record);
    return std::ranges::find(keys, key) != keys.end();
  }

  const Path path_;
  const FilePtr file_;
  SegmentScan frames_;
  FrameReader others_;  // that a hash is shared with
  const KeyHash& hash_;
  SealedSegment sealed_;
};

}  // namespace

SealedSegment read_sealed(FileDoor& door, const Path& folder, const ExpectedHeader& expected,
                          const KeyHash& hash) {
  return Scan(door, folder, expected, hash).run();
}

void visit_sealed(FileDoor& door, const Path& folder, const ExpectedHeader& expected,
                  const EachRecord& each) {
  const Path path = folder / segment_name(expected.number);
  const FilePtr file = must(door.open(path, OpenFor::Reading), "open", path);
  SegmentScan frames(*file, path, expected);
  for (auto offset = frames.offset(); const auto frame = frames.next(); offset = frames.offset())
    each(stored(*frame, path, offset), {expected.number, static_cast<std::uint32_t>(offset)});
}

Digest digest_of(std::span<const std::uint8_t> bytes) {
  Sha256 digest;
  digest.add(bytes);
  return digest.end();
}

}  // namespace batal::ledger
