// The fault rules that testers have set, waiting for their calls.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "services/faults.h"

namespace batal::sandbox {

struct FaultRule {
  std::uint64_t id = 0;
  std::string external_id;  // empty: of any call
  std::string service;      // "57"; empty: of any service
  std::uint64_t count = 1;  // calls it still applies to
  services::Fault fault;
};

// Any thread.
class FaultBook final : public services::FaultRules {
 public:
  // The oldest rule that matches is used up by one.
  services::Fault take(std::string_view service, std::string_view external_id) override;

  std::uint64_t add(FaultRule rule);  // gives the rule its id
  std::vector<FaultRule> rules() const;
  void clear();

 private:
  std::atomic<bool> any_ = false;  // spares calls the lock while there are no rules
  mutable std::mutex mutex_;
  std::uint64_t last_id_ = 0;
  std::vector<FaultRule> rules_;
};

}  // namespace batal::sandbox
