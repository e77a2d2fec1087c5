#include "snap/minify.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "snap/random_json.h"
#include "snap/reference_minify.h"

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
