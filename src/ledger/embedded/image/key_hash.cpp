#include "ledger/embedded/image/key_hash.h"

#include <sodium.h>

#include <boost/container/small_vector.hpp>
#include <cstring>

namespace batal::ledger {

KeyHash key_hash(const HashSecret& secret) {
  static_assert(sizeof(HashSecret) == crypto_shorthash_KEYBYTES);
  return [secret](const payment::Key& key) {
    const auto partner_bytes = static_cast<std::uint32_t>(key.partner.size());
    constexpr std::size_t kHeadBytes = 2 + sizeof partner_bytes;
    constexpr std::size_t kMostKeysBytes = 192;
    boost::container::small_vector<unsigned char, kMostKeysBytes> text(
        kHeadBytes + key.partner.size() + key.id.size(), boost::container::default_init);
    text[0] = static_cast<unsigned char>(key.by);
    text[1] = key.service;
    std::memcpy(&text[2], &partner_bytes, sizeof partner_bytes);
    auto* const names = reinterpret_cast<char*>(text.data()) + kHeadBytes;
    key.partner.copy(names, key.partner.size());
    key.id.copy(names + key.partner.size(), key.id.size());
    std::uint64_t hash = 0;
    static_assert(sizeof hash == crypto_shorthash_BYTES);
    crypto_shorthash(reinterpret_cast<unsigned char*>(&hash), text.data(), text.size(),
                     secret.data());
    return hash;
  };
}

}  // namespace batal::ledger
