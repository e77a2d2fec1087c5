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

std::string ok(std::string_view body, std::string_view connection = "") {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}\r\n{}",
      body.size(), connection, body);
}

std::string refused(std::string_view status, std::string_view body) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n"
      "Connection: close\r\n\r\n{}",
      status, body.size(), body);
}

// ---- bytes in, bytes out

struct Case {
  std::string_view name;
  std::string bytes;
  std::string answers;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

const std::string kClose = "Connection: close\r\n";

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

TEST(ReplyUse, LargeAnswersReachASlowReader) {
  const std::string body(20'000'000, 'b');
  Site site([&](const Request&, Reply reply, Loop&) { reply.send({.body = body}); });
  RawClient client(site.port());
  client.send(get("/1") + get("/2", "Connection: close\r\n"));
  EXPECT_EQ(client.read_answer(), ok(body));
  EXPECT_EQ(client.read_answer(), ok(body, kClose));
}

struct Held {
  std::promise<void> arrived;
  Reply reply;
};

Handle hold(Held& held) {
  return [&held](const Request& request, Reply reply, Loop& loop) {
    if (request.path != "/hold") return echo(request, std::move(reply), loop);
    held.reply = std::move(reply);
    held.arrived.set_value();
  };
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

// ---- the loop

TEST(Loops, PostsFromManyThreadsAllRunOnTheLoop) {
  Site site;
  std::atomic<int> run{0};
  std::promise<void> all;
  std::promise<std::thread::id> loop_thread;
  site.loop().post([&] { loop_thread.set_value(std::this_thread::get_id()); });
  const std::thread::id expected = loop_thread.get_future().get();
  std::atomic<bool> elsewhere{false};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 250; ++n) {
        site.loop().post([&] {
          if (std::this_thread::get_id() != expected) elsewhere = true;
          if (++run == 1000) all.set_value();
        });
      }
    });
  }
  all.get_future().wait();
  EXPECT_FALSE(elsewhere);
}

TEST(Loops, AfterRunsInTheOrderOfTheDelays) {
  Site site;
  std::vector<int> order;
  std::promise<void> done;
  site.on_loop([&] {
    site.loop().after(60ms, [&] {
      order.push_back(2);
      done.set_value();
    });
    site.loop().after(1ms, [&] { order.push_back(1); });
  });
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(Loops, FlushComesAfterTheSocketsThatWereReady) {
  Site* site = nullptr;
  std::vector<Reply> gathered;
  Site made([&](const Request&, Reply reply, Loop&) { gathered.push_back(std::move(reply)); });
  site = &made;
  RawClient client(site->port());
  const int before = site->counts().flushes;
  client.send(get("/"));
  while (site->counts().flushes == before || site->counts().handled == 0) std::this_thread::yield();
  site->on_loop([&] {
    ASSERT_EQ(gathered.size(), 1U);
    gathered.front().send({.body = "flushed"});
    gathered.clear();
  });
  EXPECT_EQ(client.read_answer(), ok("flushed"));
}

TEST(Loops, TicksComeByThemselves) {
  Site site(echo, {.tick = 1ms});
  while (site.counts().ticks < 3) std::this_thread::yield();
  SUCCEED();
}

TEST(Loops, SeveralLoopsShareOnePort) {
  std::mutex mutex;
  std::vector<std::thread::id> threads;
  Site site(
      [&](const Request& request, Reply reply, Loop& loop) {
        const std::scoped_lock lock(mutex);
        if (std::ranges::find(threads, std::this_thread::get_id()) == threads.end()) {
          threads.push_back(std::this_thread::get_id());
        }
        echo(request, std::move(reply), loop);
      },
      {}, {}, 3);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(talk(site.port(), get("/")), ok("GET /"));
  const std::scoped_lock lock(mutex);
  EXPECT_GT(threads.size(), 1U);
}

// ---- limits of time and number

TEST(Deadlines, IdleConnectionsAreClosed) {
  Site site(echo, {.idle = 50ms, .tick = 5ms});
  RawClient fresh(site.port());
  EXPECT_TRUE(fresh.closed_without_a_word());
  RawClient used(site.port());
  used.send(get("/"));
  EXPECT_EQ(used.read_answer(), ok("GET /"));
  EXPECT_TRUE(used.closed_without_a_word());
}

TEST(Deadlines, ASlowRequestIsRefused) {
  for (const std::string_view part :
       {"POST /a HTTP/1.1\r\nHost", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{"}) {
    Site site(echo, {.read = 50ms, .tick = 5ms});
    RawClient client(site.port());
    client.send(part);
    EXPECT_EQ(without_dates(client.read_to_end()), refused("408 Request Timeout", "POST /a"));
  }
}

TEST(Deadlines, TheReadDeadlineCountsFromTheFirstByte) {
  Site site(echo, {.read = 100ms, .tick = 5ms});
  RawClient client(site.port());
  const std::string request = post("/a", std::string(60'000, 'x'));
  std::size_t sent = 0;
  while (sent < request.size() &&
         ::send(client.descriptor(), &request[sent], 1, MSG_NOSIGNAL) == 1) {
    char byte;
    if (::recv(client.descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) break;
    ++sent;
    std::this_thread::sleep_for(1ms);  // a slow sender: the pace is what is tested
  }
  EXPECT_LT(sent, request.size());
  EXPECT_EQ(without_dates(client.read_to_end()), refused("408 Request Timeout", "POST /a"));
}

TEST(Deadlines, AnAnswerThatNobodyTakesIsGivenUp) {
  Site site([](const Request&, Reply reply,
               Loop&) { reply.send({.body = std::string(50'000'000, 'x')}); },
            {.write = 50ms, .tick = 5ms});
  RawClient client(site.port());
  client.send(get("/"));
  while (site.server().connections(0) == 0) std::this_thread::yield();
  while (site.server().connections(0) != 0) std::this_thread::yield();
  EXPECT_LT(client.read_to_end().size(), 50'000'000U);
}

TEST(Limits, TooManyConnectionsAreClosedAtOnce) {
  Site site(echo, {.connections_max = 2});
  RawClient first(site.port());
  RawClient second(site.port());
  while (site.server().connections(0) < 2) std::this_thread::yield();
  RawClient third(site.port());
  EXPECT_TRUE(third.closed_without_a_word());
  first.close();
  while (site.server().connections(0) == 2) std::this_thread::yield();
  EXPECT_EQ(talk(site.port(), get("/")), ok("GET /"));
}

TEST(Limits, IdleConnectionsHoldNoBuffers) {
  Held held;
  Site site(hold(held));
  std::vector<RawClient> clients;
  for (int i = 0; i < 500; ++i) {
    clients.emplace_back(site.port());
    clients.back().send(get("/"));
    ASSERT_EQ(clients.back().read_answer(), ok("GET /"));
  }
  site.on_loop([] {});
  EXPECT_EQ(site.server().connections(0), 500U);
  EXPECT_EQ(site.server().buffers_lent(0), 0U);
  clients[0].send("GET ");
  clients[1].send(get("/hold"));
  while (site.server().buffers_lent(0) != 1) std::this_thread::yield();
  held.arrived.get_future().wait();
  site.on_loop([&] { held.reply.send({}); });
  EXPECT_EQ(site.server().buffers_lent(0), 1U);
}

TEST(Limits, RunningOutOfDescriptorsIsSurvivedWithoutSpinning) {
  Site site(echo, {.tick = 10ms});
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  RawClient early(site.port());
  early.send(get("/"));
  EXPECT_EQ(early.read_answer(), ok("GET /"));
  RawClient late(site.port());
  late.send(get("/"));
  EXPECT_EQ(late.read_answer(), ok("GET /"));
  const int waiting = ::socket(AF_INET, SOCK_STREAM, 0);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(waiting);  // nothing may be opened beyond this one
  RawClient pending(site.port());
  EXPECT_EQ((pending.send(get("/")), pending.read_answer()), ok("GET /"));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const int flushes = site.counts().flushes;
  const int ticks = site.counts().ticks;
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  ::getpeername(early.descriptor(), reinterpret_cast<sockaddr*>(&name), &size);
  EXPECT_EQ(::connect(waiting, reinterpret_cast<sockaddr*>(&name), size), 0);
  while (site.counts().ticks < ticks + 5) std::this_thread::yield();
  EXPECT_LT(site.counts().flushes - flushes, 50);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  const std::string request = get("/");
  ::send(waiting, request.data(), request.size(), MSG_NOSIGNAL);
  char byte = 0;
  EXPECT_EQ(::recv(waiting, &byte, 1, 0), 1);
  EXPECT_EQ(byte, 'H');
  ::close(waiting);
}

// ---- stopping

TEST(Drain, FinishesWhatHasBegunAndClosesWhatIsIdle) {
  Held held;
  Site site(hold(held));
  RawClient idle(site.port());
  idle.send(get("/"));
  EXPECT_EQ(idle.read_answer(), ok("GET /"));
  RawClient reading(site.port());
  reading.send("POST /r HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{");
  RawClient handling(site.port());
  handling.send(get("/hold"));
  held.arrived.get_future().wait();
  while (site.server().buffers_lent(0) != 1) std::this_thread::yield();

  auto drained = std::async(std::launch::async, [&] { site.server().drain(10s); });
  EXPECT_TRUE(idle.closed_without_a_word());
  EXPECT_THROW(RawClient(site.port()), std::runtime_error);
  EXPECT_EQ(drained.wait_for(0s), std::future_status::timeout);
  reading.send("}");
  EXPECT_EQ(without_dates(reading.read_to_end()), ok("POST /r {}", kClose));
  site.on_loop([&] { held.reply.send({.body = "late"}); });
  EXPECT_EQ(without_dates(handling.read_to_end()), ok("late", kClose));
  reading.close();
  handling.close();
  drained.wait();
  EXPECT_EQ(site.server().connections(0), 0U);
}

TEST(Drain, ReturnsAtTheDeadline) {
  Held held;
  Site site(hold(held));
  RawClient client(site.port());
  client.send(get("/hold"));
  held.arrived.get_future().wait();
  site.server().drain(20ms);
  EXPECT_EQ(site.server().connections(0), 1U);
  site.stop();
  EXPECT_TRUE(client.closed_without_a_word());
}

TEST(Drain, WithoutConnectionsReturnsAtOnce) {
  Site site(echo, {}, {}, 2);
  const auto start = std::chrono::steady_clock::now();
  site.server().drain(10s);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST(StopReading, SendsTheAnswersToComeAndNothingElse) {
  Held held;
  Site site(hold(held));
  RawClient idle(site.port());
  idle.send(get("/"));
  EXPECT_EQ(idle.read_answer(), ok("GET /"));
  RawClient reading(site.port());
  reading.send("GET /r");
  RawClient handling(site.port());
  handling.send(get("/hold") + get("/never"));
  held.arrived.get_future().wait();
  while (site.server().buffers_lent(0) != 2) std::this_thread::yield();

  site.server().stop_reading();
  EXPECT_TRUE(idle.closed_without_a_word());
  EXPECT_TRUE(reading.closed_without_a_word());
  site.on_loop([&] { held.reply.send({.status = 504}); });
  EXPECT_TRUE(handling.read_to_end().starts_with("HTTP/1.1 504 Gateway Timeout\r\n"));
  EXPECT_EQ(site.counts().handled, 2);
}

TEST(StopReading, HoldsForRequestsThatAreAlreadyThere) {
  Server* server = nullptr;
  Site site([&](const Request& request, Reply reply, Loop& loop) {
    server->stop_reading();
    echo(request, std::move(reply), loop);
  });
  server = &site.server();
  RawClient first(site.port());
  RawClient second(site.port());
  while (server->connections(0) < 2) std::this_thread::yield();
  site.on_loop([&] {  // so that the loop finds both at once
    first.send(get("/"));
    second.send(get("/"));
  });
  const std::string answers = first.read_to_end() + second.read_to_end();
  EXPECT_EQ(without_dates(answers), ok("GET /", kClose));
  EXPECT_EQ(site.counts().handled, 1);
}

// ---- listening

std::string listen_error(const ListenerOptions& options) {
  Server server(1);
  try {
    server.listen(options, [](Loop&) -> std::unique_ptr<Handler> { return nullptr; }, 1);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Listening, ErrorsNameWhatIsAtFault) {
  EXPECT_EQ(listen_error({.address = "somewhere"}), "listen address somewhere: not an IP address");
  EXPECT_EQ(listen_error({.address = "192.0.2.1", .port = 80}),
            "cannot listen on 192.0.2.1 port 80: Cannot assign requested address");
  const Site taken(echo, {}, {}, 2);
  EXPECT_EQ(
      listen_error({.port = taken.port()}),
      fmt::format("cannot listen on 127.0.0.1 port {}: Address already in use", taken.port()));
}

TEST(Listening, TheSamePortCanBeTakenAgainAtOnce) {
  std::uint16_t port = 0;
  {
    Site site;
    port = site.port();
    talk(port, get("/"));
  }
  EXPECT_EQ(listen_error({.port = port}), "no error");
}

}  // namespace
}  // namespace batal::http::test
