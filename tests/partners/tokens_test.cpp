#include "partners/tokens.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <string>

#include "snap/signature.h"
#include "support/temp_folder.h"

namespace batal::partners {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using testing::TempFolder;

const snap::Time kNow{seconds(1'700'000'000) + microseconds(999'999)};
constexpr seconds kLife{900};

TokenKey key(char digit) {
  const TempFolder folder;
  return *TokenKey::read(folder.write("key", std::string(64, digit)));
}

Tokens tokens(char digit, seconds life = kLife) {
  return Tokens({key(digit)}, life);
}

std::string base64url(std::string_view bytes) {
  std::string text = snap::to_base64(bytes);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (text.ends_with('=')) text.pop_back();
  return text;
}

std::string decoded(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (text.size() % 4 != 0) text.push_back('=');
  return snap::from_base64(text).value_or("not base64url");
}

// A token as anyone who had the key could make it.
std::string forged(const TokenKey& key, std::string_view header, std::string_view payload) {
  const std::string text = base64url(header) + "." + base64url(payload);
  std::array<unsigned char, 32> mac{};
  HMAC(EVP_sha256(), key.bytes().data(), static_cast<int>(key.bytes().size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), nullptr);
  return text + "." + base64url({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

std::string header(const TokenKey& key) {
  return R"({"alg":"HS256","typ":"JWT","kid":")" + key.kid() + R"("})";
}

TEST(Tokens, SayWhoseTheyAreAndUntilWhen) {
  const auto token = tokens('a').verify(tokens('a').issue("demo", kNow));
  ASSERT_TRUE(token);
  EXPECT_EQ(token->client_id, "demo");
  EXPECT_EQ(token->expires_at, snap::Time(seconds(1'700'000'900)));
}

TEST(Tokens, AreJwts) {
  const std::string token = tokens('a').issue("demo", kNow);
  const auto first = token.find('.');
  const auto second = token.find('.', first + 1);
  EXPECT_EQ(decoded(token.substr(0, first)), header(key('a')));
  const std::string claims = decoded(token.substr(first + 1, second - first - 1));
  EXPECT_TRUE(claims.starts_with(
      R"({"iss":"batal","sub":"demo","iat":1700000000,"exp":1700000900,"jti":")"))
      << claims;
}

TEST(Tokens, OfTheSameInstantDiffer) {
  const Tokens made = tokens('a');
  EXPECT_NE(made.issue("demo", kNow), made.issue("demo", kNow));
}

TEST(Tokens, AreRefusedWithAnyCharacterChanged) {
  const Tokens made = tokens('a');
  const std::string token = made.issue("demo", kNow);
  for (std::size_t at = 0; at < token.size(); ++at) {
    for (const char other : {'A', 'B', '.', '=', '\0', '\xff'}) {
      std::string garbled = token;
      if (garbled[at] == other) continue;
      garbled[at] = other;
      EXPECT_FALSE(made.verify(garbled)) << at << ": " << garbled;
    }
  }
}

TEST(Tokens, AreRefusedCutOrLengthened) {
  const Tokens made = tokens('a');
  const std::string token = made.issue("demo", kNow);
  for (std::size_t size = 0; size < token.size(); ++size) {
    EXPECT_FALSE(made.verify(token.substr(0, size))) << size;
  }
  for (const char* more : {"A", "=", ".", ".A", " ", "\n"}) EXPECT_FALSE(made.verify(token + more));
  EXPECT_FALSE(made.verify(" " + token));
}

TEST(Tokens, AreRefusedInAnotherSpellingOfTheSameSignature) {
  // 32 bytes leave two unused bits in the last character: four spellings decode to the same bytes.
  const Tokens made = tokens('a');
  const std::string token = made.issue("demo", kNow);
  int accepted = 0;
  for (const char last : std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-_")) {
    accepted += made.verify(token.substr(0, token.size() - 1) + last) ? 1 : 0;
  }
  EXPECT_EQ(accepted, 1);
}

TEST(Tokens, OfAnotherKeyAreRefused) {
  EXPECT_FALSE(tokens('a').verify(tokens('b').issue("demo", kNow)));
}

TEST(Tokens, AreTakenFromEitherLiveKeyAndMadeWithTheFirst) {
  const Tokens rotated({key('b'), key('a')}, kLife);
  EXPECT_TRUE(rotated.verify(tokens('a').issue("demo", kNow)));
  EXPECT_TRUE(rotated.verify(tokens('b').issue("demo", kNow)));
  EXPECT_FALSE(rotated.verify(tokens('c').issue("demo", kNow)));
  EXPECT_TRUE(tokens('b').verify(rotated.issue("demo", kNow)));
  EXPECT_FALSE(tokens('a').verify(rotated.issue("demo", kNow)));
}

TEST(Tokens, TakeOneOrTwoKeys) {
  EXPECT_THROW(Tokens({}, kLife), std::invalid_argument);
  EXPECT_THROW(Tokens({key('a'), key('b'), key('c')}, kLife), std::invalid_argument);
}

TEST(Tokens, TakeNoOtherHeader) {
  const TokenKey a = key('a');
  const Tokens made({a, key('b')}, kLife);
  const std::string claims = R"({"iss":"batal","sub":"demo","iat":1,"exp":2})";
  ASSERT_TRUE(made.verify(forged(a, header(a), claims)));
  const std::string kid = R"("kid":")" + a.kid() + R"("})";
  for (const std::string& other :
       {R"({"alg":"none","typ":"JWT",)" + kid, R"({"alg":"HS512","typ":"JWT",)" + kid,
        R"({"alg":"hs256","typ":"JWT",)" + kid, R"({"typ":"JWT","alg":"HS256",)" + kid,
        R"({"alg":"HS256","typ":"JWT"})" + std::string(), header(a) + " ", std::string("{}"),
        std::string(), header(key('b'))}) {
    EXPECT_FALSE(made.verify(forged(a, other, claims))) << other;
  }
  const std::string unsigned_token =
      base64url(R"({"alg":"none","typ":"JWT"})") + "." + base64url(claims) + ".";
  EXPECT_FALSE(made.verify(unsigned_token));
}

TEST(Tokens, TakeNoOtherClaims) {
  const TokenKey a = key('a');
  const Tokens made({a}, kLife);
  for (const char* claims :
       {R"({"sub":"demo","iat":1,"exp":2})", R"({"iss":"other","sub":"demo","iat":1,"exp":2})",
        R"({"iss":"batal","iat":1,"exp":2})", R"({"iss":"batal","sub":"","iat":1,"exp":2})",
        R"({"iss":"batal","sub":7,"iat":1,"exp":2})", R"({"iss":"batal","sub":"demo","exp":2})",
        R"({"iss":"batal","sub":"demo","iat":1})",
        R"({"iss":"batal","sub":"demo","iat":1,"exp":"2"})",
        R"({"iss":"batal","sub":"demo","iat":1,"exp":2.5})",
        R"({"iss":"batal","sub":"demo","iat":1,"exp":2e3})",
        R"({"iss":"batal","sub":"demo","iat":1,"exp":-2})",
        R"({"iss":"batal","sub":"demo","iat":1,"exp":9223372036854775807})",
        R"({"iss":"batal","sub":"demo","iat":1,"exp":2,"exp":3})", "[]", "", "no JSON"}) {
    EXPECT_FALSE(made.verify(forged(a, header(a), claims))) << claims;
  }
}

TEST(Tokens, HaveABoundedLength) {
  const TokenKey a = key('a');
  const Tokens made({a}, kLife);
  const auto of_size = [&](std::size_t filler) {
    return forged(a, header(a),
                  R"({"iss":"batal","sub":"demo","iat":1,"exp":2,"x":")" +
                      std::string(filler, 'x') + R"("})");
  };
  std::size_t filler = 2900;
  while (of_size(filler + 1).size() <= kTokenBytesMax) ++filler;
  EXPECT_TRUE(made.verify(of_size(filler)));
  EXPECT_FALSE(made.verify(of_size(filler + 1)));
}

TEST(TokenCache, FindsALiveTokenUntilTheSecondOfItsExpiry) {
  const Tokens made = tokens('a');
  const std::string token = made.issue("demo", kNow);
  const snap::Time expiry{seconds(1'700'000'900)};
  TokenCache cache(made, 8);
  for (int round = 0; round < 2; ++round) {  // first verified, then remembered
    const Token* found = cache.find(token, expiry - microseconds(1));
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->client_id, "demo");
  }
  EXPECT_EQ(cache.find(token, expiry), nullptr);
  EXPECT_EQ(TokenCache(made, 8).find(token, expiry), nullptr);
}

TEST(TokenCache, RemembersOnlyGoodTokens) {
  const Tokens made = tokens('a');
  TokenCache cache(made, 8);
  EXPECT_EQ(cache.find(tokens('b').issue("demo", kNow), kNow), nullptr);
  EXPECT_EQ(cache.find("", kNow), nullptr);
  EXPECT_EQ(cache.find(std::string(kTokenBytesMax + 1, 'a'), kNow), nullptr);
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_NE(cache.find(made.issue("demo", kNow), kNow), nullptr);
  EXPECT_EQ(cache.size(), 1U);
}

TEST(TokenCache, LetsTheExpiredGoWhenItIsFull) {
  const Tokens made = tokens('a');
  TokenCache cache(made, 3);
  const std::string late = made.issue("late", kNow + seconds(500));
  cache.find(made.issue("one", kNow), kNow);
  cache.find(made.issue("two", kNow), kNow);
  cache.find(late, kNow);
  EXPECT_EQ(cache.size(), 3U);
  const snap::Time later = kNow + seconds(901);
  EXPECT_NE(cache.find(made.issue("next", later), later), nullptr);
  EXPECT_EQ(cache.size(), 2U);  // late and next
}

TEST(TokenCache, NeverHoldsMoreThanItMay) {
  const Tokens made = tokens('a');
  TokenCache cache(made, 3);
  for (int count = 0; count < 10; ++count) {
    const std::string client = "client" + std::to_string(count);
    const Token* found = cache.find(made.issue(client, kNow), kNow);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->client_id, client);
    EXPECT_LE(cache.size(), 3U);
  }
}

TEST(TokenKey, IsMadeOnceAndThenRead) {
  const TempFolder folder;
  const auto made = TokenKey::read_or_make(folder / "key");
  ASSERT_TRUE(made) << made.error();
  EXPECT_EQ(made->bytes().size(), 32U);
  EXPECT_EQ(std::filesystem::status(folder / "key").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto again = TokenKey::read_or_make(folder / "key");
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(again->bytes(), made->bytes());
  EXPECT_EQ(again->kid(), made->kid());
  EXPECT_NE(TokenKey::read_or_make(folder / "other")->bytes(), made->bytes());
}

TEST(TokenKey, ReadsHexDigitsOfEitherCase) {
  const TempFolder folder;
  const std::string digits = "00ff7F80" + std::string(56, '1');
  const auto read = TokenKey::read(folder.write("key", digits + "\n"));
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->bytes(), std::string("\0\xff\x7f\x80", 4) + std::string(28, '\x11'));
  EXPECT_NE(read->kid(), key('1').kid());
}

TEST(TokenKey, NamesTheFileThatIsNone) {
  const TempFolder folder;
  const std::string name = (folder / "key").string();
  for (const std::string& text : {std::string(), std::string(63, 'a'), std::string(65, 'a'),
                                  std::string(64, 'g'), std::string(64, 'a') + "\n\n"}) {
    folder.write("key", text);
    const auto read = TokenKey::read_or_make(folder / "key");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error(), name + ": a token key is 64 hex digits");
  }
  const auto gone = TokenKey::read(folder / "gone");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error(),
            "cannot read " + (folder / "gone").string() + ": No such file or directory");
}

}  // namespace
}  // namespace batal::partners
