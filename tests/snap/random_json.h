// Random JSON from a tape of bytes: rapidcheck makes and shrinks the tape, so a failure shrinks to
// a small text. An empty tape gives "{}".
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace batal::snap {

class RandomJson {
 public:
  explicit RandomJson(std::vector<std::uint8_t> tape) : tape_(std::move(tape)) {}

  std::string object() {
    space();
    members(0);
    space();
    return std::move(out_);
  }

 private:
  std::size_t choose(std::size_t count) {
    return next_ < tape_.size() ? tape_[next_++] % count : 0;
  }

  void space() {
    constexpr std::array<std::string_view, 6> kSpaces{"", "", " ", "\t", "\r\n", "  "};
    out_ += kSpaces[choose(kSpaces.size())];
  }

  void value(int depth) {
    space();
    switch (choose(depth < 5 ? 6 : 4)) {
      case 0:
        text();
        break;
      case 1:
        out_ += pick({"0", "-1", "12.50", "1e400", "-0.1E+2", "98765432109876543210"});
        break;
      case 2:
        out_ += pick({"true", "false"});
        break;
      case 3:
        out_ += "null";
        break;
      case 4:
        members(depth + 1);
        break;
      case 5:
        elements(depth + 1);
        break;
    }
    space();
  }

  void members(int depth) {
    out_ += '{';
    const std::size_t count = choose(5);
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out_ += ',';
      space();
      out_ += '"';
      out_ += std::to_string(i);  // keeps the keys of one object apart
      characters();
      out_ += '"';
      space();
      out_ += ':';
      value(depth);
    }
    if (count == 0) space();
    out_ += '}';
  }

  void elements(int depth) {
    out_ += '[';
    const std::size_t count = choose(4);
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out_ += ',';
      value(depth);
    }
    if (count == 0) space();
    out_ += ']';
  }

  void text() {
    out_ += '"';
    characters();
    out_ += '"';
  }

  void characters() {
    const std::size_t count = choose(5);
    for (std::size_t i = 0; i < count; ++i) {
      out_ += pick({"a",
                    " ",
                    "/",
                    "{",
                    "]",
                    ",",
                    ":",
                    "\xC3\xA9",
                    "\xE2\x80\xA8",
                    "\xF0\x9F\x98\x80",
                    "\\/",
                    "\\\\",
                    "\\\"",
                    "\\n",
                    "\\t",
                    "\\u0022",
                    "\\u005c",
                    "\\u002F",
                    "\\u000a",
                    "\\u007f",
                    "\\u0080",
                    "\\u00e9",
                    "\\u07FF",
                    "\\u0800",
                    "\\u2027",
                    "\\u2028",
                    "\\u2029",
                    "\\u202a",
                    "\\uD83D\\uDE00",
                    "\\udbff\\udfff",
                    "\\ud7ff",
                    "\\ue000",
                    "\\uffff"});
    }
  }

  std::string_view pick(std::vector<std::string_view> from) { return from[choose(from.size())]; }

  std::vector<std::uint8_t> tape_;
  std::size_t next_ = 0;
  std::string out_;
};

}  // namespace batal::snap
