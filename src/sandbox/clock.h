// The sandbox's clock: the system's, moved forward by whoever tests. Never back.
#pragma once

#include <atomic>
#include <chrono>

#include "snap/time.h"

namespace batal::sandbox {

// Any thread. Starts without an offset; it is not kept over a restart (what the ledger knows is).
class SandboxClock {
 public:
  snap::Time now() const { return snap::system_now() + offset_.load(); }
  void advance(std::chrono::microseconds by) {
    std::chrono::microseconds before = offset_.load();
    while (!offset_.compare_exchange_weak(before, before + by)) {
    }
  }

 private:
  std::atomic<std::chrono::microseconds> offset_{};
};

}  // namespace batal::sandbox
