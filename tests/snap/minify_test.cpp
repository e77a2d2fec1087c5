#include "snap/minify.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "snap/random_json.h"

namespace batal::snap {
namespace {

std::string minified(std::string_view json) {
  std::string out = "what was in it before";
  minify(json, out);
  return out;
}

std::string unescaped(std::string_view json) {
  std::string out = "what was in it before";
  const bool differs = unescape(json, out);
  EXPECT_EQ(differs, out != json) << json;
  return out;
}

std::string slow_minify(const std::string& json) {
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

std::uint32_t slow_unit(const std::string& json, std::size_t at) {
  return static_cast<std::uint32_t>(std::stoul(json.substr(at + 2, 4), nullptr, 16));
}

std::string slow_utf8(std::uint32_t point) {
  const auto byte = [](std::uint32_t value) { return std::string(1, static_cast<char>(value)); };
  const auto tail = [&](std::uint32_t value) { return byte(0x80 + value % 0x40); };
  if (point < 0x800) return byte(0xC0 + point / 0x40) + tail(point);
  if (point < 0x10000) return byte(0xE0 + point / 0x1000) + tail(point / 0x40) + tail(point);
  return byte(0xF0 + point / 0x40000) + tail(point / 0x1000) + tail(point / 0x40) + tail(point);
}

// For valid JSON only, where surrogates come in pairs and a backslash stands in strings only.
std::string slow_unescape(const std::string& json) {
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

struct Pair {
  std::string_view from, to;
};

TEST(Minify, RemovesWhiteSpaceOutsideStringsAndNothingElse) {
  const std::vector<Pair> cases = {
      {"", ""},
      {" \t\r\n", ""},
      {"{ \"a\" :\t1 ,\r\n\"b\": [ 1 , 2 ] }", "{\"a\":1,\"b\":[1,2]}"},
      {R"({ "a b" : " c  d " })", R"({"a b":" c  d "})"},
      {R"({"partnerServiceId": "    1234"})", R"({"partnerServiceId":"    1234"})"},
      {R"({"a": "\" ,\\" , "b": 1})", R"({"a":"\" ,\\","b":1})"},
      {R"({"z":1, "a":1.00, "a":null})", R"({"z":1,"a":1.00,"a":null})"},
      {"{\"a\":\"\xC2\xA0 \xE2\x80\xA8\"}", "{\"a\":\"\xC2\xA0 \xE2\x80\xA8\"}"},
      {"\v\f{}", "\v\f{}"},
      {R"({"a": "unclosed )", R"({"a": "unclosed )"},
      {"not json", "notjson"},
  };
  for (const auto& [from, to] : cases) EXPECT_EQ(minified(from), to) << from;
}

TEST(Minify, KeepsEveryByteOfTextsAroundTheWidthsOfVectorRegisters) {
  for (std::size_t size = 0; size < 300; ++size) {
    const std::string inside = "{\"" + std::string(size, ' ') + "\":1}";
    EXPECT_EQ(minified(inside), inside);
    EXPECT_EQ(minified(std::string(size, ' ') + inside + std::string(size, '\n')), inside);
  }
}

TEST(Minify, AgreesWithTheSlowReference) {
  ASSERT_TRUE(rc::check([](const std::vector<std::uint8_t>& tape) {
    const std::string json = RandomJson(tape).object();
    const std::string once = minified(json);
    RC_ASSERT(once == slow_minify(json));
    RC_ASSERT(minified(once) == once);
  }));
}

TEST(Unescape, UndoesSlashesAndCharactersFromU0080) {
  const std::vector<Pair> cases = {
      {R"("a\/b")", "\"a/b\""},
      {R"("\/\/")", "\"//\""},
      {R"("\u0080")", "\"\xC2\x80\""},
      {R"("\u00e9\u00E9")", "\"\xC3\xA9\xC3\xA9\""},
      {R"("\u07ff\u0800")", "\"\xDF\xBF\xE0\xA0\x80\""},
      {R"("\u2027\u202a")", "\"\xE2\x80\xA7\xE2\x80\xAA\""},
      {R"("\ud7ff\ue000\uffff")", "\"\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\""},
      {R"("\ud800\udc00\uDBFF\uDFFF")", "\"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\""},
      {R"("\\\/")", R"("\\/")"},
      {R"("\\\\\u00e9")", "\"\\\\\\\\\xC3\xA9\""},
  };
  for (const auto& [from, to] : cases) EXPECT_EQ(unescaped(from), to) << from;
}

TEST(Unescape, LeavesEverythingThatCouldRestructureTheText) {
  const std::vector<std::string_view> cases = {
      R"("\"")",
      R"("\\")",
      R"("\u0022")",
      R"("\u005c")",
      R"("\u0000")",
      R"("\u001f")",
      R"("\n\r\t\b\f")",
      R"("\u002f")",
      R"("\u007f")",
      R"("\\/")",
      R"("\\u00e9")",
      R"("\\\\/")",
      R"("\u2028\u2029")",
      R"("\ud83d")",
      R"("\ude00")",
      R"("\ude00\ud83d")",
      R"("\ude00\ude00")",
      R"("\ud83d\ud83d")",
      R"("\ud83dx")",
      R"("\ud83d\n")",
      R"("\ud83d\u00e)",
      R"("\udbff\u0041")",
      R"("\ud83dplain")",
      R"("\ud83d/ude00")",
      R"("\u00g9")",
      R"("\u00G9")",
      R"("\u00/9")",
      R"("\u00:9")",
      R"("\u00@9")",
      R"("\u00`9")",
      R"("\u00e)",
      R"("\U00e9")",
      R"(\)",
      R"("\u)",
      R"("/é")",
  };
  for (const auto text : cases) EXPECT_EQ(unescaped(text), text);
}

TEST(Unescape, AHalfPairStaysAndWhatFollowsItIsStillUndone) {
  EXPECT_EQ(unescaped(R"("\ud83d\u00e9")"), "\"\\ud83d\xC3\xA9\"");
  EXPECT_EQ(unescaped(R"("\ud83d\ud83d\ude00")"), "\"\\ud83d\xF0\x9F\x98\x80\"");
  EXPECT_EQ(unescaped(R"("\ud83d\/")"), R"("\ud83d/")");
}

TEST(Unescape, AgreesWithTheSlowReference) {
  ASSERT_TRUE(rc::check([](const std::vector<std::uint8_t>& tape) {
    const std::string json = minified(RandomJson(tape).object());
    RC_ASSERT(unescaped(json) == slow_unescape(json));
  }));
}

TEST(Unescape, SurvivesAnyBytes) {
  ASSERT_TRUE(rc::check([](const std::string& text) {
    const std::string form = unescaped(minified(text));
    RC_ASSERT(form.size() <= text.size());
  }));
}

}  // namespace
}  // namespace batal::snap
