// Signatures of the standard: RSA-SHA256 for the token service, HMAC-SHA512 for all others.
//
// Source: the source page's signature notes; docs/protocol.md, "Signatures and tokens".
// Texts and encodings: base64 with the standard alphabet and padding, nothing else accepted.
// Failures to set up OpenSSL throw std::runtime_error (exhaustion); bad input never throws.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/types.h>

namespace batal::snap {

using Sha256 = std::array<std::uint8_t, 32>;
Sha256 sha256(std::string_view data);
void append_hex(std::string& out, const Sha256& digest);  // lower case

std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);  // strict; none if malformed
bool equal_constant_time(std::string_view a, std::string_view b);

// The string to sign, METHOD:path:token:lowercase-hex(SHA-256(minified body)):timestamp, in two
// parts: "METHOD:path:token:", which the calls of one token to one service have in common, and the
// rest. Both replace `out`.
void common_to_sign(std::string& out, std::string_view method, std::string_view path,
                    std::string_view token);
void rest_to_sign(std::string& out, const Sha256& body, std::string_view timestamp);
std::string string_to_sign(std::string_view method, std::string_view path, std::string_view token,
                           const Sha256& body, std::string_view timestamp);

// HMAC-SHA512 with one client secret over messages with one beginning, both computed once.
// Not thread-safe: one per event loop.
// An empty secret is a programmer's error (std::invalid_argument): anyone could sign with it.
class HmacSha512 {
 public:
  using Code = std::array<std::uint8_t, 64>;

  explicit HmacSha512(std::string_view secret, std::string_view beginning = {});

  // `rest` is the message without its beginning.
  Code mac(std::string_view rest);
  std::string sign(std::string_view rest);  // base64
  // False for a wrong and for a malformed signature; compares in constant time.
  bool verify(std::string_view rest, std::string_view signature_base64);

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const;
  };
  using Context = std::unique_ptr<EVP_MD_CTX, Free>;
  Context inner_;  // the key, padded, and the beginning
  Context outer_;  // the key, padded
  Context at_work_;
};

// RSA-SHA256, PKCS#1 v1.5. const methods are thread-safe. from_pem() says in words what is wrong:
// no PEM, an encrypted key, not RSA, fewer than 2048 bits.
class RsaPublicKey {
 public:
  static std::expected<RsaPublicKey, std::string> from_pem(std::string_view pem);  // SPKI
  bool verify(std::string_view message, std::string_view signature_base64) const;

 private:
  explicit RsaPublicKey(std::shared_ptr<EVP_PKEY> key) : key_(std::move(key)) {}
  std::shared_ptr<EVP_PKEY> key_;
};

class RsaPrivateKey {
 public:
  static std::expected<RsaPrivateKey, std::string> from_pem(std::string_view pem);  // PKCS#8
  static RsaPrivateKey generate(int bits = 2048);
  std::string sign(std::string_view message) const;  // base64
  std::string private_pem() const;                   // PKCS#8
  std::string public_pem() const;                    // SPKI

 private:
  explicit RsaPrivateKey(std::shared_ptr<EVP_PKEY> key) : key_(std::move(key)) {}
  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace batal::snap
