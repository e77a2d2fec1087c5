// A slow validator of request bodies, written from RFC 8259 and the project's own refusals alone:
// one JSON object in valid UTF-8, no equal keys, no lone surrogates, at most 16 levels.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace batal::snap {

class ReferenceJson {
 public:
  static bool accepts(std::string_view text) {
    if (!is_utf8(text)) return false;
    ReferenceJson reader(text);
    reader.space();
    if (reader.peek() != '{' || !reader.value(0)) return false;
    return reader.at_ == text.size();
  }

 private:
  using Units = std::vector<std::uint32_t>;  // the characters of a string

  explicit ReferenceJson(std::string_view text) : text_(text) {}

  static bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
      const auto lead = static_cast<unsigned char>(text[i]);
      const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
      if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4 || i + length > text.size()) return false;
      std::uint32_t point = length == 1 ? lead : lead & (0x7Fu >> length);
      for (std::size_t k = 1; k < length; ++k) {
        const auto tail = static_cast<unsigned char>(text[i + k]);
        if (tail < 0x80 || tail > 0xBF) return false;
        point = (point << 6) | (tail & 0x3Fu);
      }
      if (length == 3 && (point < 0x800 || (point >= 0xD800 && point < 0xE000))) return false;
      if (length == 4 && (point < 0x10000 || point > 0x10FFFF)) return false;
      i += length;
    }
    return true;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  void space() {
    while (take(" ") || take("\t") || take("\n") || take("\r")) {
    }
  }

  bool value(int depth) {
    space();
    Units ignored;
    const bool good = peek() == '{'   ? object(depth + 1)
                      : peek() == '[' ? array(depth + 1)
                      : peek() == '"' ? string(ignored)
                                      : take("true") || take("false") || take("null") || number();
    space();
    return good;
  }

  bool object(int depth) {
    if (depth > 16 || !take("{")) return false;
    std::set<Units> keys;
    space();
    if (take("}")) return true;
    do {
      space();
      Units key;
      if (!string(key) || !keys.insert(key).second) return false;
      space();
      if (!take(":") || !value(depth)) return false;
    } while (take(","));
    return take("}");
  }

  bool array(int depth) {
    if (depth > 16 || !take("[")) return false;
    space();
    if (take("]")) return true;
    do {
      if (!value(depth)) return false;
    } while (take(","));
    return take("]");
  }

  bool digits() {
    const std::size_t begin = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > begin;
  }

  bool number() {
    take("-");
    if (!take("0") && !digits()) return false;
    if (take(".") && !digits()) return false;
    if (take("e") || take("E")) {
      if (!take("+")) take("-");
      return digits();
    }
    return true;
  }

  bool hex4(std::uint32_t& unit) {
    if (at_ + 4 > text_.size()) return false;
    const std::string_view digits = "0123456789abcdef0123456789ABCDEF";
    unit = 0;
    for (int i = 0; i < 4; ++i) {
      const auto digit = digits.find(text_[at_++]);
      if (digit == std::string_view::npos) return false;
      unit = unit * 16 + static_cast<std::uint32_t>(digit % 16);
    }
    return true;
  }

  bool unicode(Units& into) {
    std::uint32_t unit = 0;
    if (!hex4(unit)) return false;
    if (unit >= 0xDC00 && unit < 0xE000) return false;
    if (unit >= 0xD800 && unit < 0xDC00) {
      std::uint32_t low = 0;
      if (!take("\\u") || !hex4(low) || low < 0xDC00 || low > 0xDFFF) return false;
      unit = 0x10000 + (unit - 0xD800) * 0x400 + (low - 0xDC00);
    }
    into.push_back(unit);
    return true;
  }

  bool escape(Units& into) {
    if (take("u")) return unicode(into);
    const std::string_view names = "\"\\/bfnrt";
    const auto name = names.find(peek());
    if (name == std::string_view::npos || at_ == text_.size()) return false;
    ++at_;
    into.push_back(static_cast<unsigned char>("\"\\/\b\f\n\r\t"[name]));
    return true;
  }

  std::uint32_t raw_character() {
    std::uint32_t point = static_cast<unsigned char>(text_[at_++]);
    if (point < 0x80) return point;
    point &= point < 0xE0 ? 0x1Fu : point < 0xF0 ? 0x0Fu : 0x07u;
    while ((static_cast<unsigned char>(peek()) & 0xC0) == 0x80) {
      point = (point << 6) | (static_cast<unsigned char>(text_[at_++]) & 0x3Fu);
    }
    return point;
  }

  bool string(Units& into) {
    if (!take("\"")) return false;
    while (at_ < text_.size()) {
      if (take("\"")) return true;
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return false;
      if (take("\\")) {
        if (!escape(into)) return false;
      } else {
        into.push_back(raw_character());
      }
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace batal::snap
