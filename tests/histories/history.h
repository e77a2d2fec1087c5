// What happened: who called what, when, and what was heard.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "payment/command.h"

namespace batal::histories {

// An answer as far as the model must explain it. Numbers and times that the model cannot know are
// compared with each other by the checker.
struct Observation {
  // Code and message of a service ("2005700 Success"); status, and state where it is refused, of
  // the provider API ("200", "409 paid", "409", "404").
  std::string said;
  std::string body;          // as it came
  std::string reference_no;  // of the transaction, where it is told
  std::string status;        // queries: "05"
  std::int64_t at_s = 0;     // when it was done, where it is told: seconds since the epoch
};

// An instant in the order of all sendings and hearings of one history.
using Tick = std::uint64_t;
inline constexpr Tick kNever = std::numeric_limits<Tick>::max();

struct Operation {
  std::size_t client = 0;
  int service = 0;                  // 57; 0: the provider API
  std::string words{};              // for people
  payment::Command command{};       // target.reference_no as on the wire
  std::chrono::seconds advance{0};  // not zero: a movement of the clock, and no command

  Tick called = 0;
  Tick answered = kNever;  // if the outcome is not known: from when on it can not happen any more
  std::chrono::microseconds called_us{0};  // since the history began
  std::chrono::microseconds answered_us{0};
  bool known = false;   // an answer came that says what became of it
  Observation heard{};  // if known
};

// In the order in which they were called. What was certainly not done (429, 500) is left out.
using History = std::vector<Operation>;

}  // namespace batal::histories
