#include "snap/amount.h"

#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace batal::snap {
namespace {

struct Case {
  std::string_view text;
  std::optional<std::int64_t> strict, loose;
};

TEST(Amount, BothFormsOnBothSidesOfEveryLimit) {
  const auto none = std::nullopt;
  const std::vector<Case> cases = {
      {"10000.00", 1000000, 1000000},
      {"0.00", 0, 0},
      {"0.01", 1, 1},
      {"0010.00", 1000, 1000},
      {"99999999999999.99", 9999999999999999, 9999999999999999},
      {"00000000000001.00", 100, 100},
      {"100000000000000.00", none, none},
      {"000000000000001.00", none, none},
      {"1500", none, 150000},
      {"0", none, 0},
      {"99999999999999", none, 9999999999999900},
      {"100000000000000", none, none},
      {"99999999999999999999999999", none, none},
      {"", none, none},
      {".", none, none},
      {".00", none, none},
      {"1.", none, none},
      {"1.0", none, none},
      {"1.000", none, none},
      {"1.0.00", none, none},
      {"1..00", none, none},
      {"-1.00", none, none},
      {"+1.00", none, none},
      {"-1", none, none},
      {"1,000.00", none, none},
      {"1,00", none, none},
      {" 1.00", none, none},
      {"1.00 ", none, none},
      {"1.a0", none, none},
      {"1e3", none, none},
      {"1e3.00", none, none},
      {"0x1.00", none, none},
      {"IDR1.00", none, none},
      {"\xD9\xA1.00", none, none},
  };
  for (const auto& [text, strict, loose] : cases) {
    EXPECT_EQ(parse_amount(text), strict) << text;
    EXPECT_EQ(parse_loose_amount(text), loose) << text;
  }
}

TEST(Amount, IsWrittenWithTwoDecimals) {
  std::string out = "IDR ";
  append_amount(out, 150000);
  EXPECT_EQ(out, "IDR 1500.00");
}

TEST(Amount, WhatIsWrittenIsReadBack) {
  ASSERT_TRUE(rc::check([] {
    const auto hundredths = *rc::gen::inRange<std::int64_t>(0, 10'000'000'000'000'000);
    std::string text;
    append_amount(text, hundredths);
    RC_ASSERT(parse_amount(text) == hundredths);
    RC_ASSERT(parse_loose_amount(text) == hundredths);
  }));
}

}  // namespace
}  // namespace batal::snap
