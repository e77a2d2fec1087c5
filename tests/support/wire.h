// One connection to a server on this machine, and one request at a time on it, for proofs in C++
// that drive many connections from one thread. The bytes sent are exactly what a proof wrote.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/answer_parser.h"

namespace batal::testing {

class Wire {
 public:
  explicit Wire(std::uint16_t port);  // connects; throws std::runtime_error
  ~Wire();
  Wire(Wire&& other) noexcept;
  Wire& operator=(Wire&& other) noexcept;

  int descriptor() const { return descriptor_; }

  // All of a request. False: the connection is broken, and the server may have read it or not.
  bool send(std::string_view request);

  enum class Got : std::uint8_t { Nothing, Answer, Broken };
  // Reads what is there without waiting, so far that an answer is whole. On Broken none will come.
  Got receive(http::Received& answer);

  // Sends, and waits for the answer; throws std::runtime_error if none comes.
  http::Received exchange(std::string_view request);

 private:
  int descriptor_ = -1;
  std::unique_ptr<http::AnswerParser> parser_;  // of the answer that is awaited
};

// A request of the admin address.
std::string admin_request(std::string_view method, std::string_view path, std::string_view token,
                          std::string_view body, std::string_view idempotency_key = {});

}  // namespace batal::testing
