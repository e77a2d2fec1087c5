// Fuzzed: a text, read by snap::parse_timestamp.
//
// Asserted: it is read exactly when the slow reader of reference_time.h reads it, and as the same
// instant; what is read can be written, is read back as the same second, and its three forms tell
// one time.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/reference_time.h"
#include "fuzz/require.h"
#include "snap/time.h"

namespace batal::fuzz {
namespace {

std::string digits_of(std::string_view timestamp) {
  std::string digits(timestamp.substr(0, timestamp.find('+')));
  std::erase_if(digits, [](char c) { return c < '0' || c > '9'; });
  return digits;
}

void check_forms(snap::Time time) {
  const std::string text = snap::timestamp(time);
  require(text.size() == 25 && text.ends_with("+07:00"), "25 characters, in Jakarta's time");
  const auto back = snap::parse_timestamp(text);
  require(back == std::chrono::floor<std::chrono::seconds>(time), "read back as the same second");
  require_equal(snap::compact_local(time), digits_of(text), "the compact form tells the same");
  require(reference_micros(text) == back->time_since_epoch().count(), "others read it alike");
}

void check_utc(snap::Time time) {
  const std::string utc = snap::compact_utc(time);
  const std::string text = utc.substr(0, 4) + "-" + utc.substr(4, 2) + "-" + utc.substr(6, 2) +
                           "T" + utc.substr(8, 2) + ":" + utc.substr(10, 2) + ":" + utc.substr(12) +
                           "Z";
  require(snap::parse_timestamp(text) == std::chrono::floor<std::chrono::seconds>(time),
          "the compact form in UTC tells the same");
}

}  // namespace
}  // namespace batal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace batal;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto time = snap::parse_timestamp(text);
  const auto reference = fuzz::reference_micros(text);
  fuzz::require(time.has_value() == reference.has_value(), "read exactly when the reference does");
  if (!time) return 0;
  fuzz::require(time->time_since_epoch().count() == *reference, "read as the same instant");
  fuzz::check_forms(*time);
  fuzz::check_utc(*time);
  return 0;
}
