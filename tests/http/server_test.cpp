// Loops, deadlines, limits and stopping: what concerns more than one request.
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/support.h"

namespace batal::http::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

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

TEST(Drain, AnswersARequestThatNobodyHasLookedAt) {
  Site site;
  RawClient client(site.port());
  client.send(get("/"));
  EXPECT_EQ(client.read_answer(), ok("GET /"));
  std::promise<void> held, go_on;
  site.loop().post([&] {
    held.set_value();
    go_on.get_future().wait();
  });
  held.get_future().wait();
  client.send(get("/unseen"));
  site.server().drain(0ms);
  go_on.set_value();
  EXPECT_EQ(without_dates(client.read_to_end()), ok("GET /unseen", kClose));
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
