// How far a long command is, on one line of a terminal that is written over and over; nothing where
// stderr is no terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace batal::app {

class Progress {
 public:
  explicit Progress(std::string_view deed);  // "verify"
  ~Progress();                               // clears the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Bytes done, and of how many. May be called as often as one likes.
  void show(std::uint64_t done, std::uint64_t total);

 private:
  using Clock = std::chrono::steady_clock;

  const std::string deed_;
  const bool is_terminal_;
  const Clock::time_point began_ = Clock::now();
  Clock::time_point next_ = began_;
};

// "verify: 1.5 of 6.0 MB, 25 %, 0.5 MB/s"
std::string progress_line(std::string_view deed, std::uint64_t done, std::uint64_t total,
                          std::chrono::duration<double> taken);

}  // namespace batal::app
