#include "snap/field.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace batal::snap {
namespace {

std::string repeat(std::string_view character, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += character;
  return text;
}

// "ok", or the case and the field that were complained about.
std::string verdict(std::span<const Field> table, const std::string& json) {
  Document document;
  if (!document.parse(json)) return "not JSON: " + json;
  const auto fields = check_fields(table, document);
  if (fields) return "ok";
  const bool missing = fields.error().what == Case::InvalidMandatoryField;
  EXPECT_TRUE(missing || fields.error().what == Case::InvalidFieldFormat);
  return (missing ? "missing " : "malformed ") + fields.error().detail;
}

struct Example {
  std::string json, verdict;
};

void expect_all(std::span<const Field> table, const std::vector<Example>& examples) {
  for (const auto& [json, expected] : examples) EXPECT_EQ(verdict(table, json), expected) << json;
}

struct TypeExample {
  FieldType type;
  std::uint16_t length_max;
  std::vector<std::string> good, bad;  // JSON values
};

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

const std::vector<TypeExample> kTypes = {
    {FieldType::String,
     4,
     {quoted("a"), quoted("abcd"), quoted("    "), quoted(repeat("\xC3\xA9", 4)),
      quoted(repeat("\xF0\x9F\x98\x80", 4)), quoted(repeat("\\ud83d\\ude00", 4)),
      quoted("\\u0000")},
     {quoted("abcde"), quoted(repeat("\xC3\xA9", 5)), quoted(repeat("\xF0\x9F\x98\x80", 5)),
      quoted(repeat("\\u00e9", 5)), "1", "true", "false", "[]", "[\"a\"]", "{\"a\":1}"}},
    {FieldType::String, 0, {quoted(repeat("x", 10'000))}, {"1"}},
    {FieldType::Digits,
     3,
     {quoted("0"), quoted("123"), quoted("000")},
     {quoted("1234"), quoted("12a"), quoted(" 12"), quoted("-12"), quoted("1.2"), quoted("12:"),
      quoted("1/"), quoted("\xD9\xA1"), "123"}},
    {FieldType::PaddedDigits,
     8,
     {quoted("    1234"), quoted("12345678"), quoted("       0")},
     {quoted("        "), quoted("   1234"), quoted("     1234"), quoted("1234    "),
      quoted("00 01234"), quoted("    12a4"), quoted("\\t\\t\\t\\t1234"), quoted("x   1234"),
      "12345678"}},
    {FieldType::Timestamp,
     25,
     {quoted("2020-01-01T00:00:00+07:00"), quoted("2020-01-01T00:00:00.123456789+07:00"),
      quoted("2020-01-01T00:00:00Z")},
     {quoted("2020-01-01"), quoted("2020-02-30T00:00:00Z"), quoted("now"), "1577811600"}},
    {FieldType::Amount,
     16,
     {quoted("0.00"), quoted("99999999999999.99"), quoted("0010.00")},
     {quoted("1500"), quoted("100000000000000.00"), quoted("1.0"), quoted("-1.00"), "1500.00"}},
    {FieldType::LooseAmount,
     16,
     {quoted("1500"), quoted("1500.00"), quoted("99999999999999")},
     {quoted("100000000000000"), quoted("1500.0"), quoted("1,500"), "1500"}},
    {FieldType::Currency,
     3,
     {quoted("IDR"), quoted("AZZ"), quoted("idr"), quoted("azZ")},
     {quoted("ID"), quoted("IDRX"), quoted("ID1"), quoted("I R"), quoted("ID@"), quoted("ID["),
      quoted("ID`"), quoted("ID{"), "360"}},
    {FieldType::Object,
     0,
     {"{\"a\":1}", "{\"a\":null}"},
     {quoted("x"), "1", "true", "[]", "[{\"a\":1}]"}},
    {FieldType::Array, 2, {"[]", "[1,[2,3]]"}, {"[1,2,3]"}},
    {FieldType::Array, 0, {"[]", "[1]", "[{}]"}, {quoted("x"), "1", "false", "{\"a\":1}"}},
    {FieldType::Any, 0, {quoted("x"), "1", "1e999", "true", "false", "[]", "[1]", "{\"a\":1}"}, {}},
};

TEST(FieldType, BothSidesOfEveryLimit) {
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    const Field field[] = {{.path = "outer.field",
                            .type = kTypes[i].type,
                            .length_max = kTypes[i].length_max,
                            .presence = Presence::Mandatory}};
    for (const auto& value : kTypes[i].good) {
      EXPECT_EQ(verdict(field, "{\"outer\":{\"field\":" + value + "}}"), "ok") << i << ' ' << value;
    }
    for (const auto& value : kTypes[i].bad) {
      EXPECT_EQ(verdict(field, "{\"outer\":{\"field\":" + value + "}}"), "malformed outer.field")
          << i << ' ' << value;
    }
  }
}

TEST(FieldType, NullAndEmptyTextAndEmptyObjectCountAsAbsentInEveryType) {
  for (const auto& example : kTypes) {
    for (const Presence presence : {Presence::Mandatory, Presence::Optional}) {
      const Field field[] = {{.path = "f",
                              .type = example.type,
                              .length_max = example.length_max,
                              .presence = presence}};
      const std::string expected = presence == Presence::Mandatory ? "missing f" : "ok";
      for (const auto* json : {"{}", "{\"f\":null}", "{\"f\":\"\"}", "{\"f\":{}}", "{\"f\":{ }}"}) {
        EXPECT_EQ(verdict(field, json), expected) << json;
      }
    }
  }
}

constexpr Field kOneOf[] = {
    {.path = "originalReferenceNo", .length_max = 4, .presence = Presence::OneOf},
    {.path = "additionalInfo.originalExternalId",
     .length_max = 4,
     .presence = Presence::OneOf,
     .aliases = {"additionalData.originalExternalId", "originalExternalId"}},
    {.path = "note", .length_max = 4},
};

TEST(FieldPresence, OneOfTheFieldsSoMarkedIsEnough) {
  expect_all(kOneOf,
             {
                 {R"({})", "missing originalReferenceNo"},
                 {R"({"note":"x"})", "missing originalReferenceNo"},
                 {R"({"originalReferenceNo":"","originalExternalId":null,"additionalInfo":{}})",
                  "missing originalReferenceNo"},
                 {R"({"originalReferenceNo":"a"})", "ok"},
                 {R"({"additionalInfo":{"originalExternalId":"a"}})", "ok"},
                 {R"({"additionalData":{"originalExternalId":"a"}})", "ok"},
                 {R"({"originalExternalId":"a"})", "ok"},
                 {R"({"originalReferenceNo":"a","originalExternalId":"b"})", "ok"},
                 {R"({"originalReferenceNo":"a","originalExternalId":"too long"})",
                  "malformed additionalInfo.originalExternalId"},
             });
}

TEST(FieldAliases, TwoSpellingsMustSayTheSame) {
  const std::string canonical = "malformed additionalInfo.originalExternalId";
  expect_all(
      kOneOf,
      {
          {R"({"additionalInfo":{"originalExternalId":"a"},"originalExternalId":"a"})", "ok"},
          {R"({"additionalInfo":{"originalExternalId":"a"},"originalExternalId":"\u0061"})", "ok"},
          {R"({"additionalInfo":{"originalExternalId":"a"},"originalExternalId":"b"})", canonical},
          {R"({"additionalData":{"originalExternalId":"a"},"originalExternalId":"b"})", canonical},
          {R"({"additionalInfo":{"originalExternalId":"1"},"originalExternalId":1})", canonical},
          {R"({"additionalInfo":{"originalExternalId":"a"},"originalExternalId":""})", "ok"},
          {R"({"additionalInfo":{"originalExternalId":"a"},"originalExternalId":null})", "ok"},
          {R"({"additionalInfo":{"originalExternalId":""},"originalExternalId":"a"})", "ok"},
          {R"({"additionalInfo":{"originalExternalId":{}},"originalExternalId":"a"})", "ok"},
      });
}

TEST(FieldAliases, ObjectsAreComparedAsTheyCame) {
  constexpr Field table[] = {{.path = "a", .type = FieldType::Object, .aliases = {"b"}}};
  EXPECT_EQ(verdict(table, R"({"a":{"x":1},"b":{"x":1}})"), "ok");
  EXPECT_EQ(verdict(table, R"({"a":{"x":1},"b":{"x":2}})"), "malformed a");
}

constexpr Field kAmount[] = {
    {.path = "amount", .type = FieldType::Object},
    {.path = "amount.value", .type = FieldType::Amount, .presence = Presence::WithParent},
    {.path = "amount.currency", .type = FieldType::Currency},
};

TEST(FieldPresence, WithParentIsMandatoryInAGivenObject) {
  expect_all(kAmount, {
                          {R"({})", "ok"},
                          {R"({"amount":null})", "ok"},
                          {R"({"amount":{}})", "ok"},
                          {R"({"amount":{"currency":"IDR"}})", "missing amount.value"},
                          {R"({"amount":{"value":null}})", "missing amount.value"},
                          {R"({"amount":{"value":"1.00"}})", "ok"},
                          {R"({"amount":{"value":"1"}})", "malformed amount.value"},
                          {R"({"amount":"1.00"})", "malformed amount"},
                          {R"({"amount":100})", "malformed amount"},
                          {R"({"amount":[]})", "malformed amount"},
                      });
}

TEST(FieldPresence, WithParentLooksIntoTheFirstElementOfAnArray) {
  constexpr Field table[] = {
      {.path = "options", .type = FieldType::Array, .aliases = {"opts"}},
      {.path = "options.method", .presence = Presence::WithParent, .aliases = {"opts.method"}},
      {.path = "undeclared.method", .presence = Presence::WithParent},
  };
  expect_all(table, {
                        {R"({"options":[]})", "ok"},
                        {R"({"options":[{}]})", "ok"},
                        {R"({"options":["x"]})", "ok"},
                        {R"({"options":[{"method":"m"}]})", "ok"},
                        {R"({"options":[{"other":"o"},{"method":"m"}]})", "missing options.method"},
                        {R"({"opts":[{"other":"o"}]})", "missing options.method"},
                        {R"({"opts":[{"method":"m"}]})", "ok"},
                        {R"({"undeclared":{"other":"o"}})", "missing undeclared.method"},
                        {R"({"undeclared":{}})", "ok"},
                    });
}

TEST(CheckFields, AllThatIsMissingComesBeforeAllThatIsMalformedInTableOrder) {
  constexpr Field table[] = {
      {.path = "first", .length_max = 1},
      {.path = "second", .length_max = 1, .presence = Presence::Mandatory},
      {.path = "third", .length_max = 1, .presence = Presence::Mandatory},
  };
  expect_all(table,
             {
                 {R"({"first":"too long"})", "missing second"},
                 {R"({"first":"too long","second":"too long"})", "missing third"},
                 {R"({"third":"too long","second":"too long"})", "malformed second"},
                 {R"({"third":"too long","second":"b","first":"too long"})", "malformed first"},
                 {R"({"third":"c","second":"b","unknown":[{"x":null}]})", "ok"},
             });
}

TEST(Fields, FindDeclaredFieldsUnderTheirCanonicalPath) {
  Document document;
  ASSERT_TRUE(document.parse(R"({"originalExternalId":"id","note":"","unknown":"x"})"));
  const auto fields = check_fields(kOneOf, document);
  ASSERT_TRUE(fields.has_value());
  EXPECT_EQ(fields->text("additionalInfo.originalExternalId"), "id");
  EXPECT_EQ(fields->text("originalReferenceNo"), "");
  EXPECT_EQ(fields->find("note"), nullptr);
  EXPECT_EQ(fields->find("unknown"), nullptr);
  EXPECT_EQ(fields->find("originalExternalId"), nullptr);
}

TEST(CodePoints, CountsCharactersNotBytes) {
  EXPECT_EQ(code_points(""), 0u);
  EXPECT_EQ(code_points("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), 4u);
}

}  // namespace
}  // namespace batal::snap
