// minify() and unescape() done slowly, character by character; for valid JSON only, where
// surrogates come in pairs and a backslash stands in strings only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace batal::snap {

inline std::string slow_minify(const std::string& json) {
  std::string out;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (in_string && json[i] == '\\') {
      out += json[i];
      out += json[++i];
      continue;
    }
    if (json[i] == '"') in_string = !in_string;
    const bool white = json[i] == ' ' || json[i] == '\t' || json[i] == '\n' || json[i] == '\r';
    if (in_string || !white) out += json[i];
  }
  return out;
}

inline std::uint32_t slow_unit(const std::string& json, std::size_t at) {
  return static_cast<std::uint32_t>(std::stoul(json.substr(at + 2, 4), nullptr, 16));
}

inline std::string slow_utf8(std::uint32_t point) {
  const auto byte = [](std::uint32_t value) { return std::string(1, static_cast<char>(value)); };
  const auto tail = [&](std::uint32_t value) { return byte(0x80 + value % 0x40); };
  if (point < 0x800) return byte(0xC0 + point / 0x40) + tail(point);
  if (point < 0x10000) return byte(0xE0 + point / 0x1000) + tail(point / 0x40) + tail(point);
  return byte(0xF0 + point / 0x40000) + tail(point / 0x1000) + tail(point / 0x40) + tail(point);
}

inline std::string slow_unescape(const std::string& json) {
  std::string out;
  for (std::size_t i = 0; i < json.size();) {
    if (json[i] != '\\') {
      out += json[i++];
    } else if (json[i + 1] == '/') {
      out += '/';
      i += 2;
    } else if (json[i + 1] != 'u') {
      out += json.substr(i, 2);
      i += 2;
    } else if (const auto unit = slow_unit(json, i); unit >= 0xD800 && unit < 0xDC00) {
      out += slow_utf8(0x10000 + (unit - 0xD800) * 0x400 + slow_unit(json, i + 6) - 0xDC00);
      i += 12;
    } else {
      const bool stays = unit < 0x80 || unit == 0x2028 || unit == 0x2029;
      out += stays ? json.substr(i, 6) : slow_utf8(unit);
      i += 6;
    }
  }
  return out;
}

}  // namespace batal::snap
