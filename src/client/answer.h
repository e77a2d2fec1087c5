// What came back from one attempt, and what that means for the call.
#pragma once

#include <cstdint>
#include <string>

#include "http/outgoing.h"

namespace batal::client {

enum class Fate : std::uint8_t {
  Accepted,      // 2xx
  Refused,       // decided: nothing was done, and the same call would be refused again
  TokenRefused,  // 401xx01: nothing was done; the token is at fault
  TryLater,      // nothing was done, but may be next time: no connection, 429xx00, 500xx01
  InDoubt,       // it may have been done: no answer, or a 5xx
  Malformed,     // an answer that is none of the standard
};

struct Answer {
  Fate fate = Fate::InDoubt;
  int http_status = 0;  // 0: no answer came
  std::string response_code{};
  std::string response_message{};
  std::string body{};
  std::string text{};       // in words
  bool of_the_call = true;  // false: to the request for a token, which tells nothing about the call
};

// responseCode must be text that begins with the HTTP status; the rest of it is the provider's
// affair (some write eight digits).
Answer read_answer(http::Received received);

Answer no_answer(const http::CallError& error);

// Whether this answer also tells what became of an earlier attempt of the call that is in doubt. A
// 401 does not: it is given before anybody looks at what was done.
bool settles_doubt(const Answer& answer);

}  // namespace batal::client
