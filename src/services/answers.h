// From what was decided to the bytes of the answer.
#pragma once

#include <string>
#include <string_view>

#include "http/server.h"
#include "payment/decide.h"
#include "services/gate.h"
#include "services/service.h"
#include "snap/response_code.h"
#include "snap/time.h"

namespace batal::services {

// The one map from why the ledger refused to what the standard calls it.
snap::Problem problem_of(payment::Refusal refusal, const Service& service);

// One per event loop; used on its thread only. Every answer has an X-TIMESTAMP header of now.
class Answers {
 public:
  explicit Answers(snap::Clock clock) : clock_(std::move(clock)) {}

  // Code and message only. `service` is the two digits, "00" where no service is known.
  http::Answer problem(std::string_view service, const snap::Problem& problem);
  // As above, with the string to sign where there is one to tell.
  http::Answer denied(std::string_view service, const Denied& denied);
  http::Answer decided(const Service& service, const payment::Outcome& outcome,
                       const payment::Command& command);
  http::Answer token(std::string_view token, std::chrono::seconds life);

 private:
  http::Answer answer(snap::Case what, std::string&& body);

  const snap::Clock clock_;
  std::chrono::sys_seconds stamped_{};  // the second that headers_ tells
  std::string headers_;
};

}  // namespace batal::services
