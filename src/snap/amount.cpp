#include "snap/amount.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace batal::snap {
namespace {

constexpr std::size_t kWholeDigitsMax = 14;
constexpr std::size_t kDecimals = 2;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<std::int64_t> digits(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return value;
}

std::optional<std::int64_t> whole(std::string_view text) {
  if (text.size() > kWholeDigitsMax) return std::nullopt;
  return digits(text);
}

}  // namespace

std::optional<std::int64_t> parse_amount(std::string_view text) {
  const auto point = text.find('.');
  if (point == std::string_view::npos || text.size() - point - 1 != kDecimals) return std::nullopt;
  const auto units = whole(text.substr(0, point));
  const auto hundredths = digits(text.substr(point + 1));
  if (!units || !hundredths) return std::nullopt;
  return *units * 100 + *hundredths;
}

std::optional<std::int64_t> parse_loose_amount(std::string_view text) {
  const auto units = whole(text);
  if (!units) return parse_amount(text);
  return *units * 100;
}

void append_amount(std::string& out, std::int64_t hundredths) {
  fmt::format_to(std::back_inserter(out), "{}.{:02}", hundredths / 100, hundredths % 100);
}

}  // namespace batal::snap
