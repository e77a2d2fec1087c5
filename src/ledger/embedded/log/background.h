// Work that no answer depends on, beside threads whose work one does.
#pragma once

#include <atomic>
#include <chrono>

namespace batal::ledger {

// To be called every hundred microseconds or so of such work: whoever waits for the core has it
// first. Otherwise a thread that wakes for an answer may have to wait for milliseconds.
void give_way();

// While a thread is behind with such work, it takes its fair share of the core and gives no way.
void hurry(bool is_behind);

// The pace of such work on the disk: it rests between its pieces, so that whoever else needs the
// disk finds it idle most of the time.
class Pace {
 public:
  // After a piece: three times as long as it took, but never long.
  void rest();

  // Somebody waits after all: no more rests. For any thread.
  void hurry() { hurries_ = true; }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::atomic<bool> hurries_ = false;
};

}  // namespace batal::ledger
