#include "snap/signature.h"

#include <sys/mman.h>

#include <limits>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <rapidcheck.h>

#include "snap/minify.h"

namespace batal::snap {
namespace {

constexpr std::string_view kSecret = "fdppqbF5wq7vVegyvsV1CROMv646nJ7A";
constexpr std::string_view kToken = "gp9HjjEj813Y9JGoqwOeOPWbnt4CupvIJbU1Mmu4a11MNDZ7Sg5u9a";
constexpr std::string_view kMessage =
    "POST:/v1.0/debit/payment-host-to-host:gp9HjjEj813Y9JGoqwOeOPWbnt4CupvIJbU1Mmu4a11MNDZ7Sg5u9a:"
    "56fa5f4999ad8014de49d7898c1d1d53472569db8999de3c1b752a0dd181e98c:2020-01-01T00:00:00+07:00";
constexpr std::string_view kSignature =
    "FSlidRHe4ow9qppNifGVQNcdv67lBjgCiP0BHylh+IKXo4fs2rHaGsFNUY0N8t0rPlZs4iAHAOCDklnCccwuJw==";
constexpr std::string_view kHash =
    "56fa5f4999ad8014de49d7898c1d1d53472569db8999de3c1b752a0dd181e98c";

std::string hex(const Sha256& digest) {
  std::string out;
  append_hex(out, digest);
  return out;
}

Sha256 digest_of_hex(std::string_view text) {
  Sha256 digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] =
        static_cast<std::uint8_t>(std::stoul(std::string(text.substr(2 * i, 2)), nullptr, 16));
  }
  return digest;
}

constexpr std::string_view kNotAPrivateKey = "not an unencrypted private key in PEM (PKCS#8)";

const RsaPrivateKey& rsa_key() {
  static const RsaPrivateKey key = RsaPrivateKey::generate();
  return key;
}

RsaPublicKey public_half(const RsaPrivateKey& key) {
  return RsaPublicKey::from_pem(key.public_pem()).value();
}

TEST(Sha256, KnownDigests) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, EveryThreadHasItsOwnContext) {
  std::vector<std::string> digests(4);
  {
    std::vector<std::jthread> threads;
    for (auto& digest : digests) {
      threads.emplace_back([&digest] {
        for (int i = 0; i < 500; ++i) digest = hex(sha256("abc"));
      });
    }
  }
  for (const auto& digest : digests) EXPECT_EQ(digest, hex(sha256("abc")));
}

TEST(HmacSignature, ThePublishedVector) {
  const std::string message = string_to_sign("POST", "/v1.0/debit/payment-host-to-host", kToken,
                                             digest_of_hex(kHash), "2020-01-01T00:00:00+07:00");
  EXPECT_EQ(message, kMessage);
  HmacSha512 key(kSecret);
  EXPECT_EQ(key.sign(message), kSignature);
  EXPECT_TRUE(key.verify(message, kSignature));
}

TEST(HmacSignature, AnEmptyBodyHashesAsTheEmptyText) {
  EXPECT_EQ(string_to_sign("POST", "/p", "t", sha256(""), "now"),
            "POST:/p:t:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855:now");
}

TEST(HmacSignature, Rfc4231KeysOfEveryLength) {
  struct Vector {
    std::string secret, message, code;
  };
  const std::vector<Vector> cases = {
      {"Jefe", "what do ya want for nothing?",
       "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f"
       "0e6"
       "fdcaeab1a34d4a6b4b636e070a38bce737"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6"
       "a1e"
       "5295e64f73f63f0aec8b915a985d786598"},
  };
  for (const auto& [secret, message, code] : cases) {
    HmacSha512 key(secret);
    for (int again = 0; again < 3; ++again) {
      const auto mac = key.mac(message);
      Sha256 front{}, back{};
      std::copy_n(mac.begin(), 32, front.begin());
      std::copy_n(mac.begin() + 32, 32, back.begin());
      EXPECT_EQ(hex(front) + hex(back), code);
    }
  }
}

TEST(HmacSignature, IsTheSameWhereverTheBeginningEnds) {
  const std::string message(kMessage);
  for (std::size_t at = 0; at <= message.size(); ++at) {
    HmacSha512 key(kSecret, message.substr(0, at));
    for (int again = 0; again < 2; ++again)
      EXPECT_EQ(key.sign(message.substr(at)), kSignature) << at << " characters at first";
  }
}

TEST(HmacSignature, WritesItsPartsOverWhatWasThere) {
  std::string text = "what was in it before";
  common_to_sign(text, "POST", "/p", "t");
  EXPECT_EQ(text, "POST:/p:t:");
  rest_to_sign(text, sha256(""), "now");
  EXPECT_EQ(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855:now");
}

TEST(HmacSignature, RefusesEveryOtherSignature) {
  HmacSha512 key(kSecret);
  const std::string good(kSignature);
  EXPECT_FALSE(HmacSha512("another secret").verify(kMessage, good));
  EXPECT_FALSE(key.verify(std::string(kMessage) + "x", good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string wrong = good;
    wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(key.verify(kMessage, wrong)) << wrong;
  }
  // The last two: a spare bit set behind the 64th byte, and the code in hex.
  for (const std::string& wrong :
       {std::string(), good.substr(0, 86), good.substr(0, 87), good + "=", good + "\n", " " + good,
        good + std::string(1, '\0'), good.substr(0, 85) + "x==", std::string(128, '0')}) {
    EXPECT_FALSE(key.verify(kMessage, wrong)) << wrong;
  }
  EXPECT_TRUE(key.verify(kMessage, good));
}

TEST(HmacSignature, MovesWithItsKey) {
  HmacSha512 first(kSecret);
  HmacSha512 second(std::move(first));
  EXPECT_TRUE(second.verify(kMessage, kSignature));
  first = HmacSha512("another secret");
  EXPECT_FALSE(first.verify(kMessage, kSignature));
}

TEST(HmacSignature, AnEmptySecretIsAnError) {
  EXPECT_THROW(HmacSha512(""), std::invalid_argument);
}

TEST(Base64, StandardAlphabetWithPadding) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foobar", "Zm9vYmFy"},
      {"\xfb\xff\xbf", "+/+/"},
      {std::string(3, '\0'), "AAAA"},
  };
  for (const auto& [data, text] : cases) {
    EXPECT_EQ(to_base64(data), text);
    EXPECT_EQ(from_base64(text), data);
  }
}

TEST(Base64, OneTextPerValueAndNothingElse) {
  for (const auto* text :
       {"Z",     "Zg",     "Zg=",      "Zg===",    "Zh==",  "Zm9=",    "=",
        "====",  "A===",   "Zg==Zg==", "Zm=v",     "-_-_",  "Zm9v\n",  " Zm9v",
        "Zm 9v", "Zm9vZg", "Zm9v=",    "Zm9v====", "\nZm9", "Zm9v   ", "Zm9\xC3"}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
}

TEST(Base64, WhatIsWrittenIsReadBack) {
  ASSERT_TRUE(
      rc::check([](const std::string& data) { RC_ASSERT(from_base64(to_base64(data)) == data); }));
}

TEST(ConstantTime, ComparesAsUsual) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_constant_time("abc", "ab"));
  EXPECT_FALSE(equal_constant_time("", "a"));
}

TEST(RsaSignature, SignsAndVerifies) {
  const std::string message = "client|2020-01-01T00:00:00+07:00";
  const RsaPublicKey key = public_half(rsa_key());
  const std::string signature = rsa_key().sign(message);
  EXPECT_EQ(signature.size(), 344u);
  EXPECT_TRUE(key.verify(message, signature));
  EXPECT_FALSE(key.verify(message + "x", signature));
  EXPECT_FALSE(public_half(RsaPrivateKey::generate()).verify(message, signature));
}

TEST(RsaSignature, RefusesMalformedOnesAndLeavesNoErrorBehind) {
  const RsaPublicKey key = public_half(rsa_key());
  const std::string good = rsa_key().sign("message");
  for (const std::string& wrong :
       {std::string(), std::string("?"), good.substr(1), good.substr(4), good + "AAAA", good + "\n",
        std::string(344, 'A'), to_base64("short"), to_base64(std::string(256, '\xff'))}) {
    EXPECT_FALSE(key.verify("message", wrong)) << wrong;
    EXPECT_EQ(ERR_peek_error(), 0u);
  }
}

TEST(RsaKey, PemGoesThereAndBack) {
  const std::string pem = rsa_key().private_pem();
  EXPECT_TRUE(pem.starts_with("-----BEGIN PRIVATE KEY-----\n")) << pem.substr(0, 30);
  EXPECT_TRUE(rsa_key().public_pem().starts_with("-----BEGIN PUBLIC KEY-----\n"));
  const auto again = RsaPrivateKey::from_pem(pem);
  ASSERT_TRUE(again.has_value()) << again.error();
  EXPECT_TRUE(public_half(rsa_key()).verify("message", again->sign("message")));
}

TEST(RsaKey, OthersAreRefusedInWords) {
  const RsaPrivateKey small = RsaPrivateKey::generate(1024);
  const std::string elliptic =
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
      "-----END PUBLIC KEY-----\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "not a public key in PEM (SPKI)"},
      {"-----BEGIN PUBLIC KEY-----\n", "not a public key in PEM (SPKI)"},
      {rsa_key().private_pem(), "not a public key in PEM (SPKI)"},
      {elliptic, "not an RSA key"},
      {small.public_pem(), "an RSA key of 1024 bits, at least 2048 are needed"},
  };
  for (const auto& [pem, error] : cases) {
    const auto key = RsaPublicKey::from_pem(pem);
    ASSERT_FALSE(key.has_value());
    EXPECT_EQ(key.error(), error);
    EXPECT_EQ(ERR_peek_error(), 0u);
  }
  EXPECT_EQ(RsaPrivateKey::from_pem(small.private_pem()).error(), cases.back().second);
  EXPECT_EQ(RsaPrivateKey::from_pem("").error(), kNotAPrivateKey);
}

std::string encrypted(const RsaPrivateKey& key, std::string passphrase) {
  const std::string plain = key.private_pem();
  const std::unique_ptr<BIO, int (*)(BIO*)> in(BIO_new_mem_buf(plain.data(), -1), BIO_free);
  const std::unique_ptr<BIO, int (*)(BIO*)> out(BIO_new(BIO_s_mem()), BIO_free);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> parsed(
      PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  EXPECT_EQ(
      PEM_write_bio_PKCS8PrivateKey(out.get(), parsed.get(), EVP_aes_256_cbc(), passphrase.data(),
                                    static_cast<int>(passphrase.size()), nullptr, nullptr),
      1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

// OpenSSL would otherwise ask the terminal, and hang a server's start.
TEST(RsaKey, ThatIsEncryptedIsRefusedWithoutAskingForThePassphrase) {
  const std::string pem = encrypted(rsa_key(), "secret");
  ASSERT_TRUE(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")) << pem.substr(0, 40);
  EXPECT_EQ(RsaPrivateKey::from_pem(pem).error(), kNotAPrivateKey);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(RsaKey, ThatOpenSslCannotMakeIsAnException) {
  EXPECT_THROW(RsaPrivateKey::generate(1), std::runtime_error);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

// OpenSSL counts in int. The text's pages are never touched, so it takes no memory.
TEST(Lengths, BeyondWhatOpenSslCountsAreRefused) {
  constexpr std::size_t kSize = std::size_t{std::numeric_limits<int>::max()} + 1;
  void* const pages =
      ::mmap(nullptr, kSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  const std::string_view text(static_cast<const char*>(pages), kSize);
  EXPECT_FALSE(from_base64(text).has_value());
  EXPECT_EQ(RsaPrivateKey::from_pem(text).error(), kNotAPrivateKey);
  ::munmap(pages, kSize);
}

}  // namespace
}  // namespace batal::snap
