#include "support/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace batal::testing {
namespace {

// Longer than any answer may take, for the server's own deadline is 5 s.
constexpr int kPatienceMs = 60'000;

}  // namespace

Wire::Wire(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (descriptor_ < 0 ||
      ::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    if (descriptor_ >= 0) ::close(descriptor_);
    throw std::runtime_error(fmt::format("no connection to port {}", port));
  }
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Wire::~Wire() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Wire::Wire(Wire&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), parser_(std::move(other.parser_)) {}

Wire& Wire::operator=(Wire&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(parser_, other.parser_);
  return *this;
}

bool Wire::send(std::string_view request) {
  parser_ = std::make_unique<http::AnswerParser>(false);
  while (!request.empty()) {
    const ssize_t count = ::send(descriptor_, request.data(), request.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    request.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

Wire::Got Wire::receive(http::Received& answer) {
  std::array<char, 16384> buffer;
  while (!parser_->done()) {
    const ssize_t count = ::recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Got::Nothing;
    if (count <= 0) return Got::Broken;
    if (parser_->feed({buffer.data(), static_cast<std::size_t>(count)})) return Got::Broken;
  }
  answer = parser_->take();
  parser_.reset();
  return Got::Answer;
}

http::Received Wire::exchange(std::string_view request) {
  http::Received answer;
  Got got = send(request) ? Got::Nothing : Got::Broken;
  while (got == Got::Nothing) {
    pollfd waiting{descriptor_, POLLIN, 0};
    if (::poll(&waiting, 1, kPatienceMs) == 0) break;
    got = receive(answer);
  }
  if (got != Got::Answer) throw std::runtime_error("no answer came");
  return answer;
}

std::string admin_request(std::string_view method, std::string_view path, std::string_view token,
                          std::string_view body, std::string_view idempotency_key) {
  std::string request = fmt::format("{} {} HTTP/1.1\r\nHost: admin\r\nAuthorization: Bearer {}\r\n",
                                    method, path, token);
  if (!idempotency_key.empty()) request += fmt::format("Idempotency-Key: {}\r\n", idempotency_key);
  return request + fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body);
}

}  // namespace batal::testing
