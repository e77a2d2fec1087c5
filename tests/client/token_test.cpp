#include "client/client_fixture.h"

namespace batal::client {
namespace {

TEST_F(ClientTest, AsksForATokenAsTheStandardSays) {
  ASSERT_TRUE(call_once());
  ASSERT_EQ(provider_.tokens().size(), 1U);
  const Seen token = provider_.tokens().front();
  EXPECT_EQ(token.path, "/v1.0/access-token/b2b");
  EXPECT_EQ(token.body, R"({"grantType":"client_credentials"})");
  EXPECT_EQ(token.headers.at("Content-Type"), "application/json");
  EXPECT_EQ(token.headers.at("X-CLIENT-KEY"), "demo");
  EXPECT_EQ(token.headers.at("X-TIMESTAMP"), "2026-11-23T15:00:00+07:00");
  const auto public_key = snap::RsaPublicKey::from_pem(key().public_pem());
  EXPECT_TRUE(
      public_key->verify("demo|2026-11-23T15:00:00+07:00", token.headers.at("X-SIGNATURE")));
}

TEST_F(ClientTest, KeepsItsTokenUntilShortlyBeforeItExpires) {
  Client client(options());
  ASSERT_TRUE(client.call(Service::CancelDebit, kBody));
  now_ += 869s;
  ASSERT_TRUE(client.call(Service::CancelDebit, kBody));
  EXPECT_EQ(provider_.tokens().size(), 1U);
  expect_signed(provider_.calls().at(1), "token-1");
  now_ += 1s;
  ASSERT_TRUE(client.call(Service::CancelDebit, kBody));
  EXPECT_EQ(provider_.tokens().size(), 2U);
  expect_signed(provider_.calls().at(2), "token-2");
}

TEST_F(ClientTest, KeepsAShortLivedTokenForMostOfItsLife) {
  const std::string token =
      R"({"responseCode":"2007300","accessToken":"short","expiresIn":20})";  // a number
  provider_.tokens_get({answers(200, token)});
  Client client(options());
  ASSERT_TRUE(client.call(Service::CancelDebit, kBody));
  now_ += 17s;
  ASSERT_TRUE(client.call(Service::CancelDebit, kBody));
  EXPECT_EQ(provider_.tokens().size(), 1U);
  now_ += 1s;
  ASSERT_TRUE(client.call(Service::CancelDebit, kBody));
  EXPECT_EQ(provider_.tokens().size(), 2U);
}

TEST_F(ClientTest, FetchesANewTokenWhenItsOwnIsRefused) {
  provider_.calls_get({answers(401, refusal("4015701", "Invalid Token (B2B)"))});
  const auto result = call_once();
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->attempts, 1);
  const auto calls = provider_.calls();
  ASSERT_EQ(calls.size(), 2U);
  expect_signed(calls[0], "token-1");
  expect_signed(calls[1], "token-2");
  EXPECT_EQ(calls[0].headers.at("X-EXTERNAL-ID"), calls[1].headers.at("X-EXTERNAL-ID"));
  EXPECT_EQ(calls[0].body, calls[1].body);
  EXPECT_TRUE(pauses_.empty());
}

TEST_F(ClientTest, GivesUpWhenTheNewTokenIsRefusedToo) {
  const Step refused = answers(401, refusal("4015701", "Invalid Token (B2B)"));
  provider_.calls_get({refused, refused});
  const auto result = call_once();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::Refused);
  EXPECT_EQ(result.error().response_code, "4015701");
  EXPECT_EQ(provider_.calls().size(), 2U);
  EXPECT_EQ(provider_.tokens().size(), 2U);
}

TEST_F(ClientTest, StaysInDoubtWhenTheNextTokenIsRefused) {
  provider_.calls_get({drops()});
  Options late = options();
  late.sleep = [this](std::chrono::milliseconds) {  // by now the token has expired
    now_ += 900s;
    provider_.tokens_get({answers(400, refusal("4007301", "Invalid Field Format"))});
  };
  const auto result = Client(std::move(late)).call(Service::CancelDebit, kBody);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::InDoubt);
  EXPECT_EQ(result.error().response_code, "4007301");
}

TEST_F(ClientTest, ReportsATokenThatIsRefused) {
  provider_.tokens_get({answers(401, refusal("4017300", "Unauthorized. Signature"))});
  const auto result = call_once();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::Refused);
  EXPECT_EQ(result.error().response_code, "4017300");
  EXPECT_EQ(result.error().text, "access token: HTTP 401, 4017300 Unauthorized. Signature");
  EXPECT_TRUE(provider_.calls().empty());
}

TEST_F(ClientTest, AsksOnceForATokenThatIsRefusedAsAToken) {
  provider_.tokens_get({answers(401, refusal("4017301", "Invalid Token (B2B)"))});
  const auto result = call_once();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::Refused);
  EXPECT_EQ(result.error().response_code, "4017301");
  EXPECT_EQ(provider_.tokens().size(), 1U);
}

TEST_F(ClientTest, RepeatsATokenRequestThatFailed) {
  provider_.tokens_get({drops(), answers(504, refusal("5047300", "Timeout"))});
  const auto result = call_once();
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(provider_.tokens().size(), 3U);
  EXPECT_EQ(provider_.calls().size(), 1U);
}

TEST_F(ClientTest, IsNotInDoubtWithoutAToken) {
  const Step busy = answers(429, refusal("4297300", "Too Many Requests"));
  const Step failed = answers(500, refusal("5007301", "Internal Server Error"));
  const Step slow = answers(504, refusal("5047300", "Timeout"));
  const std::vector<std::pair<std::vector<Step>, Kind>> cases = {
      {{drops(), drops(), drops()}, Kind::Transport},
      {{busy, busy, busy}, Kind::TryLater},
      {{failed, slow, failed}, Kind::TryLater},
      {{slow, slow, slow}, Kind::TryLater}};
  for (const auto& [steps, kind] : cases) {
    provider_.tokens_get(steps);
    const auto result = call_once();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, kind) << result.error().text;
    EXPECT_EQ(result.error().attempts, 3);
  }
  EXPECT_TRUE(provider_.calls().empty());
}

TEST_F(ClientTest, ReportsTokensThatAreNone) {
  for (const char* members :
       {"", R"(,"accessToken":"t")", R"(,"expiresIn":"900")",
        R"(,"accessToken":"","expiresIn":"900")", R"(,"accessToken":"t","expiresIn":"0")",
        R"(,"accessToken":"t","expiresIn":"soon")", R"(,"accessToken":"t","expiresIn":9e9)",
        R"(,"accessToken":"t\r\nX-Evil: 1","expiresIn":"900")"}) {
    SCOPED_TRACE(members);
    provider_.tokens_get(
        {answers(200, R"({"responseCode":"2007300")" + std::string(members) + "}")});
    const auto result = call_once();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, Kind::Malformed);
  }
  EXPECT_TRUE(provider_.calls().empty());
}

}  // namespace
}  // namespace batal::client
