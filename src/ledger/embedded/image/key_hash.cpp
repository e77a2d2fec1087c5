#include "ledger/embedded/image/key_hash.h"

#include <sodium.h>

#include <array>
#include <boost/container/small_vector.hpp>
#include <cstring>

namespace batal::ledger {

KeyHash key_hash(const HashSecret& secret) {
  static_assert(sizeof(HashSecret) == crypto_shorthash_KEYBYTES);
  return [secret](const payment::Key& key) {
    const auto partner_bytes = static_cast<std::uint32_t>(key.partner.size());
    std::array<unsigned char, 2 + sizeof partner_bytes> head{static_cast<unsigned char>(key.by),
                                                             key.service};
    std::memcpy(&head[2], &partner_bytes, sizeof partner_bytes);

    constexpr std::size_t kMostKeysBytes = 192;
    boost::container::small_vector<unsigned char, kMostKeysBytes> text(head.begin(), head.end());
    text.insert(text.end(), key.partner.begin(), key.partner.end());
    text.insert(text.end(), key.id.begin(), key.id.end());
    std::uint64_t hash = 0;
    static_assert(sizeof hash == crypto_shorthash_BYTES);
    crypto_shorthash(reinterpret_cast<unsigned char*>(&hash), text.data(), text.size(),
                     secret.data());
    return hash;
  };
}

}  // namespace batal::ledger
