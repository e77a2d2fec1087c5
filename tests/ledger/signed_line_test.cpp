#include "ledger/embedded/keeping/signed_line.h"

#include <gtest/gtest.h>

#include <limits>

#include "ledger/test_key.h"

namespace batal::ledger {
namespace {

const std::array<std::uint8_t, 3> kBytes{0x00, 0xAB, 0xFF};

std::string line() {
  SignedLine line("batal-word");
  line.number("first", 258).hex("bytes", kBytes).number("last", -7);
  return std::move(line).signed_by(test_key());
}

std::string error_of(std::string_view text,
                     const std::optional<PublicKey>& key = test_key().public_key()) {
  const auto read = VerifiedLine::read(text, "batal-word", key);
  return read ? "none" : read.error();
}

TEST(SignedLine, IsReadableByEye) {
  const std::string begin = "batal-word first=258 bytes=00abff last=-7 key=";
  EXPECT_EQ(line().substr(0, begin.size()), begin);
  EXPECT_EQ(line().back(), '\n');
  EXPECT_EQ(line().size(), begin.size() + 64 + std::string(" signature=").size() + 128 + 1);
}

TEST(SignedLine, GivesBackWhatItSays) {
  for (const auto& key : {std::optional(test_key().public_key()), std::optional<PublicKey>()}) {
    const auto read = VerifiedLine::read(line(), "batal-word", key);
    ASSERT_TRUE(read) << read.error();
    std::uint64_t first = 0;
    std::uint32_t narrow = 0;
    std::int64_t last = 0;
    std::array<std::uint8_t, 3> bytes{};
    EXPECT_TRUE(read->number("first", first));
    EXPECT_TRUE(read->number("first", narrow));
    EXPECT_TRUE(read->number("last", last));
    EXPECT_TRUE(read->hex("bytes", bytes));
    EXPECT_EQ(first, 258U);
    EXPECT_EQ(narrow, 258U);
    EXPECT_EQ(last, -7);
    EXPECT_EQ(bytes, kBytes);
  }
}

TEST(SignedLine, LeavesWhatItDoesNotSay) {
  SignedLine large("batal-word");
  large.number("large", std::numeric_limits<std::int64_t>::max()).hex("bytes", kBytes);
  const std::string text = std::move(large).signed_by(test_key());
  const auto read = VerifiedLine::read(text, "batal-word", std::nullopt);
  ASSERT_TRUE(read);
  std::uint32_t narrow = 5;
  std::int64_t wide = 5;
  std::array<std::uint8_t, 2> two{5, 5};
  std::array<std::uint8_t, 4> four{5, 5, 5, 5};
  EXPECT_FALSE(read->number("large", narrow)) << "too large";
  EXPECT_FALSE(read->number("bytes", wide)) << "no number to its end";
  EXPECT_FALSE(read->number("missing", wide));
  EXPECT_FALSE(read->hex("missing", two));
  EXPECT_FALSE(read->hex("bytes", two));
  EXPECT_FALSE(read->hex("bytes", four));
  EXPECT_EQ(narrow, 5U);
  EXPECT_EQ(wide, 5);
  EXPECT_EQ(two, (std::array<std::uint8_t, 2>{5, 5}));
  EXPECT_EQ(four, (std::array<std::uint8_t, 4>{5, 5, 5, 5}));
}

TEST(SignedLine, NoticesEveryChangedCharacter) {
  const std::string whole = line();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      EXPECT_NE(error_of(changed), "none") << "byte " << at << ", bit " << bit;
    }
  }
}

TEST(SignedLine, NoticesWhatIsAddedOrTakenAway) {
  const std::string whole = line();
  const std::string text = whole.substr(0, whole.size() - 1);
  EXPECT_EQ(error_of(text), "none") << "but the end of the line";
  for (std::size_t length = 0; length < text.size(); ++length)
    EXPECT_NE(error_of(text.substr(0, length)), "none") << length;
  for (const char* more : {" first=999", " ", "\n", "\n\n", " key=00", " signature=00"}) {
    EXPECT_NE(error_of(text + more + "\n"), "none") << more;
    EXPECT_NE(error_of(more + text), "none") << more;
  }
}

TEST(SignedLine, SaysWhatIsWrong) {
  AuditKey::Secret other{};
  const std::string text = line();
  std::string changed = text;
  changed[text.find("258")] = '3';
  EXPECT_EQ(error_of(changed), "has a wrong signature: it was changed");
  EXPECT_EQ(error_of(text, AuditKey(other).public_key()), "is signed by another audit key");
  EXPECT_EQ(error_of("batal-words first=1"), "is no line of batal-word");
  EXPECT_EQ(error_of(""), "is no line of batal-word");
  EXPECT_EQ(error_of("batal-word first=1"), "is not signed");
  EXPECT_EQ(error_of("batal-word first=1 key=00 signature=00"), "is not signed");
}

}  // namespace
}  // namespace batal::ledger
