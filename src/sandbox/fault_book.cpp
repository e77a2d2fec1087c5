#include "sandbox/fault_book.h"

#include <algorithm>
#include <utility>

namespace batal::sandbox {

services::Fault FaultBook::take(std::string_view service, std::string_view external_id) {
  if (!any_) return {};
  const std::lock_guard lock(mutex_);
  const auto rule = std::ranges::find_if(rules_, [&](const FaultRule& candidate) {
    return (candidate.external_id.empty() || candidate.external_id == external_id) &&
           (candidate.service.empty() || candidate.service == service);
  });
  if (rule == rules_.end()) return {};
  const services::Fault fault = rule->fault;
  if (--rule->count == 0) rules_.erase(rule);
  any_ = !rules_.empty();
  return fault;
}

std::uint64_t FaultBook::add(FaultRule rule) {
  const std::lock_guard lock(mutex_);
  rule.id = ++last_id_;
  rules_.push_back(std::move(rule));
  any_ = true;
  return last_id_;
}

std::vector<FaultRule> FaultBook::rules() const {
  const std::lock_guard lock(mutex_);
  return rules_;
}

void FaultBook::clear() {
  const std::lock_guard lock(mutex_);
  rules_.clear();
  any_ = false;
}

}  // namespace batal::sandbox
