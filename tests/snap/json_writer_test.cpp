#include "snap/json_writer.h"

#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "snap/document.h"

namespace batal::snap {
namespace {

TEST(JsonWriter, WritesMembersInTheOrderOfTheCalls) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("responseCode", "2005700").known("empty", "").known("known", "x");
  json.begin_object("amount")
      .member("value", "1.00")
      .end_object()
      .raw("additionalInfo", "{\"a\":[]}");
  json.number("least", std::numeric_limits<std::int64_t>::min());
  json.begin_array("list").element("a").element("").begin_object().end_object().element("b");
  json.end_array().begin_array("none").end_array().begin_object("nothing").end_object();
  json.member("last", "").end_object();
  EXPECT_EQ(out, R"({"responseCode":"2005700","known":"x","amount":{"value":"1.00"},)"
                 R"("additionalInfo":{"a":[]},"least":-9223372036854775808,)"
                 R"("list":["a","",{},"b"],"none":[],"nothing":{},"last":""})");
}

TEST(JsonWriter, AppendsToWhatIsThere) {
  std::string out = "before ";
  JsonWriter(out).begin_object().end_object();
  EXPECT_EQ(out, "before {}");
}

TEST(JsonWriter, EscapesOnlyWhatJsonDemands) {
  std::string out;
  JsonWriter(out).begin_object().member("k\"", std::string_view("\"\\/\b\f\n\r\t\0\x1f\x7f é", 14));
  EXPECT_EQ(out, "{\"k\\\"\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f é\"");
}

TEST(JsonWriter, WhatIsWrittenIsReadBack) {
  Document document;
  ASSERT_TRUE(rc::check([&] {
    const auto text = *rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
    std::string out;
    JsonWriter(out).begin_object().member(text, text).end_object();
    RC_ASSERT(document.parse(out));
    RC_ASSERT(document.values().at(1).key == text);
    RC_ASSERT(document.values().at(1).text == text);
  }));
}

}  // namespace
}  // namespace batal::snap
