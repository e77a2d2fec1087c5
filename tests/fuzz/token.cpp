// Fuzzed: an access token, in four ways. As any text; as a text that the holder of the key signed;
// as the claims of a token made with the key; and as a change to a good token.
//
// Asserted: a text is taken only if it has the key's header and the one spelling of its HMAC, which
// is computed here on its own; claims are taken exactly when a second reading of them takes them,
// and say the same; a changed token is never taken; and the cache says of every text what Tokens
// says.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <string_view>

#include <fuzzer/FuzzedDataProvider.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "fuzz/require.h"
#include "partners/tokens.h"
#include "snap/document.h"
#include "snap/reference_json.h"
#include "snap/time.h"
#include "support/temp_folder.h"

namespace batal::fuzz {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kSecondsMax = 253'402'300'799;  // the end of the year 9999
constexpr snap::Time kNow{seconds(1'700'000'000)};
constexpr std::string_view kClaims =
    R"({"iss":"batal","sub":"demo","iat":1700000000,"exp":1700000900,"jti":"a"})";

partners::TokenKey key() {
  const testing::TempFolder folder;
  return partners::TokenKey::read(folder.write("key", std::string(64, 'a'))).value();
}

std::string base64url(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 6) {
    std::size_t digit = 0;
    for (std::size_t i = bit; i < bit + 6; ++i) {
      const auto byte = i / 8 < bytes.size() ? static_cast<unsigned char>(bytes[i / 8]) : 0U;
      digit = digit * 2 + (byte >> (7 - i % 8) & 1U);
    }
    text += kDigits[digit];
  }
  return text;
}

// What stands before the signature, signed.
std::string sealed(const partners::TokenKey& key, const std::string& text) {
  std::array<unsigned char, 32> mac{};
  HMAC(EVP_sha256(), key.bytes().data(), static_cast<int>(key.bytes().size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), nullptr);
  return text + "." + base64url({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

struct Signer {
  partners::TokenKey key = fuzz::key();
  partners::Tokens tokens{{key}, seconds(900)};
  std::string header =
      base64url(R"({"alg":"HS256","typ":"JWT","kid":")" + key.kid() + R"("})") + ".";

  std::string token(std::string_view claims) const {
    return sealed(key, header + base64url(claims));
  }
};

void check_cache(const Signer& signer, std::string_view text) {
  partners::TokenCache cache(signer.tokens, 1);
  const auto verified = signer.tokens.verify(text);
  const bool live = verified && kNow < verified->expires_at;
  for (int use = 0; use < 2; ++use) {
    const partners::Token* found = cache.find(text, kNow);
    require((found != nullptr) == live, "the cache says what Tokens says");
    require(!live || found->client_id == verified->client_id, "the cache knows whose it is");
  }
  if (live) require(cache.find(text, verified->expires_at) == nullptr, "a token has an end");
}

void check_text(const Signer& signer, const std::string& text) {
  check_cache(signer, text);
  if (!signer.tokens.verify(text)) return;
  require(text.starts_with(signer.header), "a token that is taken has the key's header");
  require_equal(sealed(signer.key, text.substr(0, text.rfind('.'))), text,
                "a token that is taken is signed");
}

// The second of a claim, where it is one of the years that can be written.
std::optional<std::int64_t> second_of(const snap::Document& claims, std::string_view name) {
  static const std::regex kSecond("-?0|[1-9][0-9]{0,11}");
  const snap::JsonValue* value = claims.find(name);
  if (value == nullptr || value->kind != snap::JsonKind::Number) return std::nullopt;
  const std::string text(value->text);
  if (!std::regex_match(text, kSecond) || std::stoll(text) > kSecondsMax) return std::nullopt;
  return std::stoll(text);
}

std::string_view text_of(const snap::Document& claims, std::string_view name) {
  const snap::JsonValue* value = claims.find(name);
  return value != nullptr && value->kind == snap::JsonKind::String ? value->text
                                                                   : std::string_view();
}

std::optional<partners::Token> expected(std::string_view claims) {
  snap::Document document;
  if (!snap::ReferenceJson::accepts(claims) || !document.parse(claims)) return std::nullopt;
  const auto end = second_of(document, "exp");
  const std::string_view client = text_of(document, "sub");
  if (text_of(document, "iss") != "batal" || client.empty()) return std::nullopt;
  if (!end || !second_of(document, "iat")) return std::nullopt;
  return partners::Token{std::string(client), snap::Time(seconds(*end))};
}

void check_claims(const Signer& signer, const std::string& claims) {
  const std::string text = signer.token(claims);
  check_cache(signer, text);
  const auto token = signer.tokens.verify(text);
  if (text.size() > partners::kTokenBytesMax) return require(!token, "a long token is not taken");
  const auto reference = expected(claims);
  require(token.has_value() == reference.has_value(), "claims are taken when they should be");
  if (!token) return;
  require_equal(token->client_id, reference->client_id, "a token knows its client");
  require(token->expires_at == reference->expires_at, "a token knows its end");
}

std::string changed(std::string token, FuzzedDataProvider& input) {
  const auto at = input.ConsumeIntegralInRange<std::size_t>(0, token.size());
  const auto count = input.ConsumeIntegralInRange<std::size_t>(0, token.size() - at);
  return token.replace(at, count, input.ConsumeRemainingBytesAsString());
}

}  // namespace
}  // namespace batal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace batal;
  static const fuzz::Signer kSigner;
  static const std::string kGood = kSigner.token(fuzz::kClaims);
  static const bool kIsGood = kSigner.tokens.verify(kGood).has_value();
  fuzz::require(kIsGood, "the good token is taken");

  const std::string text(reinterpret_cast<const char*>(data), size);
  fuzz::check_text(kSigner, text);
  fuzz::check_text(kSigner, fuzz::sealed(kSigner.key, text));
  fuzz::check_claims(kSigner, text);
  FuzzedDataProvider input(data, size);
  const std::string other = fuzz::changed(kGood, input);
  fuzz::require(other == kGood || !kSigner.tokens.verify(other), "a changed token is not taken");
  return 0;
}
