// Amounts: String(16,2), at most 14 digits before the point and 2 behind it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace batal::snap {

// "10000.00" -> 1000000 hundredths. Exactly two decimals, no sign, no leading "." or grouping;
// leading zeros are numbers all the same ("0010.00" is 10.00).
std::optional<std::int64_t> parse_amount(std::string_view text);

// As above, and "1500" is 1500.00: what official clients send when they create.
std::optional<std::int64_t> parse_loose_amount(std::string_view text);

// For what the parsers gave: not below 0.
void append_amount(std::string& out, std::int64_t hundredths);  // 150000 -> 1500.00

}  // namespace batal::snap
