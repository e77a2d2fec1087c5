#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <ostream>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/support.h"

namespace batal::http::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// ---- bytes in, bytes out

struct Case {
  std::string_view name;
  std::string bytes;
  std::string answers;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

const std::vector<Case> kCases = {
    {"get", get("/a?b"), ok("GET /a?b")},
    {"post", post("/a", "{}"), ok("POST /a {}")},
    {"two_in_one_packet", get("/1") + get("/2"), ok("GET /1") + ok("GET /2")},
    {"close_asked", get("/1", "Connection: close\r\n") + get("/2"), ok("GET /1", kClose)},
    {"http_1_0_closes", "GET /1 HTTP/1.0\r\n\r\n" + get("/2"), ok("GET /1", kClose)},
    {"http_1_0_keep_alive",
     "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n",
     ok("GET /1", "Connection: keep-alive\r\n") + ok("GET /2", kClose)},
    {"head", "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n",
     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n"},
    {"chunked",
     "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
     "chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n" +
         get("/2"),
     ok("POST /a {}") + ok("GET /2")},
    {"expectation_with_body_at_hand",
     "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
     ok("POST /a {}")},
    {"refused_after_answered", get("/1") + "GET /2 HTTP/1.1\r\nA(: b\r\n\r\n" + get("/3"),
     ok("GET /1") + refused("400 Bad Request", "GET /2")},
    {"refused_head", "HEAD /2 HTTP/1.1\r\nA(: b\r\n\r\n",
     "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 7\r\n"
     "Connection: close\r\n\r\n"},
    {"length_and_encoding",
     "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0\r\n\r\n",
     refused("400 Bad Request", "POST /a")},
    {"head_too_large", "POST /a HTTP/1.1\r\nA: " + std::string(20'000, 'x') + "\r\n\r\n",
     refused("431 Request Header Fields Too Large", "POST /a")},
    {"body_too_large", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 65537\r\n\r\n",
     refused("413 Payload Too Large", "POST /a")},
    {"body_too_large_expected",
     "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 65537\r\n\r\n",
     refused("413 Payload Too Large", "POST /a")},
    {"chunked_too_large",
     "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n",
     refused("413 Payload Too Large", "POST /a")},
    {"unfinished_head", "POST /a HTTP/1.1\r\nHos", refused("400 Bad Request", "POST /a")},
    {"unfinished_line", "POST /a HT", refused("400 Bad Request", " ")},
    {"unfinished_body", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n{}",
     refused("400 Bad Request", "POST /a")},
    {"nothing", "", ""},
};

class BytesInBytesOut : public testing::TestWithParam<Case> {};

TEST_P(BytesInBytesOut, AtOnce) {
  Site site;
  EXPECT_EQ(talk(site.port(), GetParam().bytes), GetParam().answers);
}

INSTANTIATE_TEST_SUITE_P(Table, BytesInBytesOut, testing::ValuesIn(kCases),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Connection, ReadsARequestThatComesByteByByte) {
  Site site;
  RawClient client(site.port());
  for (const char byte : post("/slow", "{}") + get("/next")) client.send({&byte, 1});
  EXPECT_EQ(client.read_answer(), ok("POST /slow {}"));
  EXPECT_EQ(client.read_answer(), ok("GET /next"));
}

TEST(Connection, AnswersCarryTheDate) {
  Site site;
  RawClient client(site.port());
  client.send(get("/", "Connection: close\r\n"));
  const std::string answer = client.read_to_end();
  const std::size_t at = answer.find("\r\nDate: ");
  ASSERT_NE(at, std::string::npos) << answer;
  EXPECT_EQ(answer.substr(at + 33, 6), " GMT\r\n") << answer;
}

TEST(Connection, AnswersAHundredPipelinedRequestsInOrder) {
  for (const bool at_once : {true, false}) {
    Site site(at_once ? Handle(echo) : [](const Request& request, Reply reply, Loop& loop) {
      auto later = std::make_shared<Reply>(std::move(reply));
      loop.post([later, target = std::string(request.target)] { later->send({.body = target}); });
    });
    std::string requests;
    std::string expected;
    for (int i = 0; i < 100; ++i) {
      requests += get(fmt::format("/{}", i));
      expected += ok(fmt::format("{}/{}", at_once ? "GET " : "", i));
    }
    EXPECT_EQ(talk(site.port(), requests), expected);
  }
}

TEST(Connection, PipelinedAnswersDoNotDeepenTheStack) {
  Site site([](const Request&, Reply reply, Loop&) { reply.send({}); },
            {.body_bytes_max = 8 * 1024 * 1024});
  std::string requests;
  for (int i = 0; i < 100'000; ++i) requests += "GET / HTTP/1.1\r\nHost:\r\n\r\n";
  RawClient client(site.port());
  std::thread sender([&] {
    client.send(requests);
    client.finish_sending();
  });
  const std::string one = ok("");
  EXPECT_EQ(without_dates(client.read_to_end()).size(), 100'000 * one.size());
  sender.join();
}

TEST(Connection, SendsWhatTheAnswerAsksFor) {
  Site site([](const Request&, Reply reply, Loop&) {
    reply.send({.status = 503,
                .body = "x",
                .content_type = "text/plain",
                .headers = "X-A: 1\r\nX-B: 2\r\n",
                .close = true});
  });
  EXPECT_EQ(talk(site.port(), get("/") + get("/")),
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n"
            "X-A: 1\r\nX-B: 2\r\nConnection: close\r\n\r\nx");
}

TEST(Connection, SaysContinueBeforeTheBody) {
  Site site;
  RawClient client(site.port());
  client.send("POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.read_answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("{}");
  EXPECT_EQ(client.read_answer(), ok("POST /a {}"));
}

TEST(Connection, ARefusalArrivesWhileThePeerGoesOnSending) {
  Site site;
  RawClient client(site.port());
  client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n");
  client.send(std::string(500'000, 'x'));
  EXPECT_EQ(without_dates(client.read_to_end()), refused("413 Payload Too Large", "POST /a"));
}

TEST(Connection, APeerThatNeverStopsSendingIsCutOff) {
  Site site(echo, {.write = 100ms, .tick = 5ms});
  RawClient client(site.port());
  client.send("nonsense\r\n\r\n");
  client.read_to_end();
  while (::send(client.descriptor(), "x", 1, MSG_NOSIGNAL) > 0) {
  }
  SUCCEED();
}

// ---- the reply

// AddressSanitizer sees it where it is told all the same.
TEST(ReplyUse, AConnectionThatIsDroppedIsNotToldOfWhatCameToIt) {
  Reply held;
  std::promise<void> arrived, loop_held, go_on;
  Site site([&](const Request& request, Reply reply, Loop&) {
    if (request.target == "/hold") {
      held = std::move(reply);
      return arrived.set_value();
    }
    if (request.target == "/drop") held.drop();
    reply.send({.body = std::string(request.target)});
  });
  RawClient dropping(site.port());
  dropping.send(get("/"));
  EXPECT_EQ(dropping.read_answer(), ok("/"));
  RawClient dropped(site.port());
  dropped.send(get("/hold"));
  arrived.get_future().wait();
  site.loop().post([&] {
    loop_held.set_value();
    go_on.get_future().wait();
  });
  loop_held.get_future().wait();
  dropping.send(get("/drop"));
  dropped.send(get("/next"));  // told together with the drop, and after it
  go_on.set_value();
  EXPECT_EQ(dropping.read_answer(), ok("/drop"));
  dropping.send(get("/"));
  EXPECT_EQ(dropping.read_answer(), ok("/"));
}

TEST(ReplyUse, LargeAnswersReachASlowReader) {
  const std::string body(20'000'000, 'b');
  Site site([&](const Request&, Reply reply, Loop&) { reply.send({.body = body}); });
  RawClient client(site.port());
  client.send(get("/1") + get("/2", "Connection: close\r\n"));
  EXPECT_EQ(client.read_answer(), ok(body));
  EXPECT_EQ(client.read_answer(), ok(body, kClose));
}

TEST(ReplyUse, AHeldReplyAnswersLaterAndOnce) {
  Held held;
  Site site(hold(held));
  RawClient client(site.port());
  client.send(get("/hold") + get("/next"));
  held.arrived.get_future().wait();
  site.on_loop([&] {
    EXPECT_TRUE(held.reply.pending());
    held.reply.send({.body = "late"});
    EXPECT_FALSE(held.reply.pending());
    held.reply.send({.body = "again"});
    held.reply.drop();
  });
  EXPECT_EQ(client.read_answer(), ok("late"));
  EXPECT_EQ(client.read_answer(), ok("GET /next"));
}

TEST(ReplyUse, IsUsedOnceAndDroppedWhenReplaced) {
  struct Spy final : Reply::Sink {
    std::vector<std::uint64_t> sent;
    void send(std::uint64_t ticket, Answer&&) override { sent.push_back(ticket); }
    void drop(std::uint64_t ticket) override { sent.push_back(ticket + 1000); }
  };
  const auto spy = std::make_shared<Spy>();
  Reply first(spy, 1);
  Reply second(spy, 2);
  first.send({});
  first = std::move(second);
  first = Reply(spy, 3);
  first.send({});
  EXPECT_EQ(spy->sent, (std::vector<std::uint64_t>{1, 1002, 3}));
}

TEST(ReplyUse, AReplyToAPeerThatLeftGoesNowhere) {
  Held held;
  Site site(hold(held));
  {
    RawClient client(site.port());
    client.send(get("/hold"));
    held.arrived.get_future().wait();
  }
  site.on_loop([&] { held.reply.send({.body = std::string(10'000'000, 'x')}); });
  EXPECT_EQ(talk(site.port(), get("/")), ok("GET /"));
}

TEST(ReplyUse, AReplyThatOutlivesTheServerGoesNowhere) {
  Held held;
  Site site(hold(held));
  RawClient client(site.port());
  client.send(get("/hold"));
  held.arrived.get_future().wait();
  site.stop();
  EXPECT_FALSE(held.reply.pending());
  held.reply.send({});
  EXPECT_TRUE(client.closed_without_a_word());
}

TEST(ReplyUse, DroppingClosesWithoutAnAnswer) {
  for (const bool by_name : {true, false}) {
    Site site([by_name](const Request&, Reply reply, Loop&) {
      if (by_name) reply.drop();
    });
    RawClient client(site.port());
    client.send(get("/1") + get("/2"));
    client.finish_sending();
    EXPECT_TRUE(client.closed_without_a_word());
    EXPECT_EQ(site.counts().handled, 1);
  }
}

TEST(ReplyUse, RequestViewsLiveUntilTheHandlerReturns) {
  std::string seen;
  Site site([&](const Request& request, Reply reply, Loop&) {
    reply.send({.close = true});
    seen = request.body;
  });
  talk(site.port(), post("/a", "still here") + post("/b", "overwritten?"));
  site.stop();
  EXPECT_EQ(seen, "still here");
}

}  // namespace
}  // namespace batal::http::test
