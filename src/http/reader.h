// Turns the bytes of a connection into requests, one after the other.
//
// A Reader is a buffer together with the state of reading. It is lent to a connection from a
// request's first byte until the handler has returned and nothing is left over, so that idle
// connections own none. Requests are views into the buffer: bytes are received into it, parsed in
// place (Beast's parser), and a chunked body is moved together in place.
//
// Stricter than Beast, because what two servers read differently can be used to smuggle requests:
// Transfer-Encoding must be exactly "chunked" and come in HTTP/1.1, Content-Length must be one
// number given once, HTTP/1.1 needs exactly one Host, and folded header lines are refused.
//
// Not thread-safe; used on the thread of its loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "http/server.h"

namespace batal::http {

class Reader {
 public:
  enum class State : std::uint8_t { NeedMore, Complete, Refused };

  explicit Reader(const Limits& limits);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // Where to put the next received bytes; never empty while advance() says NeedMore.
  std::span<char> space();
  void filled(std::size_t bytes);

  // Parses what is there. After Complete or Refused nothing happens until next() or clear().
  State advance();

  // After Complete: the request. After Refused, or on a timeout: what could be read of it.
  const Request& request();
  Malformed why() const { return why_; }

  // After Complete.
  bool keep_alive() const;
  bool http_1_0() const;

  // The head has come, asks for "100 Continue", and none of the body is here yet. Says so once.
  bool take_expectation();

  void next();   // forgets the request, keeps the bytes that came after it
  void clear();  // forgets everything
  bool empty() const { return begin_ == end_; }

 private:
  struct Current;  // the request being read: Beast's parser and what it has seen

  State put();
  State refuse(Malformed why);
  void start();
  bool skip_empty_lines();
  void read_request_line();
  void close_gap();
  std::string_view unparsed() const;

  const Limits limits_;
  const std::size_t capacity_;
  const std::unique_ptr<char[]> buffer_;
  // Offsets: a request begins at begin_, is parsed up to parsed_, and bytes are there up to end_.
  std::size_t begin_ = 0;
  std::size_t parsed_ = 0;
  std::size_t end_ = 0;
  std::unique_ptr<Current> current_;
  State state_ = State::NeedMore;
  Malformed why_ = Malformed::Head;
};

}  // namespace batal::http
