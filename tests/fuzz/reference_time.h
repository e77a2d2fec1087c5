// RFC 3339 as docs/protocol.md wants it, read slowly: a regular expression and a calendar that
// counts days. Written from the standard alone, to compare snap/time with.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <string_view>

namespace batal::fuzz {

namespace reference {

inline constexpr std::int64_t kMicros = 1'000'000;
inline constexpr std::int64_t kDay = 86'400 * kMicros;
inline constexpr std::int64_t kDaysBefore1970 = 719'528;  // from 1 January of the year 0

inline bool is_leap(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

inline std::int64_t days_in(std::int64_t year, std::int64_t month) {
  constexpr std::array<std::int64_t, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays.at(static_cast<std::size_t>(month - 1));
}

inline std::int64_t days_before(std::int64_t year, std::int64_t month) {
  std::int64_t days = 365 * year + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
  for (std::int64_t earlier = 1; earlier < month; ++earlier) days += days_in(year, earlier);
  return days - kDaysBefore1970;
}

inline std::int64_t micros_of(std::string fraction) {
  fraction.resize(6, '0');
  return std::stoll(fraction);
}

}  // namespace reference

// Microseconds since 1970-01-01 UTC; nothing where the text is no timestamp.
inline std::optional<std::int64_t> reference_micros(std::string_view text) {
  static const std::regex kForm(
      R"((\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.(\d{1,9}))?(Z|([+-])(\d\d):(\d\d)))");
  std::cmatch part;
  if (!std::regex_match(text.data(), text.data() + text.size(), part, kForm)) return std::nullopt;
  const auto number = [&](std::size_t i) -> std::int64_t {
    return part[i].matched ? std::stoll(part[i].str()) : 0;
  };
  const auto year = number(1), month = number(2), day = number(3);
  const auto hour = number(4), minute = number(5), second = number(6);
  if (month < 1 || month > 12 || day < 1 || day > reference::days_in(year, month)) return {};
  if (hour > 23 || minute > 59 || second > 59 || number(11) > 23 || number(12) > 59) return {};

  std::int64_t offset = (number(11) * 60 + number(12)) * 60 * reference::kMicros;
  if (part[10].str() == "-") offset = -offset;
  const std::int64_t micros = (reference::days_before(year, month) + day - 1) * reference::kDay +
                              ((hour * 60 + minute) * 60 + second) * reference::kMicros +
                              reference::micros_of(part[8].str()) - offset;
  const std::int64_t jakarta = 7 * 3600 * reference::kMicros;
  if (micros < reference::days_before(0, 1) * reference::kDay) return {};
  if (micros + jakarta >= reference::days_before(10'000, 1) * reference::kDay) return {};
  return micros;
}

}  // namespace batal::fuzz
