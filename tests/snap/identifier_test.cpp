#include "snap/identifier.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace batal::snap {
namespace {

constexpr Time kNow{std::chrono::seconds(1577811600)};

TEST(ExternalId, OneTo36UnreservedCharacters) {
  const std::vector<std::string> good = {"a", "0", "AZaz09._~-", std::string(36, 'x')};
  const std::vector<std::string> bad = {
      "",    std::string(37, 'x'), "a b", "a/b", "a+b", "a@b", "a[", "a`", "a{", "\xC3\xA9",
      "a\n", std::string(1, '\0')};
  for (const auto& text : good) EXPECT_TRUE(is_external_id(text)) << text;
  for (const auto& text : bad) EXPECT_FALSE(is_external_id(text)) << text;
}

TEST(ChannelId, FiveDigits) {
  for (const auto* text : {"00000", "12345", "99999"}) EXPECT_TRUE(is_channel_id(text)) << text;
  for (const auto* text : {"", "1234", "123456", "1234a", "12 45", "-1234", "1234/", "1234:"}) {
    EXPECT_FALSE(is_channel_id(text)) << text;
  }
}

TEST(RandomAlphanumeric, HasTheLengthAskedFor) {
  for (const std::size_t count : {0U, 1U, 16U, 17U, 40U}) {
    const std::string text = random_alphanumeric(count);
    EXPECT_EQ(text.size(), count);
    EXPECT_TRUE(std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0; }))
        << text;
  }
}

TEST(ReferenceNo, HasTheFormAndTheTimeInUtc) {
  const std::string text = new_reference_no(kNow);
  EXPECT_EQ(text.size(), 28u);
  EXPECT_TRUE(text.starts_with("A120191231170000")) << text;
  EXPECT_TRUE(is_reference_no(text)) << text;
}

TEST(ReferenceNo, IsOrderedByTime) {
  EXPECT_LT(new_reference_no(kNow), new_reference_no(kNow + std::chrono::seconds(1)));
}

TEST(ReferenceNo, UsesAllAlphanumericsAndDoesNotRepeat) {
  std::set<std::string> seen;
  std::set<char> characters;
  for (int i = 0; i < 2000; ++i) {
    const std::string text = new_reference_no(kNow);
    characters.insert(text.begin() + 16, text.begin() + 26);
    EXPECT_TRUE(seen.insert(text).second) << text;
  }
  EXPECT_EQ(characters.size(), 62u);
}

TEST(ReferenceNo, OtherFormsAreRefused) {
  EXPECT_TRUE(is_reference_no("A120191231170000abcXYZ0189ID"));
  for (const auto* text : {
           "",
           "A120191231170000abcXYZ018ID",
           "A120191231170000abcXYZ01890ID",
           "B120191231170000abcXYZ0189ID",
           "A120191231170000abcXYZ0189IX",
           "A12019123117000xabcXYZ0189ID",
           "A120191231170000abcXYZ01-9ID",
           "a120191231170000abcXYZ0189id",
       }) {
    EXPECT_FALSE(is_reference_no(text)) << text;
  }
}

}  // namespace
}  // namespace batal::snap
