#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <stdexcept>

#include "client/client_fixture.h"

namespace batal::client {
namespace {

TEST_F(ClientTest, CallsAsTheStandardSays) {
  const auto result = call_once({.external_id = "order-17"});
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->http_status, 200);
  EXPECT_EQ(result->response_code, "2005700");
  EXPECT_EQ(result->response_message, "Success");
  EXPECT_EQ(result->external_id, "order-17");
  EXPECT_EQ(result->attempts, 1);
  EXPECT_EQ(result->field("originalReferenceNo"), "A1");
  EXPECT_EQ(result->field("call"), "1");
  EXPECT_EQ(result->field("cancelTime"), std::nullopt);

  ASSERT_EQ(provider_.calls().size(), 1U);
  const Seen call = provider_.calls().front();
  EXPECT_EQ(call.path, "/v1.0/debit/cancel");
  EXPECT_EQ(call.body, kBody);
  EXPECT_EQ(call.headers.at("Content-Type"), "application/json");
  EXPECT_EQ(call.headers.at("X-PARTNER-ID"), "BMRI");
  EXPECT_EQ(call.headers.at("X-EXTERNAL-ID"), "order-17");
  EXPECT_EQ(call.headers.at("CHANNEL-ID"), "95221");
  EXPECT_EQ(call.headers.at("X-TIMESTAMP"), "2026-11-23T15:00:00+07:00");
  expect_signed(call, "token-1");
}

TEST_F(ClientTest, CallsAndSignsUnderThePrefixOfTheBaseUrl) {
  Options prefixed = options();
  prefixed.base_url += "/nested/api/";
  ASSERT_TRUE(Client(std::move(prefixed)).call(Service::Capture, "{}"));
  EXPECT_EQ(provider_.tokens().at(0).path, "/nested/api/v1.0/access-token/b2b");
  EXPECT_EQ(provider_.calls().at(0).path, "/nested/api/v1.0/auth/capture");
  expect_signed(provider_.calls().at(0), "token-1");
}

TEST_F(ClientTest, TakesTheClientIdForAMissingPartnerId) {
  Options bare = options();
  bare.partner_id.clear();
  ASSERT_TRUE(Client(std::move(bare)).call(Service::CancelDebit, kBody));
  EXPECT_EQ(provider_.calls().at(0).headers.at("X-PARTNER-ID"), "demo");
}

TEST_F(ClientTest, MakesANewExternalIdForEachCall) {
  Client client(options());
  const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  std::set<std::string> ids;
  for (int count = 0; count < 3; ++count) {
    const auto result = client.call(Service::CancelDebit, kBody);
    ASSERT_TRUE(result) << result.error().text;
    EXPECT_TRUE(std::regex_match(result->external_id, uuid)) << result->external_id;
    EXPECT_EQ(provider_.calls().back().headers.at("X-EXTERNAL-ID"), result->external_id);
    ids.insert(result->external_id);
  }
  EXPECT_EQ(ids.size(), 3U);
}

TEST_F(ClientTest, SendsNothingUnderAnExternalIdThatWillNotDo) {
  for (const char* id : {"a b", "a\r\nX-Evil: 1", "1234567890123456789012345678901234567"}) {
    const auto result = call_once({.external_id = id});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, Kind::Refused);
    EXPECT_EQ(result.error().http_status, 0);
  }
  EXPECT_TRUE(provider_.tokens().empty());
  EXPECT_TRUE(provider_.calls().empty());
}

struct Repeated {
  const char* what;
  std::vector<Step> before;  // what the attempts before the good one get
};

TEST_F(ClientTest, RepeatsWithTheSameIdAndBytes) {
  const std::vector<Repeated> cases = {
      {"a dropped connection", {drops()}},
      {"two dropped connections", {drops(), drops()}},
      {"a timeout of the provider", {answers(504, refusal("5045700", "Timeout"))}},
      {"a gateway's timeout", {answers(504, "<html>")}},
      {"a bad gateway", {answers(502, "")}},
      {"an internal error", {answers(500, refusal("5005701", "Internal Server Error"))}},
      {"another internal error", {answers(500, refusal("5005700", "General Error"))}},
      {"too many requests", {answers(429, refusal("4295700", "Too Many Requests"))}},
      {"a gateway's too many requests", {answers(429, "slow down")}},
  };
  for (const auto& [what, before] : cases) {
    SCOPED_TRACE(what);
    const std::size_t first = provider_.calls().size();
    pauses_.clear();
    provider_.calls_get(before);
    const auto later = now_ + 1s;
    Options ticking = options();
    ticking.sleep = [&](std::chrono::milliseconds length) {
      pauses_.push_back(length);
      now_ = later;
    };
    const auto result = Client(std::move(ticking)).call(Service::CancelDebit, kBody);
    ASSERT_TRUE(result) << result.error().text;
    EXPECT_EQ(result->attempts, static_cast<int>(before.size()) + 1);
    const auto calls = provider_.calls();
    ASSERT_EQ(calls.size(), first + before.size() + 1);
    for (std::size_t at = first; at < calls.size(); ++at) {
      EXPECT_EQ(calls[at].headers.at("X-EXTERNAL-ID"), result->external_id);
      EXPECT_EQ(calls[at].body, kBody);
      expect_signed(calls[at], calls[at].headers.at("Authorization").substr(7));
    }
    EXPECT_NE(calls[first].headers.at("X-TIMESTAMP"), calls.back().headers.at("X-TIMESTAMP"));
    EXPECT_NE(calls[first].headers.at("X-SIGNATURE"), calls.back().headers.at("X-SIGNATURE"));
    EXPECT_EQ(pauses_.size(), before.size());
  }
}

TEST_F(ClientTest, RepeatsWhatWasNotAnsweredInTime) {
  provider_.calls_get({is_silent()});
  Options hasty = options();
  hasty.timeout = 200ms;
  const auto result = Client(std::move(hasty)).call(Service::CancelDebit, kBody);
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->attempts, 2);
  EXPECT_EQ(provider_.calls().size(), 2U);
}

TEST_F(ClientTest, PausesLongerAndLongerWithinBounds) {
  provider_.calls_get(std::vector<Step>(9, drops()));
  Options patient = options();
  patient.attempts_max = 9;
  ASSERT_FALSE(Client(std::move(patient)).call(Service::CancelDebit, kBody));
  ASSERT_EQ(pauses_.size(), 8U);
  auto longest = 100ms;
  for (const auto pause : pauses_) {
    EXPECT_GE(pause, longest / 2);
    EXPECT_LE(pause, longest);
    longest = std::min(longest * 2, 2000ms);
  }
}

TEST_F(ClientTest, NeverRepeatsWhatWasRefused) {
  const std::vector<std::pair<int, std::string>> cases = {
      {400, "4005702"}, {401, "4015700"}, {403, "4035715"}, {404, "4045701"}, {409, "4095700"}};
  for (const auto& [status, code] : cases) {
    SCOPED_TRACE(code);
    const std::size_t before = provider_.calls().size();
    provider_.calls_get({answers(status, refusal(code, "No"))});
    const auto result = call_once({.external_id = "x-1"});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, Kind::Refused);
    EXPECT_EQ(result.error().http_status, status);
    EXPECT_EQ(result.error().response_code, code);
    EXPECT_EQ(result.error().response_message, "No");
    EXPECT_EQ(result.error().body, refusal(code, "No"));
    EXPECT_EQ(result.error().external_id, "x-1");
    EXPECT_EQ(result.error().attempts, 1);
    EXPECT_EQ(result.error().text, "HTTP " + std::to_string(status) + ", " + code + " No");
    EXPECT_EQ(provider_.calls().size(), before + 1);
  }
  EXPECT_TRUE(pauses_.empty());
}

struct End {
  const char* what;
  std::vector<Step> steps;
  Kind kind;
  int attempts;
  std::string code;
};

TEST_F(ClientTest, SaysAtTheEndWhetherItIsInDoubt) {
  const Step later = answers(429, refusal("4295700", "Too Many Requests"));
  const Step failed = answers(500, refusal("5005701", "Internal Server Error"));
  const Step general = answers(500, refusal("5005700", "General Error"));
  const Step slow = answers(504, refusal("5045700", "Timeout"));
  const Step not_permitted = answers(403, refusal("4035715", "No"));
  const Step unauthorised = answers(401, refusal("4015700", "Unauthorized. Signature"));
  const std::vector<End> cases = {
      {"never answered", {drops(), drops(), drops()}, Kind::InDoubt, 3, ""},
      {"always timed out", {slow, slow, slow}, Kind::InDoubt, 3, "5045700"},
      {"always failed in general", {general, general, general}, Kind::InDoubt, 3, "5005700"},
      {"certainly not done", {later, failed, later}, Kind::TryLater, 3, "4295700"},
      {"in doubt, then certainly not done", {drops(), later, failed}, Kind::InDoubt, 3, "5005701"},
      {"certainly not done, then in doubt", {later, later, slow}, Kind::InDoubt, 3, "5045700"},
      {"in doubt, then decided", {drops(), not_permitted}, Kind::Refused, 2, "4035715"},
      {"in doubt, then not looked at", {drops(), unauthorised}, Kind::InDoubt, 2, "4015700"},
      {"in doubt, then garbled", {drops(), answers(200, "ok")}, Kind::InDoubt, 2, ""},
  };
  for (const End& end : cases) {
    SCOPED_TRACE(end.what);
    provider_.calls_get(end.steps);
    const auto result = call_once({.external_id = "x-1"});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, end.kind) << result.error().text;
    EXPECT_EQ(result.error().attempts, end.attempts);
    EXPECT_EQ(result.error().response_code, end.code);
    EXPECT_EQ(result.error().external_id, "x-1");
    if (end.kind == Kind::InDoubt) {
      EXPECT_NE(result.error().text.find("go on with external id x-1"), std::string::npos);
    }
  }
}

TEST_F(ClientTest, ReportsAnswersThatAreNone) {
  for (const std::string& body :
       {std::string(), std::string("ok"), std::string("[]"), std::string("{}"),
        std::string(R"({"responseCode":2005700})"), refusal("4035715", "No")}) {
    SCOPED_TRACE(body);
    provider_.calls_get({answers(200, body)});
    const auto result = call_once();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, Kind::Malformed);
    EXPECT_EQ(result.error().attempts, 1);
    EXPECT_EQ(result.error().body, body);
  }
}

TEST_F(ClientTest, TakesACodeOfEightDigits) {
  provider_.calls_get({answers(200, refusal("20057000", "Success"))});
  const auto result = call_once();
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->response_code, "20057000");
}

TEST_F(ClientTest, CanGoOnWithACallThatWasInDoubt) {
  provider_.calls_get({drops(), drops(), drops()});
  Client client(options());
  const auto doubt = client.call(Service::CancelDebit, kBody);
  ASSERT_FALSE(doubt);
  const auto result =
      client.call(Service::CancelDebit, kBody, {.external_id = doubt.error().external_id});
  ASSERT_TRUE(result) << result.error().text;
  for (const Seen& call : provider_.calls()) {
    EXPECT_EQ(call.headers.at("X-EXTERNAL-ID"), doubt.error().external_id);
  }
}

TEST(Client, ReportsAProviderThatCannotBeReached) {
  Options options;
  {
    const ScriptedProvider gone;
    options.base_url = gone.base_url();
  }
  options.client_id = "demo";
  options.client_secret = "s3cr3t";
  options.private_key_pem = key().private_pem();
  int pauses = 0;
  options.sleep = [&](std::chrono::milliseconds) { ++pauses; };
  const auto result = Client(std::move(options)).call(Service::CancelDebit, "{}");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::Transport);
  EXPECT_EQ(result.error().attempts, 3);
  EXPECT_EQ(pauses, 2);
}

TEST(Client, NamesTheOptionThatWillNotDo) {
  Options good;
  good.base_url = "http://127.0.0.1:1";
  good.client_id = "demo";
  good.client_secret = "s3cr3t";
  good.private_key_pem = key().private_pem();
  ASSERT_NO_THROW(Client{good});
  const std::vector<std::pair<std::string, std::function<void(Options&)>>> cases = {
      {"base_url", [](Options& o) { o.base_url = "merchants.example"; }},
      {"client_id", [](Options& o) { o.client_id = ""; }},
      {"client_id", [](Options& o) { o.client_id = "a\nb"; }},
      {"partner_id", [](Options& o) { o.partner_id = "a b"; }},
      {"client_secret", [](Options& o) { o.client_secret = ""; }},
      {"private_key_pem", [](Options& o) { o.private_key_pem = "none"; }},
      {"channel_id", [](Options& o) { o.channel_id = "9522"; }},
      {"attempts_max", [](Options& o) { o.attempts_max = 0; }},
  };
  for (const auto& [name, spoil] : cases) {
    Options bad = good;
    spoil(bad);
    try {
      Client client(bad);
      ADD_FAILURE() << name;
    } catch (const std::invalid_argument& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with(name + ": ")) << error.what();
    }
  }
}

TEST_F(ClientTest, HasANameForEveryService) {
  Client client(options());
  const std::vector<std::pair<Service, std::function<Result()>>> methods = {
      {Service::CreateDebit, [&] { return client.create_debit({}); }},
      {Service::QueryDebit, [&] { return client.query_debit({}); }},
      {Service::CancelDebit, [&] { return client.cancel_debit({}); }},
      {Service::CreateQris, [&] { return client.create_qris({}); }},
      {Service::QueryQris, [&] { return client.query_qris({}); }},
      {Service::CancelQris, [&] { return client.cancel_qris({}); }},
      {Service::Authorise, [&] { return client.authorise({}); }},
      {Service::QueryAuthorisation, [&] { return client.query_authorisation({}); }},
      {Service::Capture, [&] { return client.capture({}); }},
      {Service::VoidAuthorisation, [&] { return client.void_authorisation({}); }},
      {Service::CreateVirtualAccount, [&] { return client.create_virtual_account({}); }},
      {Service::QueryVirtualAccount, [&] { return client.query_virtual_account({}); }},
      {Service::DeleteVirtualAccount, [&] { return client.delete_virtual_account({}); }},
  };
  ASSERT_EQ(methods.size(), all_services().size());
  for (const auto& [service, method] : methods) {
    const auto result = method();
    ASSERT_TRUE(result) << result.error().text;
    EXPECT_EQ(provider_.calls().back().path, info(service).path);
  }
}

}  // namespace
}  // namespace batal::client
