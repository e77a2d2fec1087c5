// Plays prepared HTTP requests against a server and says what came back.
//
//   batal_load --to ADDRESS:PORT --requests FILE [--expect TEXT] [--status CODE] [--connections N]
//              [--rate PER_SECOND] [--seconds S] [--again]
//
// The file holds records "LENGTH\n" and LENGTH bytes of one request each, which is sent once; with
// --again from the first one on when they are out. Closed loop: each connection sends its next
// request when it has the answer. With --rate open loop: a request is due at its moment whether or
// not earlier ones have been answered, and its latency counts from then, so that a server that
// stands still cannot hide it by being asked less. What is due goes out on the first free
// connection. It begins a moment after all have connected, so that nobody waits for being accepted.
//
// Prints a line of JSON: seconds, answers, wrong (not of status CODE, or without TEXT in the body),
// ran_out (no request was left before the time was up), and the latencies in microseconds.
//
// One thread, no allocation for a request: what it costs itself limits what it can measure.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kAnswerBytesMax = 8192;
constexpr auto kAcceptedWithin = std::chrono::milliseconds(100);
constexpr auto kSilenceMax = std::chrono::seconds(10);

struct Options {
  std::string to;
  std::string requests;
  std::string expect;
  int status = 200;
  std::size_t connections = 64;
  double rate = 0;  // 0: closed loop
  double seconds = 3;
  bool again = false;
};

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// The requests of a file, which stays mapped.
std::vector<std::string_view> requests_of(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat about {};
  if (file < 0 || ::fstat(file, &about) != 0) fail(path);
  const auto size = static_cast<std::size_t>(about.st_size);
  void* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  if (mapped == MAP_FAILED) fail(path);
  std::string_view rest(static_cast<const char*>(mapped), size);
  std::vector<std::string_view> requests;
  while (!rest.empty()) {
    std::size_t length = 0;
    const auto parsed = std::from_chars(rest.begin(), rest.end(), length);
    const auto begin = static_cast<std::size_t>(parsed.ptr - rest.begin()) + 1;
    if (parsed.ec != std::errc{} || rest.size() < begin + length)
      throw std::runtime_error(path + " holds something else than requests");
    requests.push_back(rest.substr(begin, length));
    rest.remove_prefix(begin + length);
  }
  if (requests.empty()) throw std::runtime_error(path + " holds no request");
  return requests;
}

sockaddr_in address_of(const std::string& text) {
  const auto colon = text.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (colon == std::string::npos ||
      ::inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1)
    throw std::runtime_error(text + " is no address with a port");
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1))));
  return address;
}

struct Connection {
  int socket = -1;
  Clock::time_point due;
  std::size_t received = 0;
  std::array<char, kAnswerBytesMax> answer;

  std::string_view text() const { return {answer.data(), received}; }
};

// The whole of an answer once it is there: its head and its body.
struct Answer {
  std::string_view head;
  std::string_view body;
};
std::optional<Answer> whole(std::string_view text) {
  const auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view head = text.substr(0, end + 2);
  constexpr std::array kNames{"\r\nContent-Length: ", "\r\ncontent-length: "};
  for (const std::string_view name : kNames) {
    const auto at = head.find(name);
    if (at == std::string_view::npos) continue;
    std::size_t length = 0;
    std::from_chars(head.data() + at + name.size(), head.end(), length);
    const std::string_view body = text.substr(end + 4);
    if (body.size() > length) throw std::runtime_error("an answer is longer than it says");
    if (body.size() < length) return std::nullopt;
    return Answer{head, body};
  }
  throw std::runtime_error("an answer does not say how long it is");
}

class Load {
 public:
  Load(const Options& options, std::vector<std::string_view> requests)
      : options_(options),
        requests_(std::move(requests)),
        connections_(options.connections),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) fail("epoll");
    const sockaddr_in address = address_of(options.to);
    for (Connection& connection : connections_) {
      connect(connection, address);
      free_.push_back(&connection);
    }
    latencies_.reserve(1 << 22);
  }

  void run() {
    std::this_thread::sleep_for(kAcceptedWithin);
    begin_ = Clock::now();
    const auto end = begin_ + std::chrono::duration_cast<Clock::duration>(
                                  std::chrono::duration<double>(options_.seconds));
    auto heard = begin_;
    while (true) {
      const auto now = Clock::now();
      const bool over = now >= end || ran_out_;
      if (over && free_.size() == connections_.size()) break;
      if (!over) send_due(now);
      if (receive()) heard = Clock::now();
      if (Clock::now() - heard > kSilenceMax && free_.size() < connections_.size())
        throw std::runtime_error("the server is silent");
    }
    end_ = Clock::now();
  }

  std::string report() {
    std::ranges::sort(latencies_);
    const auto at = [this](double part) {
      if (latencies_.empty()) return 0.0;
      const auto rank = static_cast<std::size_t>(part * static_cast<double>(latencies_.size()));
      return static_cast<double>(latencies_[std::min(rank, latencies_.size() - 1)]) / 1000;
    };
    return fmt::format(
        R"({{"seconds": {:.4f}, "answers": {}, "wrong": {}, "first_wrong": "{}", "ran_out": {}, )"
        R"("p50_us": {:.1f}, "p99_us": {:.1f}, "p999_us": {:.1f}, "max_us": {:.1f}}})",
        std::chrono::duration<double>(end_ - begin_).count(), latencies_.size(), wrong_,
        first_wrong_, ran_out_, at(0.5), at(0.99), at(0.999), at(1));
  }

 private:
  void connect(Connection& connection, const sockaddr_in& address) {
    connection.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (connection.socket < 0 ||
        ::setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        ::connect(connection.socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
            0)
      fail("connect to " + options_.to);
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &event) != 0) fail("epoll");
  }

  void send_due(Clock::time_point now) {
    while (!free_.empty() && !ran_out_) {
      auto due = now;
      if (options_.rate > 0) {
        due = due_at(sent_);
        if (due > now) return;
      }
      if (next_ == requests_.size() && options_.again) next_ = 0;
      if (next_ == requests_.size()) {
        ran_out_ = true;
        return;
      }
      Connection& connection = *free_.back();
      free_.pop_back();
      connection.due = due;
      send(connection, requests_[next_++]);
      ++sent_;
    }
  }

  Clock::time_point due_at(std::uint64_t number) const {
    return begin_ + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(static_cast<double>(number) / options_.rate));
  }

  void send(const Connection& connection, std::string_view request) {
    const auto sent = ::send(connection.socket, request.data(), request.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(request.size())) fail("send to " + options_.to);
  }

  // Never sleeps: whoever answers would pay for waking it, and the slower the more often.
  bool receive() {
    std::array<epoll_event, 256> events;
    const int count = ::epoll_wait(epoll_, events.data(), events.size(), 0);
    if (count < 0 && errno != EINTR) fail("epoll");
    for (int i = 0; i < count; ++i) read(*static_cast<Connection*>(events[i].data.ptr));
    return count > 0;
  }

  void read(Connection& connection) {
    const auto room = std::span(connection.answer).subspan(connection.received);
    const auto count = ::recv(connection.socket, room.data(), room.size(), 0);
    if (count <= 0) fail("the server hangs up");
    connection.received += static_cast<std::size_t>(count);
    const auto answer = whole(connection.text());
    if (!answer) {
      if (connection.received == kAnswerBytesMax) throw std::runtime_error("an answer is too long");
      return;
    }
    note(connection, *answer);
    connection.received = 0;
    free_.push_back(&connection);
  }

  void note(const Connection& connection, const Answer& answer) {
    const auto took = std::chrono::nanoseconds(Clock::now() - connection.due).count();
    latencies_.push_back(static_cast<std::uint64_t>(std::max<std::int64_t>(took, 0)));
    const bool right = answer.head.starts_with(status_line_) &&
                       answer.body.find(options_.expect) != std::string_view::npos;
    if (right) return;
    if (wrong_++ == 0)
      for (const char c : connection.text())
        first_wrong_ += c == '"' || c == '\\' || c < ' ' ? '\'' : c;
  }

  const Options& options_;
  const std::string status_line_ = fmt::format("HTTP/1.1 {} ", options_.status);
  const std::vector<std::string_view> requests_;
  std::vector<Connection> connections_;
  std::vector<Connection*> free_;         // the one used last is the next to be used
  std::vector<std::uint64_t> latencies_;  // nanoseconds
  const int epoll_;
  std::size_t next_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t wrong_ = 0;
  std::string first_wrong_;
  bool ran_out_ = false;
  Clock::time_point begin_;
  Clock::time_point end_;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Plays prepared HTTP requests against a server and says what came back.");
  app.add_option("--to", options.to, "ADDRESS:PORT")->required();
  app.add_option("--requests", options.requests, "a file of requests")->required();
  app.add_option("--expect", options.expect, "what each body must contain");
  app.add_option("--status", options.status, "which each answer must have");
  app.add_option("--connections", options.connections)->check(CLI::PositiveNumber);
  app.add_option("--rate", options.rate, "requests a second, open loop; 0: closed loop");
  app.add_option("--seconds", options.seconds)->check(CLI::PositiveNumber);
  app.add_flag("--again", options.again, "from the first request on when they are out");
  CLI11_PARSE(app, argc, argv);
  try {
    Load load(options, requests_of(options.requests));
    load.run();
    fmt::print("{}\n", load.report());
  } catch (const std::exception& error) {
    fmt::print(stderr, "batal_load: {}\n", error.what());
    return 1;
  }
}
