#include "ledger/archive/log_digest.h"

#include <openssl/evp.h>

#include <stdexcept>

namespace batal::ledger {
namespace {

void check(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL refuses SHA-256");
}

}  // namespace

LogDigest::LogDigest() : hash_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  check(hash_ != nullptr);
}

void LogDigest::begin(std::uint32_t segment, std::uint64_t first_sequence) {
  complete();
  present_ = {.number = segment, .first_sequence = first_sequence, .end = kSegmentHeaderBytes};
  is_pruned_ = false;
  check(EVP_DigestInit_ex(hash_.get(), EVP_sha256(), nullptr) == 1);
}

void LogDigest::add(std::span<const std::uint8_t> frame) {
  check(EVP_DigestUpdate(hash_.get(), frame.data(), frame.size()) == 1);
  ++present_.records;
  present_.end += frame.size();
}

void LogDigest::pass_over(const SegmentFacts& pruned) {
  complete();
  present_ = pruned;
  is_pruned_ = true;
}

void LogDigest::complete() {
  if (present_.number == 0) return;
  present_.digest = digest();
  chain_ = chained(chain_, present_);
}

Digest LogDigest::digest() const {
  if (is_pruned_) return present_.digest;
  const Context so_far(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  Digest digest;
  unsigned int size = 0;
  check(so_far && EVP_MD_CTX_copy_ex(so_far.get(), hash_.get()) == 1 &&
        EVP_DigestFinal_ex(so_far.get(), digest.data(), &size) == 1 && size == digest.size());
  return digest;
}

Checkpoint LogDigest::here() const {
  return {.sequence = present_.first_sequence + present_.records - 1,
          .segment = present_.number,
          .first_sequence = present_.first_sequence,
          .end = present_.end,
          .chain = chain_,
          .digest = digest()};
}

}  // namespace batal::ledger
