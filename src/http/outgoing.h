// The calling side: one HTTP request at a time to one server, over TCP or TLS.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace batal::http {

struct Url {
  bool tls = false;
  std::string host;
  std::string port;  // "443", "80" when not given
  std::string path;  // prefix without a trailing slash; may be empty

  // http://HOST[:PORT][/PREFIX] or https://...; the error says what is wrong with the text.
  static std::expected<Url, std::string> parse(std::string_view text);
};

struct CallError {
  enum class Kind : std::uint8_t {
    NotSent,   // resolving, connecting or the TLS handshake failed: the server saw no request
    InDoubt,   // it may have been received; timeouts and broken connections
    Malformed  // an answer came that is not HTTP
  };
  Kind kind = Kind::NotSent;
  std::string text;  // for people: what failed, with host and port
};

struct Received {
  int status = 0;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// Keeps one connection alive between calls. A kept connection that the server closed is replaced
// only while nothing of the request was answered and is then InDoubt, never repeated here: whether
// a call may be repeated is the caller's knowledge. Not thread-safe.
class Caller {
 public:
  struct Options {
    std::chrono::milliseconds timeout{10'000};  // for one whole call
    std::string ca_file{};                      // instead of the system's trust store
  };
  Caller(Url url, Options options);
  ~Caller();
  Caller(Caller&&) noexcept;
  Caller& operator=(Caller&&) noexcept;

  std::expected<Received, CallError> call(
      std::string_view method, std::string_view path,
      const std::vector<std::pair<std::string, std::string>>& headers, std::string_view body);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace batal::http
