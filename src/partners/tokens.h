// Access tokens: JWTs with one fixed algorithm, HS256, signed by the first of at most two live keys
// and verified by either, so that every node with the same key files takes every token.
//
// Claims: iss "batal", sub (client id), iat, exp (seconds), jti. The header names the key (kid).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "snap/time.h"

namespace batal::partners {

// Longer ones are refused before anything is computed over them.
inline constexpr std::size_t kTokenBytesMax = 4096;

// One key: 32 random bytes; its file holds them as 64 hex digits. The kid is derived from the key.
class TokenKey {
 public:
  static std::expected<TokenKey, std::string> read(const std::filesystem::path& file);
  // Reads the file, or makes it (mode 0600) with a random key if it is not there.
  static std::expected<TokenKey, std::string> read_or_make(const std::filesystem::path& file);

  const std::string& kid() const { return kid_; }
  const std::string& bytes() const { return bytes_; }

 private:
  explicit TokenKey(std::string bytes);
  std::string bytes_;
  std::string kid_;
};

// What a verified token says.
struct Token {
  std::string client_id;
  snap::Time expires_at;
};

// Immutable, shared by all threads.
class Tokens {
 public:
  // One or two keys: the first signs, all verify. Any other number throws std::invalid_argument.
  Tokens(std::vector<TokenKey> keys, std::chrono::seconds life);

  std::string issue(std::string_view client_id, snap::Time now) const;
  // None for a garbled, foreign or badly signed token; expiry is for the caller to check.
  std::optional<Token> verify(std::string_view token) const;
  std::chrono::seconds life() const { return life_; }

 private:
  struct SigningKey {
    TokenKey key;
    std::string header;  // encoded, as it stands in each token of this key
  };
  std::vector<SigningKey> keys_;
  std::chrono::seconds life_;
};

// Remembers verified tokens, bounded: when it is full the expired ones go, and if that is not
// enough, all. Expiry is checked on every use, from the instant of `exp` on. Whether the partner
// is still known is for the caller to check. One per event loop; `tokens` must outlive it.
class TokenCache {
 public:
  struct Remembered : Token {
    std::uint64_t number;  // of no other token that this cache has ever remembered
  };

  TokenCache(const Tokens& tokens, std::size_t tokens_max);
  // Null pointer for an invalid or expired token. Valid until the next call.
  const Remembered* find(std::string_view token, snap::Time now);
  std::size_t size() const { return verified_.size(); }

 private:
  void make_room(snap::Time now);

  // Of the end, which is a MAC: only good tokens are ever remembered, so nobody chooses it.
  struct EndHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view token) const {
      constexpr std::size_t kEndBytes = 16;
      return std::hash<std::string_view>{}(
          token.substr(token.size() - std::min(token.size(), kEndBytes)));
    }
  };
  const Tokens& tokens_;
  std::size_t tokens_max_;
  std::uint64_t number_ = 0;  // of the token remembered last
  std::unordered_map<std::string, Remembered, EndHash, std::equal_to<>> verified_;
};

}  // namespace batal::partners
