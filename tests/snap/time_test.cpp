#include "snap/time.h"

#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace batal::snap {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

Time at(std::int64_t unix_seconds, std::int64_t micros = 0) {
  return Time(seconds(unix_seconds)) + microseconds(micros);
}

TEST(Timestamp, ReadsWhatRfc3339Allows) {
  struct Good {
    std::string_view text;
    Time time;
  };
  const std::vector<Good> cases = {
      {"1970-01-01T00:00:00Z", at(0)},
      {"2020-01-01T00:00:00+07:00", at(1577811600)},
      {"2020-01-01T00:00:00-07:30", at(1577863800)},
      {"2020-01-01T00:00:00+00:00", at(1577836800)},
      {"2020-01-01T00:00:00-00:00", at(1577836800)},
      {"2020-01-01T23:59:59+23:59", at(1577836859)},
      {"2020-01-01T00:00:00.1Z", at(1577836800, 100000)},
      {"2020-01-01T00:00:00.123Z", at(1577836800, 123000)},
      {"2020-01-01T00:00:00.000001Z", at(1577836800, 1)},
      {"2020-01-01T00:00:00.1234567Z", at(1577836800, 123456)},
      {"2020-01-01T00:00:00.999999999+07:00", at(1577811600, 999999)},
      {"2024-02-29T12:00:00Z", at(1709208000)},
      {"2000-02-29T00:00:00Z", at(951782400)},
      {"1969-12-31T23:59:59.5Z", at(-1, 500000)},
      {"0000-01-01T00:00:00Z", at(-62167219200)},
      {"9999-12-31T23:59:59.999999+07:00", at(253402275599, 999999)},
  };
  for (const auto& [text, time] : cases) EXPECT_EQ(parse_timestamp(text), time) << text;
}

TEST(Timestamp, RefusesEverythingElse) {
  const std::vector<std::string_view> cases = {
      "",
      "now",
      "2020-01-01",
      "2020-01-01T00:00:00",
      "2020-01-01T00:00Z",
      "2020-01-01 00:00:00Z",
      "2020-01-01t00:00:00Z",
      "2020-01-01T00:00:00z",
      "2020-01-01T00:00:00Z ",
      " 2020-01-01T00:00:00Z",
      "2020-01-01T00:00:00ZZ",
      "2020-01-01T00:00:00.Z",
      "2020-01-01T00:00:00.0123456789Z",
      "2020-01-01T00:00:00,5Z",
      "2020-01-01T00:00:00.5",
      "2020-01-01T00:00:00.-5Z",
      "2020-01-01T00:00:00+7",
      "2020-01-01T00:00:00+07",
      "2020-01-01T00:00:00+0700",
      "2020-01-01T00:00:00+07:0",
      "2020-01-01T00:00:00+07:000",
      "2020-01-01T00:00:00+24:00",
      "2020-01-01T00:00:00+07:60",
      "2020-01-01T00:00:00*07:00",
      "2020-01-01T24:00:00Z",
      "2020-01-01T00:60:00Z",
      "2016-12-31T23:59:60Z",
      "2020-00-01T00:00:00Z",
      "2020-13-01T00:00:00Z",
      "2020-01-00T00:00:00Z",
      "2020-01-32T00:00:00Z",
      "2020-04-31T00:00:00Z",
      "2023-02-29T00:00:00Z",
      "1900-02-29T00:00:00Z",
      "20-01-01T00:00:00Z",
      "12020-01-01T00:00:00Z",
      "-020-01-01T00:00:00Z",
      "+2020-01-01T00:00:00Z",
      "0000-01-01T00:00:00+00:01",
      "9999-12-31T17:00:00Z",
      "2020-0a-01T00:00:00Z",
      "2020-01-01T00:0/:00Z",
      "20200101T000000Z",
  };
  for (const auto text : cases) EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
}

TEST(Timestamp, IsWrittenInJakartaTime) {
  EXPECT_EQ(timestamp(at(1577811600)), "2020-01-01T00:00:00+07:00");
  EXPECT_EQ(timestamp(at(1577811600, 999999)), "2020-01-01T00:00:00+07:00");
  EXPECT_EQ(timestamp(at(-1, 999999)), "1970-01-01T06:59:59+07:00");
  std::string out = "at ";
  append_timestamp(out, at(253402275599));
  EXPECT_EQ(out, "at 9999-12-31T23:59:59+07:00");
}

TEST(Timestamp, CompactForms) {
  EXPECT_EQ(compact_utc(at(1577811599, 999999)), "20191231165959");
  EXPECT_EQ(compact_local(at(1577811599, 999999)), "20191231235959");
  EXPECT_EQ(compact_local(at(1577811600)), "20200101000000");
}

TEST(Timestamp, WhatIsWrittenIsReadBack) {
  ASSERT_TRUE(rc::check([] {
    const Time time = at(*rc::gen::inRange<std::int64_t>(-62167219200, 253402275600));
    RC_ASSERT(timestamp(time).size() == 25u);
    RC_ASSERT(parse_timestamp(timestamp(time)) == time);
  }));
}

TEST(Timestamp, TheSystemClockIsTheUnixClock) {
  const auto before = std::chrono::system_clock::now();
  const Time now = system_now();
  EXPECT_GE(now + microseconds(1), before);
  EXPECT_LE(now, std::chrono::system_clock::now());
}

}  // namespace
}  // namespace batal::snap
