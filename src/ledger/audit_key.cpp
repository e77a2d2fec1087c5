#include "ledger/audit_key.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <sodium.h>

#include <boost/endian/conversion.hpp>
#include <stdexcept>
#include <string>

#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/log/text_file.h"

namespace batal::ledger {
namespace {

// The numbers are for ever: another number is another key.
enum class Purpose : std::uint8_t { Macs = 1, Signatures = 2, KeyHashes = 3 };

template <std::size_t N>
std::array<std::uint8_t, N> derive(const AuditKey::Secret& secret, Purpose purpose) {
  static_assert(crypto_kdf_KEYBYTES == sizeof(AuditKey::Secret));
  static constexpr char kContext[crypto_kdf_CONTEXTBYTES + 1] = "batalaud";
  std::array<std::uint8_t, N> key;
  crypto_kdf_derive_from_key(key.data(), key.size(), static_cast<std::uint8_t>(purpose), kContext,
                             secret.data());
  return key;
}

void check(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL refuses HMAC-SHA256");
}

constexpr std::size_t kTextBytes = 2 * sizeof(AuditKey::Secret) + 1;

// Never in the place of another file.
void make_file(FileDoor& door, const Path& temporary, const Path& path, std::string_view text) {
  write_text(door, temporary, text);
  std::error_code error;
  std::filesystem::create_hard_link(temporary, path, error);
  if (error) fail_io(error, "make", path);
}

}  // namespace

std::string id_of(const PublicKey& key) {
  constexpr std::size_t kIdBytes = 8;
  std::string text(2 * kIdBytes + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), key.data(), kIdBytes);
  text.pop_back();
  return text;
}

std::optional<PublicKey> public_key_of(std::string_view digits) {
  PublicKey key;
  std::size_t size = 0;
  const bool whole = digits.size() == 2 * key.size() &&
                     sodium_hex2bin(key.data(), key.size(), digits.data(), digits.size(), nullptr,
                                    &size, nullptr) == 0;
  if (!whole || size != key.size()) return std::nullopt;
  return key;
}

AuditKey::AuditKey(const Secret& secret) {
  check(sodium_init() >= 0);
  mac_key_ = derive<32>(secret, Purpose::Macs);
  key_hash_secret_ = derive<16>(secret, Purpose::KeyHashes);
  crypto_sign_seed_keypair(public_key_.data(), signing_key_.data(),
                           derive<32>(secret, Purpose::Signatures).data());
}

AuditKey AuditKey::read(const std::filesystem::path& path) {
  std::string text = read_text(posix_door(), kTextBytes + 1, path);
  if (text.ends_with('\n')) text.pop_back();
  Secret secret;
  std::size_t secret_bytes = 0;
  const int refused = sodium_hex2bin(secret.data(), secret.size(), text.data(), text.size(),
                                     nullptr, &secret_bytes, nullptr);
  if (refused != 0 || secret_bytes != secret.size())
    throw LedgerError(
        fmt::format("{} is no audit key: it must be one line of {} hexadecimal digits",
                    path.string(), kTextBytes - 1));
  return AuditKey(secret);
}

AuditKey AuditKey::make(const std::filesystem::path& path) {
  check(sodium_init() >= 0);
  Secret secret;
  randombytes_buf(secret.data(), secret.size());
  std::array<char, kTextBytes> text;
  sodium_bin2hex(text.data(), text.size(), secret.data(), secret.size());
  text.back() = '\n';

  FileDoor& door = posix_door();
  const Path folder = std::filesystem::absolute(path).parent_path();
  must(door.make_folder(folder), "make", folder);
  const Path temporary = path.string() + ".tmp";
  try {
    make_file(door, temporary, path, {text.data(), text.size()});
  } catch (const LedgerError&) {
    static_cast<void>(door.remove(temporary));  // the first error is the one to tell
    throw;
  }
  must(door.remove(temporary), "remove", temporary);
  must(door.sync_folder(folder), "sync", folder);
  return AuditKey(secret);
}

Signature AuditKey::sign(std::span<const std::uint8_t> message) const {
  Signature signature;
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                       signing_key_.data());
  return signature;
}

std::string AuditKey::id() const {
  return id_of(public_key_);
}

Macs::Macs(const AuditKey& key) : context_(nullptr, EVP_MAC_CTX_free) {
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(
      EVP_MAC_fetch(nullptr, "HMAC", nullptr), EVP_MAC_free);
  check(mac != nullptr);
  context_.reset(EVP_MAC_CTX_new(mac.get()));
  std::string digest = "SHA256";
  const std::array parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  check(context_ && EVP_MAC_init(context_.get(), key.mac_key().data(), key.mac_key().size(),
                                 parameters.data()) == 1);
}

Mac Macs::of(std::uint64_t sequence, const Mac& previous, std::span<const std::uint8_t> record) {
  std::array<std::uint8_t, 8> number;
  boost::endian::store_little_u64(number.data(), sequence);
  Mac mac;
  std::size_t size = 0;
  EVP_MAC_CTX* const context = context_.get();
  check(EVP_MAC_init(context, nullptr, 0, nullptr) == 1 &&
        EVP_MAC_update(context, number.data(), number.size()) == 1 &&
        EVP_MAC_update(context, previous.data(), previous.size()) == 1 &&
        EVP_MAC_update(context, record.data(), record.size()) == 1 &&
        EVP_MAC_final(context, mac.data(), &size, mac.size()) == 1 && size == mac.size());
  return mac;
}

bool is_signed(const PublicKey& key, std::span<const std::uint8_t> message,
               const Signature& signature) {
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     key.data()) == 0;
}

}  // namespace batal::ledger
