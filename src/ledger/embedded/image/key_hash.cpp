#include "ledger/embedded/image/key_hash.h"

#include <sodium.h>

#include <boost/container/small_vector.hpp>
#include <boost/container/static_vector.hpp>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace batal::ledger {
namespace {

class Memory {
 public:
  explicit Memory(KeyHash hash) : hash_(std::move(hash)) {}

  std::uint64_t hash_of(const payment::Key& key) {
    for (const Known& known : known_)
      if (known.is(key)) return known.hash;
    Known& fresh = place();
    fresh.by = key.by;
    fresh.service = key.service;
    fresh.partner = key.partner;
    fresh.id = key.id;
    return fresh.hash = hash_(key);
  }

 private:
  struct Known {
    payment::Key::By by{};
    std::uint8_t service = 0;
    std::string partner;
    std::string id;
    std::uint64_t hash = 0;

    bool is(const payment::Key& key) const {
      return id == key.id && by == key.by && service == key.service && partner == key.partner;
    }
  };

  // The oldest one's, once there are enough.
  Known& place() {
    if (known_.size() < known_.capacity()) return known_.emplace_back();
    oldest_ = (oldest_ + 1) % known_.size();
    return known_[oldest_];
  }

  KeyHash hash_;
  boost::container::static_vector<Known, 4> known_;
  std::size_t oldest_ = 0;
};

}  // namespace

KeyHash remembering(KeyHash hash) {
  return [memory = std::make_shared<Memory>(std::move(hash))](const payment::Key& key) {
    return memory->hash_of(key);
  };
}

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
