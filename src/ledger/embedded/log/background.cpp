#include "ledger/embedded/log/background.h"

#include <algorithm>
#include <thread>

namespace batal::ledger {
namespace {

thread_local bool hurries = false;

}  // namespace

void give_way() {
  if (!hurries) std::this_thread::yield();
}

void hurry(bool is_behind) {
  hurries = is_behind;
}

void Pace::rest() {
  using Duration = std::chrono::steady_clock::duration;
  constexpr Duration kLongest = std::chrono::milliseconds(10);
  const Duration took = std::chrono::steady_clock::now() - began_;
  if (!hurries_) std::this_thread::sleep_for(std::min(3 * took, kLongest));
  began_ = std::chrono::steady_clock::now();
}

}  // namespace batal::ledger
