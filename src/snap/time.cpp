#include "snap/time.h"

#include <array>
#include <cstddef>
#include <span>

namespace batal::snap {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr hours kJakarta{7};
constexpr std::string_view kDateTime = "0000-00-00T00:00:00";
constexpr std::string_view kOffset = "+00:00";
constexpr std::size_t kFractionMax = 9;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A '0' of the form stands for any digit, everything else for itself.
bool has_form(std::string_view text, std::string_view form) {
  if (text.size() != form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '0' ? !is_digit(text[i]) : text[i] != form[i]) return false;
  }
  return true;
}

int number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

std::optional<Time> parse_date_time(std::string_view text) {
  if (!has_form(text, kDateTime)) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year{number(text.substr(0, 4))},
      std::chrono::month{static_cast<unsigned>(number(text.substr(5, 2)))},
      std::chrono::day{static_cast<unsigned>(number(text.substr(8, 2)))}};
  const int hour = number(text.substr(11, 2));
  const int minute = number(text.substr(14, 2));
  const int second = number(text.substr(17, 2));
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::sys_days{date} + hours{hour} + minutes{minute} + seconds{second};
}

// Takes ".123" off the front of `rest`; nothing if there is a point but not 1 to 9 digits.
std::optional<microseconds> take_fraction(std::string_view& rest) {
  if (!rest.starts_with('.')) return microseconds{0};
  rest.remove_prefix(1);
  std::size_t count = 0;
  int micros = 0;
  while (count < rest.size() && is_digit(rest[count])) {
    if (count < 6) micros = micros * 10 + (rest[count] - '0');
    ++count;
  }
  if (count == 0 || count > kFractionMax) return std::nullopt;
  for (std::size_t i = count; i < 6; ++i) micros *= 10;
  rest.remove_prefix(count);
  return microseconds{micros};
}

std::optional<minutes> parse_offset(std::string_view text) {
  if (text == "Z") return minutes{0};
  const bool west = text.starts_with('-');
  if (!west && !text.starts_with('+')) return std::nullopt;
  if (!has_form(text.substr(1), kOffset.substr(1))) return std::nullopt;
  const int hour = number(text.substr(1, 2));
  const int minute = number(text.substr(4, 2));
  if (hour > 23 || minute > 59) return std::nullopt;
  const minutes offset = hours{hour} + minutes{minute};
  return west ? -offset : offset;
}

bool is_writable(Time time) {
  constexpr std::chrono::sys_days kFirst{std::chrono::year{0} / 1 / 1};
  constexpr std::chrono::sys_days kEnd{std::chrono::year{10000} / 1 / 1};
  return time >= kFirst && time + kJakarta < kEnd;
}

struct Civil {
  int year;
  unsigned month, day;
  std::int64_t hour, minute, second;
};

Civil civil(Time time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<seconds>(time - day)};
  return {static_cast<int>(date.year()),     static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()), clock.hours().count(),
          clock.minutes().count(),           clock.seconds().count()};
}

// Writes a date and time into a form: a run of '0' for each of year, month, day, hour, minute and
// second, and all else as it stands.
void fill(std::span<char> form, const Civil& c) {
  const std::array<std::int64_t, 6> numbers{c.year, c.month, c.day, c.hour, c.minute, c.second};
  constexpr std::array<std::size_t, numbers.size()> kWidths{4, 2, 2, 2, 2, 2};
  auto place = form.begin();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    while (*place != '0') ++place;
    std::int64_t rest = numbers[i];
    for (std::size_t digit = kWidths[i]; digit-- > 0; rest /= 10) {
      place[static_cast<std::ptrdiff_t>(digit)] = static_cast<char>('0' + rest % 10);
    }
    place += static_cast<std::ptrdiff_t>(kWidths[i]);
  }
}

std::string compact(Time time) {
  std::string text = "00000000000000";
  fill(text, civil(time));
  return text;
}

}  // namespace

Time system_now() {
  return std::chrono::floor<microseconds>(std::chrono::system_clock::now());
}

std::optional<Time> parse_timestamp(std::string_view text) {
  const auto local = parse_date_time(text.substr(0, kDateTime.size()));
  if (!local) return std::nullopt;
  auto rest = text.substr(kDateTime.size());
  const auto fraction = take_fraction(rest);
  const auto offset = parse_offset(rest);
  if (!fraction || !offset) return std::nullopt;
  const Time time = *local + *fraction - *offset;
  if (!is_writable(time)) return std::nullopt;
  return time;
}

void append_timestamp(std::string& out, Time time) {
  const std::size_t begin = out.size();
  out.append(kDateTime).append("+07:00");
  fill(std::span(out).subspan(begin, kDateTime.size()), civil(time + kJakarta));
}

std::string timestamp(Time time) {
  std::string text;
  append_timestamp(text, time);
  return text;
}

std::string compact_local(Time time) {
  return compact(time + kJakarta);
}

std::string compact_utc(Time time) {
  return compact(time);
}

}  // namespace batal::snap
