#include "snap/minify.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include <simdjson.h>

namespace batal::snap {
namespace {

constexpr std::size_t kEscapeLength = 6;  // \uXXXX

// The number in the \uXXXX at the front of `text`; nothing if there is none.
std::optional<std::uint32_t> escaped_unit(std::string_view text) {
  if (text.size() < kEscapeLength || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  std::uint32_t unit = 0;
  for (const char c : text.substr(2, 4)) {
    unit <<= 4;
    if (c >= '0' && c <= '9') {
      unit |= static_cast<std::uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      unit |= static_cast<std::uint32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      unit |= static_cast<std::uint32_t>(c - 'A' + 10);
    } else {
      return std::nullopt;
    }
  }
  return unit;
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto tail = [](std::uint32_t bits) { return static_cast<char>(0x80 | (bits & 0x3F)); };
  if (point < 0x800) {
    out += static_cast<char>(0xC0 | (point >> 6));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | (point >> 12));
    out += tail(point >> 6);
  } else {
    out += static_cast<char>(0xF0 | (point >> 18));
    out += tail(point >> 12);
    out += tail(point >> 6);
  }
  out += tail(point);
}

bool is_high_surrogate(std::uint32_t unit) {
  return unit >= 0xD800 && unit < 0xDC00;
}
bool is_low_surrogate(std::uint32_t unit) {
  return unit >= 0xDC00 && unit < 0xE000;
}

// Appends what the escape at the front of `text` stands for if the second form has it undone;
// says how many bytes of `text` that took, 0 if the escape is to stay.
std::size_t undo_escape(std::string_view text, std::string& out) {
  if (text.starts_with("\\/")) {
    out += '/';
    return 2;
  }
  const auto unit = escaped_unit(text);
  if (!unit || *unit < 0x80 || *unit == 0x2028 || *unit == 0x2029) return 0;
  if (!is_high_surrogate(*unit) && !is_low_surrogate(*unit)) {
    append_utf8(out, *unit);
    return kEscapeLength;
  }
  const auto low = escaped_unit(text.substr(kEscapeLength));
  if (!is_high_surrogate(*unit) || !low || !is_low_surrogate(*low)) return 0;
  append_utf8(out, 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00));
  return 2 * kEscapeLength;
}

}  // namespace

void minify(std::string_view json, std::string& out) {
  out.resize(json.size());
  std::size_t size = 0;
  if (simdjson::minify(json.data(), json.size(), out.data(), size) != simdjson::SUCCESS) {
    out = json;
    return;
  }
  out.resize(size);
}

bool unescape(std::string_view minified, std::string& out) {
  out.clear();
  bool differs = false;
  while (!minified.empty()) {
    const auto plain = minified.substr(0, minified.find('\\'));
    out += plain;
    minified.remove_prefix(plain.size());
    std::size_t taken = undo_escape(minified, out);
    differs |= taken > 0;
    if (taken == 0) {
      // What stays, stays with the character behind the backslash, which may be a backslash.
      taken = std::min<std::size_t>(minified.size(), 2);
      out += minified.substr(0, taken);
    }
    minified.remove_prefix(taken);
  }
  return differs;
}

}  // namespace batal::snap
