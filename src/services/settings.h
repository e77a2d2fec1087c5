// The settings that requests are checked and answered by.
#pragma once

#include <chrono>
#include <cstddef>

namespace batal::services {

struct Settings {
  std::chrono::seconds timestamp_window{300};       // X-TIMESTAMP may differ from now by this much
  std::chrono::milliseconds answer_deadline{5000};  // then the caller hears 504xx00
  std::size_t tokens_cached_max = 10'000;           // verified tokens remembered per event loop
  bool explain_signatures =
      false;  // sandbox: a wrong signature is answered with the string to sign
};

}  // namespace batal::services
