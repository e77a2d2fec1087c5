// The log lines of a test, instead of on stderr, as long as this lives.
#pragma once

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>
#include <string>
#include <utility>

namespace batal::ledger {

class CaughtLog {
 public:
  CaughtLog() {
    auto logger = std::make_shared<spdlog::logger>(
        "caught", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
    logger->set_pattern("%l %v");
    spdlog::set_default_logger(std::move(logger));
  }
  CaughtLog(const CaughtLog&) = delete;
  CaughtLog& operator=(const CaughtLog&) = delete;
  ~CaughtLog() { spdlog::set_default_logger(before_); }

  // Each line is its level and its text. To be asked when no other thread logs.
  std::string text() const { return text_.str(); }

 private:
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
  std::ostringstream text_;
};

}  // namespace batal::ledger
