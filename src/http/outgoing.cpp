#include "http/outgoing.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <optional>

#include <fmt/format.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>

#include "http/answer_parser.h"

namespace batal::http {

namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using ErrorCode = boost::system::error_code;
using Headers = std::vector<std::pair<std::string, std::string>>;

bool is_ip_address(const std::string& host) {
  ErrorCode error;
  asio::ip::make_address(host, error);
  return !error;
}

bool breaks_lines(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

// What in the request would not arrive as it is meant, or nothing.
std::string fault_of(std::string_view method, std::string_view path, const Headers& headers) {
  if (method.empty() || method.find_first_of(" \t") != std::string_view::npos ||
      breaks_lines(method)) {
    return "the method is not a word";
  }
  if (path.find_first_of(" \t") != std::string_view::npos || breaks_lines(path)) {
    return "the path holds white space";
  }
  for (const auto& [name, value] : headers) {
    if (name.empty() || name.find_first_of(": \t") != std::string::npos || breaks_lines(name) ||
        breaks_lines(value)) {
      return fmt::format("header \"{}\" is malformed", name);
    }
  }
  return {};
}

std::string host_header(const Url& url) {
  const std::string host = url.host.contains(':') ? "[" + url.host + "]" : url.host;
  return url.port == (url.tls ? "443" : "80") ? host : host + ":" + url.port;
}

std::string request_bytes(const Url& url, std::string_view method, std::string_view path,
                          const Headers& headers, std::string_view body) {
  std::string bytes =
      fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\n", method, url.path, path, host_header(url));
  for (const auto& [name, value] : headers) bytes += fmt::format("{}: {}\r\n", name, value);
  if (!body.empty() || method == "POST" || method == "PUT") {
    bytes += fmt::format("Content-Length: {}\r\n", body.size());
  }
  bytes += "\r\n";
  bytes += body;
  return bytes;
}

}  // namespace

// Everything runs inside call(), on the caller's thread: each asynchronous operation is started
// and the loop is run until it is done or the call's deadline has passed.
struct Caller::Impl {
  using Stream = asio::ssl::stream<tcp::socket>;
  using Result = std::expected<Received, CallError>;

  Url url;
  Options options;
  asio::io_context io;
  asio::ssl::context tls{asio::ssl::context::tls_client};
  bool tls_ready = false;
  std::optional<Stream> stream;
  Clock::time_point deadline;
  bool keep_stream = false;

  Impl(Url to, Options with) : url(std::move(to)), options(std::move(with)) {}

  Result call(std::string_view method, std::string_view request);
  CallError error(CallError::Kind kind, std::string_view what, const ErrorCode& code) const;
  std::expected<void, CallError> connect();
  std::expected<void, CallError> shake_hands();
  ErrorCode prepare_tls();
  bool still_quiet();
  template <class Transport>
  Result exchange(Transport& transport, std::string_view request, bool to_head);
  template <class Transport>
  Result receive(Transport& transport, bool to_head);
  template <class Start>
  ErrorCode finish(Start start);
};

CallError Caller::Impl::error(CallError::Kind kind, std::string_view what,
                              const ErrorCode& code) const {
  return {kind, fmt::format("{} {} port {}: {}", what, url.host, url.port, code.message())};
}

// Starts an operation and waits for it, until the deadline. Its state is shared with the handler,
// because the look-up of a name cannot be stopped and may end after the call has.
template <class Start>
ErrorCode Caller::Impl::finish(Start start) {
  const auto result = std::make_shared<std::optional<ErrorCode>>();
  start([result](const ErrorCode& code, const auto&...) { *result = code; });
  io.restart();
  while (!result->has_value() && io.run_one_until(deadline) != 0) {
  }
  if (result->has_value()) return **result;
  if (stream) {
    ErrorCode ignored;
    stream->next_layer().close(ignored);
  }
  io.restart();
  io.poll();
  return asio::error::timed_out;
}

std::expected<void, CallError> Caller::Impl::connect() {
  using enum CallError::Kind;
  stream.reset();
  if (const ErrorCode code = prepare_tls()) {
    return std::unexpected(CallError{
        NotSent, fmt::format("trusted certificates {}: {}", options.ca_file, code.message())});
  }
  const auto resolver = std::make_shared<tcp::resolver>(io);
  const auto found = std::make_shared<tcp::resolver::results_type>();
  ErrorCode code = finish([&](auto done) {
    resolver->async_resolve(url.host, url.port,
                            [resolver, found, done](const ErrorCode& failed, auto addresses) {
                              *found = std::move(addresses);
                              done(failed);
                            });
  });
  if (code) return std::unexpected(error(NotSent, "cannot find", code));
  stream.emplace(io, tls);
  code = finish([&](auto done) { asio::async_connect(stream->next_layer(), *found, done); });
  if (code) return std::unexpected(error(NotSent, "cannot connect to", code));
  stream->next_layer().set_option(tcp::no_delay(true), code);
  return url.tls ? shake_hands() : std::expected<void, CallError>{};
}

ErrorCode Caller::Impl::prepare_tls() {
  ErrorCode code;
  if (!url.tls || tls_ready) return code;
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  tls.set_verify_mode(asio::ssl::verify_peer);
  if (options.ca_file.empty()) {
    tls.set_default_verify_paths(code);
  } else {
    tls.load_verify_file(options.ca_file, code);
  }
  tls_ready = !code;
  return code;
}

std::expected<void, CallError> Caller::Impl::shake_hands() {
  static constexpr std::string_view kAlpn = "\x08http/1.1";
  SSL* const ssl = stream->native_handle();
  if (!is_ip_address(url.host)) SSL_set_tlsext_host_name(ssl, url.host.c_str());
  SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(kAlpn.data()),
                      static_cast<unsigned>(kAlpn.size()));
  stream->set_verify_callback(asio::ssl::host_name_verification(url.host));
  const ErrorCode code =
      finish([&](auto done) { stream->async_handshake(Stream::client, std::move(done)); });
  if (!code) return {};
  CallError failed = error(CallError::Kind::NotSent, "no TLS with", code);
  const long verdict = SSL_get_verify_result(ssl);
  if (verdict != X509_V_OK) {
    failed.text += fmt::format(" ({})", X509_verify_cert_error_string(verdict));
  }
  return std::unexpected(std::move(failed));
}

// A kept connection that became readable was closed by the server, or is of no use otherwise.
bool Caller::Impl::still_quiet() {
  char byte;
  return ::recv(stream->next_layer().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

template <class Transport>
Caller::Impl::Result Caller::Impl::exchange(Transport& transport, std::string_view request,
                                            bool to_head) {
  const ErrorCode code = finish([&](auto done) {
    asio::async_write(transport, asio::buffer(request.data(), request.size()), std::move(done));
  });
  if (code)
    return std::unexpected(error(CallError::Kind::InDoubt, "broken off while sending to", code));
  return receive(transport, to_head);
}

template <class Transport>
Caller::Impl::Result Caller::Impl::receive(Transport& transport, bool to_head) {
  using enum CallError::Kind;
  AnswerParser answer(to_head);
  std::array<char, 16 * 1024> space;
  while (!answer.done()) {
    std::size_t bytes = 0;
    const ErrorCode code = finish([&](auto done) {
      transport.async_read_some(asio::buffer(space),
                                [&bytes, done](const ErrorCode& failed, std::size_t read) {
                                  bytes = read;
                                  done(failed);
                                });
    });
    const bool ended = code == asio::error::eof && answer.begun();
    if (code && !ended) return std::unexpected(error(InDoubt, "no answer from", code));
    const ErrorCode fault = ended ? answer.end() : answer.feed({space.data(), bytes});
    if (fault == beast_http::error::partial_message) {
      return std::unexpected(error(InDoubt, "answer cut off by", fault));
    }
    if (fault) return std::unexpected(error(Malformed, "answer is not HTTP from", fault));
  }
  keep_stream = answer.keeps_connection();
  return answer.take();
}

Caller::Impl::Result Caller::Impl::call(std::string_view method, std::string_view request) {
  deadline = Clock::now() + options.timeout;
  if (!stream || !still_quiet()) {
    if (auto connected = connect(); !connected) {
      stream.reset();
      return std::unexpected(std::move(connected.error()));
    }
  }
  keep_stream = false;
  const bool to_head = method == "HEAD";
  Result result = url.tls ? exchange(*stream, request, to_head)
                          : exchange(stream->next_layer(), request, to_head);
  if (!keep_stream) stream.reset();
  return result;
}

Caller::Caller(Url url, Options options)
    : impl_(std::make_unique<Impl>(std::move(url), std::move(options))) {}
Caller::~Caller() = default;
Caller::Caller(Caller&&) noexcept = default;
Caller& Caller::operator=(Caller&&) noexcept = default;

std::expected<Received, CallError> Caller::call(std::string_view method, std::string_view path,
                                                const Headers& headers, std::string_view body) {
  const std::string fault = fault_of(method, path, headers);
  if (!fault.empty()) return std::unexpected(CallError{CallError::Kind::NotSent, fault});
  return impl_->call(method, request_bytes(impl_->url, method, path, headers, body));
}

}  // namespace batal::http
