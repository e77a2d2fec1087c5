#include "snap/signature.h"

#include <limits>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace batal::snap {
namespace {

constexpr int kRsaBitsMin = 2048;
constexpr std::size_t kHmacBase64Length = 88;
constexpr std::size_t kCodeBytes = std::tuple_size_v<HmacSha512::Code>;

template <auto free_function>
struct FreeWith {
  void operator()(auto* pointer) const { free_function(pointer); }
};
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Digest = std::unique_ptr<EVP_MD, FreeWith<EVP_MD_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;

// What fails here is set-up or memory, never the caller's input.
void require(bool done, const char* what) {
  if (done) return;
  ERR_clear_error();
  throw std::runtime_error(std::string("OpenSSL: ") + what);
}

// A failure that is the caller's leaves nothing in OpenSSL's error queue, where a later TLS call on
// this thread would take it for its own.
bool succeeded(bool done) {
  if (!done) ERR_clear_error();
  return done;
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

// Base64 of `count` bytes into room for its text and a NUL.
void encode_base64(unsigned char* out, const unsigned char* in, std::size_t count) {
  EVP_EncodeBlock(out, in, static_cast<int>(count));
}

const EVP_MD* sha256_algorithm() {
  static const Digest algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  require(algorithm != nullptr, "no SHA-256");
  return algorithm.get();
}

const EVP_MD* sha512_algorithm() {
  static const Digest algorithm(EVP_MD_fetch(nullptr, "SHA512", nullptr));
  require(algorithm != nullptr, "no SHA-512");
  return algorithm.get();
}

DigestContext new_digest_context() {
  DigestContext context(EVP_MD_CTX_new());
  require(context != nullptr, "no digest context");
  return context;
}

void begin(EVP_MD_CTX* context, const EVP_MD* algorithm) {
  require(EVP_DigestInit_ex2(context, algorithm, nullptr) == 1, "cannot begin a digest");
}

void go_on(EVP_MD_CTX* context, std::string_view text) {
  require(EVP_DigestUpdate(context, text.data(), text.size()) == 1, "cannot go on with a digest");
}

void end(EVP_MD_CTX* context, std::uint8_t* digest) {
  require(EVP_DigestFinal_ex(context, digest, nullptr) == 1, "cannot end a digest");
}

Bio bio_of(std::string_view text) {
  if (text.size() > std::numeric_limits<int>::max()) text = {};
  Bio bio(BIO_new_mem_buf(text.data() ? text.data() : "", static_cast<int>(text.size())));
  require(bio != nullptr, "no memory BIO");
  return bio;
}

template <typename Write>
std::string pem_of(Write write) {
  const Bio bio(BIO_new(BIO_s_mem()));
  require(bio != nullptr, "no memory BIO");
  require(write(bio.get()) == 1, "cannot write a key");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

// Without this OpenSSL would ask the terminal for the passphrase of an encrypted key.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

using Key = std::shared_ptr<EVP_PKEY>;

std::expected<Key, std::string> usable(EVP_PKEY* pointer, const char* expected) {
  const Key key(pointer, EVP_PKEY_free);
  if (!succeeded(key != nullptr)) return std::unexpected(std::string("not ") + expected);
  if (EVP_PKEY_is_a(key.get(), "RSA") != 1) return std::unexpected("not an RSA key");
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits < kRsaBitsMin) {
    return std::unexpected("an RSA key of " + std::to_string(bits) + " bits, at least " +
                           std::to_string(kRsaBitsMin) + " are needed");
  }
  return key;
}

}  // namespace

Sha256 sha256(std::string_view data) {
  thread_local const DigestContext context = new_digest_context();
  Sha256 digest;
  begin(context.get(), sha256_algorithm());
  go_on(context.get(), data);
  end(context.get(), digest.data());
  return digest;
}

void append_hex(std::string& out, const Sha256& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::size_t at = out.size();
  out.resize(at + 2 * digest.size());
  for (const std::uint8_t byte : digest) {
    out[at++] = kDigits[byte >> 4];
    out[at++] = kDigits[byte & 0xF];
  }
}

std::string to_base64(std::string_view data) {
  std::string text((data.size() + 2) / 3 * 4, '\0');
  encode_base64(bytes(text), bytes(data), data.size());
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > std::numeric_limits<int>::max()) return std::nullopt;
  std::string data(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(bytes(data), bytes(text), static_cast<int>(text.size()));
  if (!succeeded(size >= 0)) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  data.resize(data.size() - padding);
  // OpenSSL is lenient with white space, inner padding and spare bits; one text per value is not.
  if (to_base64(data) != text) return std::nullopt;
  return data;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void common_to_sign(std::string& out, std::string_view method, std::string_view path,
                    std::string_view token) {
  out.assign(method).append(1, ':').append(path).append(1, ':').append(token).append(1, ':');
}

void rest_to_sign(std::string& out, const Sha256& body, std::string_view timestamp) {
  out.clear();
  append_hex(out, body);
  out.append(1, ':').append(timestamp);
}

std::string string_to_sign(std::string_view method, std::string_view path, std::string_view token,
                           const Sha256& body, std::string_view timestamp) {
  std::string text;
  common_to_sign(text, method, path, token);
  std::string rest;
  rest_to_sign(rest, body, timestamp);
  return text + rest;
}

void HmacSha512::Free::operator()(EVP_MD_CTX* context) const {
  EVP_MD_CTX_free(context);
}

// RFC 2104, and not OpenSSL's HMAC: that one cannot begin twice at the same point of a message.
HmacSha512::HmacSha512(std::string_view secret, std::string_view beginning)
    : inner_(new_digest_context().release()),
      outer_(new_digest_context().release()),
      at_work_(new_digest_context().release()) {
  if (secret.empty()) throw std::invalid_argument("an empty secret signs nothing");
  constexpr std::size_t kBlockBytes = 128;
  std::string key(secret);
  if (key.size() > kBlockBytes) {
    key.resize(kCodeBytes);
    begin(inner_.get(), sha512_algorithm());
    go_on(inner_.get(), secret);
    end(inner_.get(), bytes(key));
  }
  key.resize(kBlockBytes);
  const auto begin_with_key = [&key](EVP_MD_CTX* context, char pad) {
    std::string padded = key;
    for (char& c : padded) c ^= pad;
    begin(context, sha512_algorithm());
    go_on(context, padded);
    OPENSSL_cleanse(padded.data(), padded.size());
  };
  begin_with_key(inner_.get(), 0x36);
  begin_with_key(outer_.get(), 0x5c);
  OPENSSL_cleanse(key.data(), key.size());
  go_on(inner_.get(), beginning);
}

HmacSha512::Code HmacSha512::mac(std::string_view rest) {
  Code code;
  const auto digest = [&](EVP_MD_CTX* begun, std::string_view text) {
    require(EVP_MD_CTX_copy_ex(at_work_.get(), begun) == 1, "cannot copy a digest");
    go_on(at_work_.get(), text);
    end(at_work_.get(), code.data());
  };
  digest(inner_.get(), rest);
  digest(outer_.get(), {reinterpret_cast<const char*>(code.data()), code.size()});
  return code;
}

std::string HmacSha512::sign(std::string_view rest) {
  const auto code = mac(rest);
  return to_base64({reinterpret_cast<const char*>(code.data()), code.size()});
}

// Every code has one text in base64, so comparing the texts refuses all that is malformed too.
bool HmacSha512::verify(std::string_view rest, std::string_view signature_base64) {
  const auto code = mac(rest);
  std::array<char, kHmacBase64Length + 1> expected;
  encode_base64(reinterpret_cast<unsigned char*>(expected.data()), code.data(), code.size());
  return equal_constant_time({expected.data(), kHmacBase64Length}, signature_base64);
}

std::expected<RsaPublicKey, std::string> RsaPublicKey::from_pem(std::string_view pem) {
  const Bio bio = bio_of(pem);
  const auto key = usable(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr),
                          "a public key in PEM (SPKI)");
  if (!key) return std::unexpected(key.error());
  return RsaPublicKey(*key);
}

bool RsaPublicKey::verify(std::string_view message, std::string_view signature_base64) const {
  const auto signature = from_base64(signature_base64);
  if (!signature) return false;
  const DigestContext context = new_digest_context();
  require(
      EVP_DigestVerifyInit(context.get(), nullptr, sha256_algorithm(), nullptr, key_.get()) == 1,
      "cannot set up RSA-SHA256");
  return succeeded(EVP_DigestVerify(context.get(), bytes(*signature), signature->size(),
                                    bytes(message), message.size()) == 1);
}

std::expected<RsaPrivateKey, std::string> RsaPrivateKey::from_pem(std::string_view pem) {
  const Bio bio = bio_of(pem);
  const auto key = usable(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr),
                          "an unencrypted private key in PEM (PKCS#8)");
  if (!key) return std::unexpected(key.error());
  return RsaPrivateKey(*key);
}

RsaPrivateKey RsaPrivateKey::generate(int bits) {
  Key key(EVP_RSA_gen(static_cast<unsigned>(bits)), EVP_PKEY_free);
  require(key != nullptr, "cannot generate an RSA key");
  return RsaPrivateKey(std::move(key));
}

std::string RsaPrivateKey::sign(std::string_view message) const {
  const DigestContext context = new_digest_context();
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
  std::size_t size = signature.size();
  require(EVP_DigestSignInit(context.get(), nullptr, sha256_algorithm(), nullptr, key_.get()) == 1,
          "cannot set up RSA-SHA256");
  require(
      EVP_DigestSign(context.get(), bytes(signature), &size, bytes(message), message.size()) == 1,
      "cannot sign");
  signature.resize(size);
  return to_base64(signature);
}

std::string RsaPrivateKey::private_pem() const {
  return pem_of([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::string RsaPrivateKey::public_pem() const {
  return pem_of([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key_.get()); });
}

}  // namespace batal::snap
