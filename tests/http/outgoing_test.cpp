#include "http/outgoing.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <ostream>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/answer_parser.h"
#include "http/support.h"

namespace batal::http::test {
namespace {

using namespace std::chrono_literals;
using Kind = CallError::Kind;

// ---- addresses

struct UrlCase {
  std::string_view text;
  std::string_view parsed;  // tls|host|port|path, or a part of the error
};

void PrintTo(const UrlCase& c, std::ostream* out) {
  *out << c.text;
}

class UrlCases : public testing::TestWithParam<UrlCase> {};

TEST_P(UrlCases, Parse) {
  const auto url = Url::parse(GetParam().text);
  if (url) {
    EXPECT_EQ(fmt::format("{}|{}|{}|{}", url->tls ? "tls" : "tcp", url->host, url->port, url->path),
              GetParam().parsed);
  } else {
    EXPECT_EQ(url.error(), fmt::format("URL \"{}\": {}", GetParam().text, GetParam().parsed));
  }
}

constexpr std::string_view kBadPort = "the port is not 1 to 65535";
constexpr std::string_view kBadScheme = "it must begin with http:// or https://";

INSTANTIATE_TEST_SUITE_P(
    Table, UrlCases,
    testing::Values(
        UrlCase{"http://h", "tcp|h|80|"}, UrlCase{"https://h.example/", "tls|h.example|443|"},
        UrlCase{"HTTP://h:8080/a/b/", "tcp|h|8080|/a/b"},
        UrlCase{"https://[::1]:1/x", "tls|::1|1|/x"}, UrlCase{"http://[::1]", "tcp|::1|80|"},
        UrlCase{"http://h:65535", "tcp|h|65535|"}, UrlCase{"http://h:65536", kBadPort},
        UrlCase{"http://h:0", kBadPort}, UrlCase{"http://h:", kBadPort},
        UrlCase{"http://h:8x", kBadPort}, UrlCase{"http://[::1]x", kBadPort},
        UrlCase{"http://[::1", "the [ has no ]"}, UrlCase{"http://", "the host is missing"},
        UrlCase{"http://:80", "the host is missing"}, UrlCase{"http:///p", "the host is missing"},
        UrlCase{"", kBadScheme}, UrlCase{"h:80", kBadScheme}, UrlCase{"ftp://h", kBadScheme},
        UrlCase{"http://u@h", "a user name has no place in it"},
        UrlCase{"http://h/?q", "a query or fragment has no place in it"},
        UrlCase{"http://h/#f", "a query or fragment has no place in it"},
        UrlCase{"http://h /", "only visible ASCII characters are allowed"},
        UrlCase{"http://h\n", "only visible ASCII characters are allowed"}));

// ---- calls

Caller caller_to(std::uint16_t port, std::string_view prefix = "",
                 std::chrono::milliseconds timeout = 10s) {
  const auto url = Url::parse(fmt::format("http://127.0.0.1:{}{}", port, prefix));
  return Caller(url.value(), {.timeout = timeout});
}

TEST(Calls, SendWhatTheyAreTold) {
  std::string host;
  std::string given;
  Site site([&](const Request& request, Reply reply, Loop& loop) {
    host = *request.header("host");
    given = request.header("X-A") ? *request.header("X-A") : "none";
    echo(request, std::move(reply), loop);
  });
  Caller caller = caller_to(site.port(), "/base");
  const auto answer = caller.call("POST", "/path?q", {{"X-A", "1"}}, "{}");
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "POST /base/path?q {}");
  EXPECT_EQ(answer->headers[1],
            (std::pair<std::string, std::string>{"Content-Type", "application/json"}));
  const auto bare = caller.call("GET", "", {}, "");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->body, "GET /base");
  site.on_loop([&] {
    EXPECT_EQ(host, fmt::format("127.0.0.1:{}", site.port()));
    EXPECT_EQ(given, "none");
  });
  EXPECT_EQ(site.server().connections(0), 1U);
}

TEST(Calls, HeadHasNoBody) {
  Site site;
  Caller caller = caller_to(site.port());
  const auto answer = caller.call("HEAD", "/a", {}, "");
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->body, "");
  EXPECT_TRUE(caller.call("GET", "/a", {}, ""));
}

TEST(Calls, AConnectionThatTheServerClosedIsReplaced) {
  Site site([](const Request&, Reply reply, Loop&) { reply.send({}); },
            {.idle = 20ms, .tick = 5ms});
  Caller caller = caller_to(site.port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(caller.call("GET", "/", {}, ""));
    while (site.server().connections(0) != 0) std::this_thread::yield();
  }
  EXPECT_EQ(site.counts().handled, 3);
}

TEST(Calls, MalformedRequestsAreNotSent) {
  Caller caller = caller_to(1);
  const auto kind_of = [&](std::string_view method, std::string_view path,
                           std::pair<std::string, std::string> header) {
    return caller.call(method, path, {std::move(header)}, "").error().text;
  };
  EXPECT_EQ(kind_of("GE T", "/", {"A", "b"}), "the method is not a word");
  EXPECT_EQ(kind_of("GET", "/ x", {"A", "b"}), "the path holds white space");
  EXPECT_EQ(kind_of("GET", "/\r\n", {"A", "b"}), "the path holds white space");
  EXPECT_EQ(kind_of("GET", "/", {"A", "b\r\nC: d"}), "header \"A\" is malformed");
  EXPECT_EQ(kind_of("GET", "/", {"A: x", "b"}), "header \"A: x\" is malformed");
}

TEST(Calls, NobodyThereMeansNotSent) {
  std::uint16_t free_port = 0;
  {
    Site site;
    free_port = site.port();
  }
  Caller caller = caller_to(free_port);
  const auto answer = caller.call("GET", "/", {}, "");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::NotSent);
  EXPECT_EQ(answer.error().text,
            fmt::format("cannot connect to 127.0.0.1 port {}: Connection refused", free_port));
  Caller unknown(Url::parse("http://name.invalid").value(), {});
  EXPECT_EQ(unknown.call("GET", "/", {}, "").error().kind, Kind::NotSent);
}

TEST(Calls, AnAnswerThatDoesNotComeLeavesDoubt) {
  std::vector<Reply> held;
  Site site([&](const Request& request, Reply reply, Loop& loop) {
    if (request.path == "/never") {
      held.push_back(std::move(reply));
    } else if (request.path == "/drop") {
      reply.drop();
    } else {
      echo(request, std::move(reply), loop);
    }
  });
  Caller caller = caller_to(site.port(), "", 50ms);
  const auto late = caller.call("GET", "/never", {}, "");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, Kind::InDoubt);
  const auto dropped = caller.call("GET", "/drop", {}, "");
  ASSERT_FALSE(dropped);
  EXPECT_EQ(dropped.error().kind, Kind::InDoubt);
  ASSERT_TRUE(caller.call("GET", "/", {}, ""));
  const auto dropped_when_kept = caller.call("GET", "/drop", {}, "");
  ASSERT_FALSE(dropped_when_kept);
  EXPECT_EQ(dropped_when_kept.error().kind, Kind::InDoubt);
  EXPECT_TRUE(caller.call("GET", "/", {}, ""));
  EXPECT_EQ(site.counts().handled, 5);
  site.on_loop([&] { held.clear(); });
}

// A server that says the same to everyone who sends something, and closes.
class Parrot {
 public:
  explicit Parrot(std::string words) : words_(std::move(words)) {
    listening_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listening_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listening_, 8);
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Parrot() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  std::uint16_t port() const { return port_; }

 private:
  void serve() {
    int peer = -1;
    while ((peer = ::accept(listening_, nullptr, nullptr)) >= 0) {
      char space[4096];
      if (::recv(peer, space, sizeof space, 0) > 0) {
        ::send(peer, words_.data(), words_.size(), MSG_NOSIGNAL);
      }
      ::close(peer);
    }
  }

  std::string words_;
  int listening_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

struct AnswerCase {
  std::string_view name;
  std::string_view bytes;
  std::string_view result;  // "status body", or the kind of error
};

void PrintTo(const AnswerCase& c, std::ostream* out) {
  *out << c.name;
}

constexpr std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::NotSent:
      return "NotSent";
    case Kind::InDoubt:
      return "InDoubt";
    case Kind::Malformed:
      return "Malformed";
  }
  return "";
}

class AnswerCases : public testing::TestWithParam<AnswerCase> {};

TEST_P(AnswerCases, OverASocket) {
  const Parrot parrot{std::string(GetParam().bytes)};
  Caller caller = caller_to(parrot.port());
  const auto answer = caller.call("GET", "/", {}, "");
  const std::string result = answer ? fmt::format("{} {}", answer->status, answer->body)
                                    : std::string(name_of(answer.error().kind));
  EXPECT_EQ(result, GetParam().result) << (answer ? "" : answer.error().text);
}

TEST_P(AnswerCases, ByteByByte) {
  AnswerParser parser(false);
  boost::system::error_code code;
  for (const char byte : GetParam().bytes) {
    if (!parser.done() && !code) code = parser.feed({&byte, 1});
  }
  if (!parser.done() && !code && parser.begun()) code = parser.end();
  EXPECT_EQ(parser.done() && !code, std::isdigit(GetParam().result[0]) != 0) << code.message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, AnswerCases,
    testing::Values(
        AnswerCase{"plain", "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}", "201 {}"},
        AnswerCase{
            "chunked",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n",
            "200 abc"},
        AnswerCase{"chunked_empty",
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "200 "},
        AnswerCase{"until_the_end", "HTTP/1.0 200 OK\r\n\r\nall of it", "200 all of it"},
        AnswerCase{"no_content", "HTTP/1.1 204 No Content\r\n\r\n", "204 "},
        AnswerCase{"after_continue",
                   "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
                   "200 x"},
        AnswerCase{"nothing", "", "InDoubt"},
        AnswerCase{"cut_in_head", "HTTP/1.1 200 OK\r\nConte", "InDoubt"},
        AnswerCase{"cut_in_body", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "InDoubt"},
        AnswerCase{"cut_after_continue", "HTTP/1.1 100 Continue\r\n\r\n", "InDoubt"},
        AnswerCase{"not_http", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "Malformed"},
        AnswerCase{"bad_header", "HTTP/1.1 200 OK\r\nA(: b\r\n\r\n", "Malformed"},
        AnswerCase{"bad_length", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "Malformed"},
        AnswerCase{"too_long", "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "Malformed"}),
    [](const auto& row) { return std::string(row.param.name); });

// ---- TLS

std::expected<Received, CallError> call_tls(const Site& site, std::string_view host,
                                            const std::string& ca_file) {
  const auto url = Url::parse(fmt::format("https://{}:{}", host, site.port()));
  Caller caller(url.value(), {.timeout = 10s, .ca_file = ca_file});
  auto answer = caller.call("POST", "/a", {}, "{}");
  if (answer) answer = caller.call("POST", "/a", {}, "{}");
  return answer;
}

TEST(TlsCalls, TrustTheRightNameAndAuthority) {
  const Certificates by_name("localhost");
  Site named(echo, {}, by_name.files());
  const auto answer = call_tls(named, "localhost", by_name.ca_file());
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->body, "POST /a {}");
  EXPECT_EQ(named.counts().handled, 2);

  const Certificates by_address("IP:127.0.0.1");
  Site addressed(echo, {}, by_address.files());
  const auto other = call_tls(addressed, "127.0.0.1", by_address.ca_file());
  EXPECT_TRUE(other) << other.error().text;
}

TEST(TlsCalls, RefuseAWrongNameAWrongAuthorityAndAMissingFile) {
  const Certificates certificates("localhost");
  const Certificates strangers("localhost");
  Site site(echo, {}, certificates.files());
  const auto expect = [&](std::string_view host, const std::string& ca_file,
                          std::string_view part) {
    const auto answer = call_tls(site, host, ca_file);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, Kind::NotSent);
    EXPECT_NE(answer.error().text.find(part), std::string::npos) << answer.error().text;
  };
  expect("127.0.0.1", certificates.ca_file(), "certificate verify failed");
  expect("localhost", strangers.ca_file(), "certificate");
  expect("localhost", "", "certificate");
  expect("localhost", "/nowhere.pem", "trusted certificates /nowhere.pem: ");
  EXPECT_EQ(site.counts().handled, 0);
}

TEST(TlsCalls, APlainServerIsNotSent) {
  Site site;
  const auto answer = call_tls(site, "localhost", "");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::NotSent);
}

TEST(TlsCalls, TheHandshakeCountsToTheDeadline) {
  Site site([](const Request&, Reply, Loop&) {});
  std::vector<Reply> held;
  const Parrot silent{""};
  const int listening = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(listening, reinterpret_cast<sockaddr*>(&address), size);
  ::listen(listening, 1);  // connects, never speaks
  ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size);
  Caller caller(Url{true, "127.0.0.1", std::to_string(ntohs(address.sin_port)), ""},
                {.timeout = 50ms});
  const auto answer = caller.call("GET", "/", {}, "");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::NotSent);
  ::close(listening);
}

}  // namespace
}  // namespace batal::http::test
