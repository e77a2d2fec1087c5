#include "snap/document.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "snap/random_json.h"
#include "snap/reference_json.h"

namespace batal::snap {
namespace {

bool accepts(std::string_view json) {
  Document document;
  const bool accepted = document.parse(json);
  EXPECT_EQ(accepted, ReferenceJson::accepts(json)) << json;
  EXPECT_EQ(document.values().empty(), !accepted) << json;
  return accepted;
}

// The value where a value may stand, at every position that an object has for one.
std::vector<std::string> everywhere(const std::string& value) {
  return {
      "{\"k\":" + value + "}",
      "{\"a\":1,\"k\":" + value + ",\"b\":2}",
      "{\"k\": " + value + " }",
      "{\"k\":[" + value + "]}",
      "{\"k\":[1," + value + ",2]}",
      "{\"k\":[{\"l\":" + value + "}],\"z\":[]}",
      "{\"k\":{\"l\":{\"m\":" + value + "}}}",
  };
}

// `levels` objects or arrays, the root included, the innermost empty.
std::string nested(char innermost, std::size_t levels) {
  std::string text = innermost == '[' ? "[]" : "{}";
  for (std::size_t i = 1; i < levels; ++i) {
    text = i % 2 == 0 && i + 1 < levels ? "[" + text + "]" : "{\"k\":" + text + "}";
  }
  return text;
}

TEST(Document, KeepsEveryValueInTheOrderOfTheText) {
  Document document;
  ASSERT_TRUE(document.parse(
      " { \"s\" : \"a\\u00e9\\n\" , \"n\" : -1.50 , \"t\":true,\"f\": false ,\"z\":null,"
      "\"o\" : { \"i\" : [ 1 , {} ] } , \"e\" : [ ] } \n"));
  struct Expected {
    JsonKind kind;
    std::uint32_t parent, children;
    std::string_view key, text;
  };
  const std::vector<Expected> expected = {
      {JsonKind::Object, 0, 7, "",
       "{ \"s\" : \"a\\u00e9\\n\" , \"n\" : -1.50 , \"t\":true,\"f\": false ,\"z\":null,"
       "\"o\" : { \"i\" : [ 1 , {} ] } , \"e\" : [ ] }"},
      {JsonKind::String, 0, 0, "s", "a\xC3\xA9\n"},
      {JsonKind::Number, 0, 0, "n", "-1.50"},
      {JsonKind::Boolean, 0, 0, "t", "true"},
      {JsonKind::Boolean, 0, 0, "f", "false"},
      {JsonKind::Null, 0, 0, "z", "null"},
      {JsonKind::Object, 0, 1, "o", "{ \"i\" : [ 1 , {} ] }"},
      {JsonKind::Array, 6, 2, "i", "[ 1 , {} ]"},
      {JsonKind::Number, 7, 0, "", "1"},
      {JsonKind::Object, 7, 0, "", "{}"},
      {JsonKind::Array, 0, 0, "e", "[ ]"},
  };
  ASSERT_EQ(document.values().size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const JsonValue& value = document.values()[i];
    EXPECT_EQ(value.kind, expected[i].kind) << i;
    EXPECT_EQ(value.parent, expected[i].parent) << i;
    EXPECT_EQ(value.children, expected[i].children) << i;
    EXPECT_EQ(value.key, expected[i].key) << i;
    EXPECT_EQ(value.text, expected[i].text) << i;
  }
}

TEST(Document, FindsByDottedPath) {
  Document document;
  ASSERT_TRUE(document.parse(
      R"({"x":{"value":"no"},"amount":{"inner":{"deep":"d"},"value":"1.00","currency":null},)"
      R"("list":[{"type":"first"},{"type":"second"}],"nested":[[{"a":"b"}]],"none":[],"":"empty",)"
      R"("texts":["t"],"last\u0041":1})"));
  const std::vector<std::pair<std::string_view, std::string_view>> found = {
      {"amount.value", "1.00"},
      {"amount.inner.deep", "d"},
      {"amount.currency", "null"},
      {"list.type", "first"},
      {"nested.a", "b"},
      {"none", "[]"},
      {"", "empty"},
      {"lastA", "1"},
      {"texts", "[\"t\"]"},
      {"x", "{\"value\":\"no\"}"},
  };
  for (const auto& [path, text] : found) {
    ASSERT_NE(document.find(path), nullptr) << path;
    EXPECT_EQ(document.find(path)->text, text) << path;
  }
  for (const auto* path : {"value", "amount.deep", "amount.value.x", "none.a", "texts.t", "missing",
                           "missing.value", "amount.", ".amount", "list.0", "amount.currency.x"}) {
    EXPECT_EQ(document.find(path), nullptr) << path;
  }
}

TEST(Document, IsEmptyBeforeAndAfterWhatItRefuses) {
  Document document;
  EXPECT_EQ(document.find("a"), nullptr);
  ASSERT_TRUE(document.parse(R"({"a":1})"));
  ASSERT_FALSE(document.parse(R"({"a":1)"));
  EXPECT_TRUE(document.values().empty());
  EXPECT_EQ(document.find("a"), nullptr);
}

TEST(Document, OwnsWhatItShows) {
  Document document;
  {
    std::string text = R"({"a":"one","b":{"c":2}})";
    ASSERT_TRUE(document.parse(text));
    std::ranges::fill(text, 'x');
  }
  EXPECT_EQ(document.find("a")->text, "one");
  EXPECT_EQ(document.find("b")->text, "{\"c\":2}");
  ASSERT_TRUE(document.parse(R"({"a":"a longer text than the one before"})"));
  EXPECT_EQ(document.find("a")->text, "a longer text than the one before");
}

TEST(Document, NothingOfAnEarlierRequestClosesALaterOne) {
  Document document;
  ASSERT_TRUE(document.parse(R"({"a":{"b":{"c":{"d":1}}}})"));
  for (const auto* text : {R"({"a":{"b":{"c":{"d":1}}})", R"({"a":{"b":{"c":{)", R"({"a":{})",
                           R"({"a":[})", R"({"a":"})", R"({)", R"({"a":{"b":1})"}) {
    EXPECT_FALSE(document.parse(text)) << text;
    ASSERT_TRUE(document.parse(R"({"a":{"b":{"c":{"d":1}}}})"));
  }
}

TEST(Document, AcceptsEveryGoodScalarEverywhere) {
  for (const std::string value : {"0",
                                  "-0",
                                  "1",
                                  "-12",
                                  "10",
                                  "0.5",
                                  "1.50",
                                  "1e5",
                                  "1E+5",
                                  "1e-05",
                                  "0e0",
                                  "0.0e1",
                                  "1e400",
                                  "-1e-400",
                                  "123456789012345678901234567890",
                                  "3.14159265358979323846264338327950288",
                                  "true",
                                  "false",
                                  "null",
                                  "\"\"",
                                  "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
                                  "\"\\u0000\\u001f\\uD83D\\uDE00\"",
                                  "\"\x7f\xC2\x80\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF\"",
                                  "\"}\"",
                                  "\"{[,:\"",
                                  "{}",
                                  "[]"}) {
    for (const auto& json : everywhere(value)) EXPECT_TRUE(accepts(json)) << json;
  }
}

const std::vector<std::string> kBadNumbers = {
    "+1",   ".5",  "1.",       "-",         "-.5",   "01",     "-01",     "00",
    "1.e5", "1e",  "1e+",      "1e5.5",     "1.2.3", "0x1",    "1_0",     "1a",
    "--1",  "NaN", "Infinity", "-Infinity", "1 2",   "1\"a\"", "\xD9\xA1"};

const std::vector<std::string> kBadWords = {
    "tru",    "truee", "True",  "TRUE",      "true1",     "true false", "fals",
    "falsee", "nul",   "nulll", "null null", "undefined", "t",          "n",
    "'a'",    "a",     "/**/1", "1//",       "\\",        "\x01",       "\v1"};

const std::vector<std::string> kBadStrings = {"\"",          "\"a",         "a\"",      "\"a\"b",
                                              "\"a\" \"b\"", "\"\\\"",      "\"\\x\"",  "\"\\u12\"",
                                              "\"\\u12g4\"", "\"\\U0041\"", "\"\x01\"", "\"\n\"",
                                              "\"\t\"",      "\"\x1f\"",    "\"\\\n\""};

const std::vector<std::string> kLoneSurrogates = {
    "\"\\ud83d\"",        "\"\\ude00\"",        "\"\\ud83dx\"",         "\"\\ud83d\\n\"",
    "\"\\ud83d\\u0041\"", "\"\\ud83d\\ud83d\"", "\"\\ude00\\ud83d\"",   "\"\\udbff\\ue000\"",
    "\"\\udfff\"",        "\"x\\udc00y\"",      "\"\\ud83d\\\\ude00\"", "\"\\ud83d ude00\""};

const std::vector<std::string> kBadUtf8 = {"\"\x80\"",
                                           "\"\xC3\"",
                                           "\"\xC0\xAF\"",
                                           "\"\xE2\x80\"",
                                           "\"\xE0\x80\x80\"",
                                           "\"\xED\xA0\xBD\"",
                                           "\"\xED\xA0\xBD\xED\xB8\x80\"",
                                           "\"\xF4\x90\x80\x80\"",
                                           "\"\xF8\x88\x80\x80\x80\"",
                                           "\"\xFF\""};

const std::vector<std::string> kBadBrackets = {",",
                                               ":",
                                               "{",
                                               "}",
                                               "[",
                                               "]",
                                               "{]",
                                               "[}",
                                               "[1,]",
                                               "[,1]",
                                               "[,]",
                                               "[1 2]",
                                               "[1:2]",
                                               "[1,,2]",
                                               "{\"a\"}",
                                               "{\"a\":}",
                                               "{\"a\":1,}",
                                               "{,}",
                                               "{,\"a\":1}",
                                               "{\"a\" 1}",
                                               "{\"a\",1}",
                                               "{\"a\":1:2}",
                                               "{a:1}",
                                               "{1:1}",
                                               "{null:1}",
                                               "{\"a\":1 \"b\":2}",
                                               "{\"a\":1,,\"b\":2}",
                                               "{\"a\"::1}",
                                               "[[]",
                                               "[]]",
                                               "{{}}",
                                               "{[]:1}"};

TEST(Document, RefusesEveryBadValueEverywhere) {
  for (const auto* values :
       {&kBadNumbers, &kBadWords, &kBadStrings, &kLoneSurrogates, &kBadUtf8, &kBadBrackets}) {
    for (const auto& value : *values) {
      for (const auto& json : everywhere(value)) EXPECT_FALSE(accepts(json)) << json;
    }
  }
}

TEST(Document, RefusesWhatIsNotOneObject) {
  const std::vector<std::string> cases = {
      "",
      " ",
      "\n",
      "1",
      "\"a\"",
      "null",
      "true",
      "[]",
      "[{}]",
      "{",
      "}",
      "{}}",
      "{{}",
      "{} {}",
      "{}{}",
      "{}1",
      "{} x",
      "{},",
      ",{}",
      "{}]",
      "{}\"\"",
      "x{}",
      "{}null",
      "\xEF\xBB\xBF{}",
      "{}\xEF\xBB\xBF",
      "{}\x01",
      std::string("{}\0", 3),
      std::string("\0{}", 3),
      "{}\xFF",
      "\xC2\xA0{}",
      "\f{}",
      "{}\v",
      "{}//",
      "{\"a\":1}}",
      "{\"a\":1}{\"b\":2}",
      "{\"a\":1},{\"b\":2}",
  };
  for (const auto& json : cases) EXPECT_FALSE(accepts(json)) << json;
  for (const auto* json : {"{}", " {} ", "\t\r\n{\n}\n"}) EXPECT_TRUE(accepts(json)) << json;
}

TEST(Document, RefusesKeysThatAreNotGoodStrings) {
  for (const std::string key : {"\\ud83d", "\\ude00", "a\\ude00", "\\ud83d\\u0041", "\x01", "\n",
                                "\\x", "\\u00", "\xFF", "\xED\xA0\xBD"}) {
    for (const auto& json : everywhere("{\"" + key + "\":1}")) EXPECT_FALSE(accepts(json)) << json;
  }
}

TEST(Document, RefusesEqualKeysAfterUnescapingAtEveryLevel) {
  for (const std::string pair :
       {R"("a":1,"a":1)", R"("a":1,"b":2,"a":3)", R"("a":1,"\u0061":2)", R"("":1,"":2)",
        R"("/":1,"\/":2)", R"("\u00e9":1,"é":2)", R"("\ud83d\ude00":1,"😀":2)", R"("a":{},"a":[])",
        R"("\"":1,"\u0022":2)", R"("a":{"b":{"c":1}},"z":1,"a":null)"}) {
    EXPECT_FALSE(accepts("{" + pair + "}"));
    for (const auto& json : everywhere("{" + pair + "}")) EXPECT_FALSE(accepts(json)) << json;
  }
  EXPECT_TRUE(
      accepts(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}],"A":1,"a ":2,"\u00001":3,"":4})"));
}

TEST(Document, FindsEqualKeysInObjectsOfAnySize) {
  for (const int count : {2, 15, 16, 17, 18, 100}) {
    std::vector<std::string> members;
    for (int i = 0; i < count; ++i)
      members.push_back("\"k" + std::to_string(i) + "\":" + "{\"k\":0}");
    const auto object = [&] {
      std::string text = "{";
      for (const auto& member : members) text += member + ",";
      text.back() = '}';
      return text;
    };
    EXPECT_TRUE(accepts(object())) << count;
    members.front() = "\"k" + std::to_string(count - 1) + "\":1";
    EXPECT_FALSE(accepts(object())) << count;
  }
}

TEST(Document, ThousandsOfMembersCostNoMoreThanSorting) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += "\"k" + std::to_string(i) + "\":0,";
  text.back() = '}';
  Document document;
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(document.parse(text));
  // Comparing all pairs would take minutes.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(Document, AcceptsSixteenLevelsAndNoMore) {
  for (const char innermost : {'[', '{'}) {
    EXPECT_TRUE(accepts(nested(innermost, 16)));
    EXPECT_FALSE(accepts(nested(innermost, 17)));
    EXPECT_FALSE(accepts(nested(innermost, 1000)));
  }
}

TEST(Document, AcceptsWhateverIsRightAndKeepsItsText) {
  ASSERT_TRUE(rc::check([](const std::vector<std::uint8_t>& tape) {
    const std::string json = RandomJson(tape).object();
    RC_ASSERT(accepts(json));
    Document document;
    document.parse(json);
    for (const JsonValue& value : document.values()) {
      if (value.kind != JsonKind::Object) continue;
      RC_ASSERT(ReferenceJson::accepts(value.text));
      RC_ASSERT(value.text.front() == '{');
      RC_ASSERT(value.text.back() == '}');
    }
  }));
}

std::string damaged(std::string json, std::size_t position, int kind, char byte) {
  if (kind == 0) json[position] = byte;
  if (kind == 1) json.insert(position, 1, byte);
  if (kind == 2) json.erase(position, 1);
  if (kind == 3) json.resize(position);
  return json;
}

TEST(Document, AgreesWithTheSlowReferenceOnTextDamagedAtEveryPosition) {
  const std::string telling = "{}[]\",:\\/u0123456789abcdefDE-+.tfn \n\x01\xED\xA0";
  Document document;
  ASSERT_TRUE(rc::check([&](const std::vector<std::uint8_t>& tape) {
    const std::string json = RandomJson(tape).object();
    const int kind = *rc::gen::inRange(0, 4);
    const char byte = *rc::gen::oneOf(rc::gen::arbitrary<char>(), rc::gen::elementOf(telling));
    for (std::size_t position = 0; position < json.size(); ++position) {
      const std::string text = damaged(json, position, kind, byte);
      RC_ASSERT(document.parse(text) == ReferenceJson::accepts(text));
    }
  }));
}

}  // namespace
}  // namespace batal::snap
