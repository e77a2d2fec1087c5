#include "partners/tokens.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "partners/random.h"
#include "snap/document.h"
#include "snap/json_writer.h"
#include "snap/signature.h"

namespace batal::partners {
namespace {

constexpr std::string_view kIssuer = "batal";
constexpr std::int64_t kSecondsMax = 253'402'300'799;  // the end of the year 9999

std::string to_base64url(std::string_view bytes) {
  std::string text = snap::to_base64(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  text.erase(std::min(text.find('='), text.size()));
  return text;
}

std::optional<std::string> from_base64url(std::string_view base64url) {
  if (base64url.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string text(base64url);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return snap::from_base64(text);
}

// The only header a key ever writes and the only one it accepts, as text: no other algorithm can
// be asked for.
std::string header_of(const TokenKey& key) {
  std::string json;
  snap::JsonWriter(json)
      .begin_object()
      .member("alg", "HS256")
      .member("typ", "JWT")
      .member("kid", key.kid())
      .end_object();
  return to_base64url(json);
}

std::string mac_of(const TokenKey& key, std::string_view signed_text) {
  std::array<unsigned char, 32> mac{};
  const auto* result = HMAC(EVP_sha256(), key.bytes().data(), static_cast<int>(key.bytes().size()),
                            reinterpret_cast<const unsigned char*>(signed_text.data()),
                            signed_text.size(), mac.data(), nullptr);
  if (result == nullptr) throw std::runtime_error("OpenSSL cannot compute HMAC-SHA256");
  return to_base64url({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

std::optional<std::int64_t> seconds(const snap::Document& claims, std::string_view name) {
  const snap::JsonValue* value = claims.find(name);
  if (value == nullptr || value->kind != snap::JsonKind::Number) return std::nullopt;
  std::int64_t number = 0;
  const char* end = value->text.data() + value->text.size();
  const auto [stop, error] = std::from_chars(value->text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  if (number < 0 || number > kSecondsMax) return std::nullopt;
  return number;
}

std::string_view text(const snap::Document& claims, std::string_view name) {
  const snap::JsonValue* value = claims.find(name);
  return value != nullptr && value->kind == snap::JsonKind::String ? value->text
                                                                   : std::string_view();
}

std::optional<Token> read_claims(std::string_view payload) {
  const auto json = from_base64url(payload);
  snap::Document claims;
  if (!json || !claims.parse(*json)) return std::nullopt;
  const std::string_view client_id = text(claims, "sub");
  const auto expires_at = seconds(claims, "exp");
  if (text(claims, "iss") != kIssuer || client_id.empty()) return std::nullopt;
  if (!expires_at || !seconds(claims, "iat")) return std::nullopt;
  return Token{std::string(client_id), snap::Time(std::chrono::seconds(*expires_at))};
}

bool is_live(const Token& token, snap::Time now) {
  return now < token.expires_at;
}

}  // namespace

Tokens::Tokens(std::vector<TokenKey> keys, std::chrono::seconds life) : life_(life) {
  if (keys.empty() || keys.size() > 2) throw std::invalid_argument("one or two token keys");
  for (TokenKey& key : keys) {
    std::string header = header_of(key);
    keys_.emplace_back(std::move(key), std::move(header));
  }
}

std::string Tokens::issue(std::string_view client_id, snap::Time now) const {
  const auto issued_at = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
  std::string claims;
  snap::JsonWriter(claims)
      .begin_object()
      .member("iss", kIssuer)
      .member("sub", client_id)
      .number("iat", issued_at.count())
      .number("exp", (issued_at + life_).count())
      .member("jti", to_base64url(random_bytes(16)))
      .end_object();
  const SigningKey& key = keys_.front();
  const std::string signed_text = key.header + "." + to_base64url(claims);
  return signed_text + "." + mac_of(key.key, signed_text);
}

std::optional<Token> Tokens::verify(std::string_view token) const {
  if (token.size() > kTokenBytesMax) return std::nullopt;
  const std::size_t header_end = token.find('.');
  const std::size_t payload_end = token.rfind('.');
  if (header_end == payload_end) return std::nullopt;
  const std::string_view header = token.substr(0, header_end);
  const std::string_view signed_text = token.substr(0, payload_end);
  const std::string_view mac = token.substr(payload_end + 1);
  for (const SigningKey& key : keys_) {
    // Comparing the encoded form accepts one spelling of the signature only.
    if (key.header == header && snap::equal_constant_time(mac_of(key.key, signed_text), mac)) {
      return read_claims(signed_text.substr(header_end + 1));
    }
  }
  return std::nullopt;
}

TokenCache::TokenCache(const Tokens& tokens, std::size_t tokens_max)
    : tokens_(tokens), tokens_max_(tokens_max) {}

const TokenCache::Remembered* TokenCache::find(std::string_view token, snap::Time now) {
  if (token.size() > kTokenBytesMax) return nullptr;
  const auto known = verified_.find(token);
  if (known != verified_.end()) return is_live(known->second, now) ? &known->second : nullptr;
  auto verified = tokens_.verify(token);
  if (!verified || !is_live(*verified, now)) return nullptr;
  make_room(now);
  return &verified_.emplace(token, Remembered{std::move(*verified), ++number_}).first->second;
}

void TokenCache::make_room(snap::Time now) {
  if (verified_.size() < tokens_max_) return;
  std::erase_if(verified_, [now](const auto& entry) { return !is_live(entry.second, now); });
  if (verified_.size() >= tokens_max_) verified_.clear();
}

}  // namespace batal::partners
