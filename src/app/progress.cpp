#include "app/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace batal::app {
namespace {

constexpr std::chrono::milliseconds kBetweenLines{100};
constexpr const char* kClearLine = "\r\x1b[K";

double megabytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / 1e6;
}

}  // namespace

Progress::Progress(std::string_view deed)
    : deed_(deed), is_terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (is_terminal_) fmt::print(stderr, "{}", kClearLine);
}

void Progress::show(std::uint64_t done, std::uint64_t total) {
  if (!is_terminal_) return;
  const auto now = Clock::now();
  if (now < next_) return;
  next_ = now + kBetweenLines;
  fmt::print(stderr, "{}{}", kClearLine, progress_line(deed_, done, total, now - began_));
  std::fflush(stderr);
}

std::string progress_line(std::string_view deed, std::uint64_t done, std::uint64_t total,
                          std::chrono::duration<double> taken) {
  // A log may grow while it is read.
  total = std::max(done, total);
  const auto percent = total == 0 ? 100 : 100 * megabytes(done) / megabytes(total);
  const double rate = taken.count() > 0 ? megabytes(done) / taken.count() : 0;
  return fmt::format("{}: {:.1f} of {:.1f} MB, {:.0f} %, {:.1f} MB/s", deed, megabytes(done),
                     megabytes(total), percent, rate);
}

}  // namespace batal::app
