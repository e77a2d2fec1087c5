// One merchant's standing with one provider: connection, keys and access token. Sends single
// attempts; whether to repeat one is client.cpp's affair.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "batal/client.h"
#include "client/answer.h"
#include "http/outgoing.h"
#include "snap/signature.h"
#include "snap/time.h"

namespace batal::client {

// What stays the same over all attempts of a call.
struct Call {
  std::string_view path;
  std::string_view body;
  snap::Sha256 body_hash;  // of the minified body
  std::string_view external_id;
};

class Session {
 public:
  // Throws std::invalid_argument naming the option that will not do.
  explicit Session(Options options);

  // Signs and sends, with a token fetched if there is none; a token that is refused is replaced
  // once. An attempt that fails for want of a token was not made: it is never in doubt.
  Answer send(const Call& call);

 private:
  struct Token {
    std::string text;
    snap::Time renew_at;
  };
  using Headers = std::vector<std::pair<std::string, std::string>>;

  snap::Time now() const;
  Answer send_with_token(const Call& call);
  std::expected<void, Answer> ensure_token();
  std::expected<Token, Answer> fetch_token();
  Headers headers_of(const Call& call);
  Answer post(std::string_view path, const Headers& headers, std::string_view body);

  Options options_;
  http::Url url_;
  http::Caller caller_;
  snap::RsaPrivateKey key_;
  snap::HmacSha512 secret_;
  std::optional<Token> token_;
};

}  // namespace batal::client
