// Faults on demand: the interface through which the sandbox makes chosen calls go wrong.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace batal::services {

enum class FaultKind : std::uint8_t {
  None,
  Delay,                // handed to the ledger later, by `delay`
  InternalServerError,  // 500xx01, and nothing reaches the ledger
  TimeoutBeforeCommit,  // 504xx00, and nothing reaches the ledger
  TimeoutAfterCommit,   // done, then 504xx00
  DropAfterCommit,      // done, then the connection closes without an answer
};

struct Fault {
  FaultKind kind = FaultKind::None;
  std::chrono::milliseconds delay{0};
};

class FaultRules {
 public:
  virtual ~FaultRules() = default;

  // What shall happen to this call; a rule that matches is used up by one. From any loop's thread.
  virtual Fault take(std::string_view service, std::string_view external_id) = 0;
};

}  // namespace batal::services
