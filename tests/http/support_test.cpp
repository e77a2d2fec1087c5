#include "http/support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace batal::http::test {

namespace {

int status_for(Malformed why) {
  switch (why) {
    case Malformed::Head:
      return 400;
    case Malformed::HeadTooLarge:
      return 431;
    case Malformed::BodyTooLarge:
      return 413;
    case Malformed::Timeout:
      return 408;
  }
  return 0;
}

class TestHandler final : public Handler {
 public:
  TestHandler(Loop& loop, Handle handle, Counts& counts)
      : loop_(loop), handle_(std::move(handle)), counts_(counts) {}

  void handle(const Request& request, Reply reply) override {
    ++counts_.handled;
    handle_(request, std::move(reply), loop_);
  }
  Answer refuse(Malformed why, const Request& request) override {
    return {.status = status_for(why),
            .body = fmt::format("{} {}", request.method, request.target)};
  }
  void flush() override { ++counts_.flushes; }
  void tick() override { ++counts_.ticks; }

 private:
  Loop& loop_;
  Handle handle_;
  Counts& counts_;
};

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

void add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  ASSERT_NE(extension, nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Signed by itself without an issuer.
Certificate make_certificate(EVP_PKEY* key, const char* name, X509* issuer) {
  Certificate certificate(X509_new(), X509_free);
  X509* const raw = certificate.get();
  X509_set_version(raw, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(raw), issuer ? 2 : 1);
  X509_gmtime_adj(X509_getm_notBefore(raw), -3600);
  X509_gmtime_adj(X509_getm_notAfter(raw), 3600);
  X509_set_pubkey(raw, key);
  X509_NAME* const subject = X509_get_subject_name(raw);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(raw, issuer ? X509_get_subject_name(issuer) : subject);
  if (!issuer) add_extension(raw, raw, NID_basic_constraints, "critical,CA:TRUE");
  return certificate;
}

void write_pem(const std::filesystem::path& path, const std::function<int(FILE*)>& write) {
  FILE* const file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(write(file), 1);
  std::fclose(file);
}

}  // namespace

void echo(const Request& request, Reply reply, Loop&) {
  std::string body = fmt::format("{} {}", request.method, request.target);
  if (!request.body.empty()) body += fmt::format(" {}", request.body);
  reply.send({.body = std::move(body)});
}

Site::Site(Handle handle, const Limits& limits, std::optional<TlsFiles> tls, std::size_t loops)
    : server_(std::make_unique<Server>(loops)) {
  const ListenerOptions options{.tls = std::move(tls), .limits = limits};
  const std::size_t listener = server_->listen(
      options,
      [this, handle](Loop& loop) {
        if (!loop_) loop_ = &loop;
        return std::make_unique<TestHandler>(loop, handle, counts_);
      },
      loops);
  port_ = server_->port(listener);
  server_->start();
}

void Site::on_loop(const std::function<void()>& task) {
  std::promise<void> done;
  loop_->post([&] {
    task();
    done.set_value();
  });
  done.get_future().get();
}

RawClient::RawClient(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect");
  }
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

RawClient::RawClient(RawClient&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), received_(std::move(other.received_)) {}

RawClient::~RawClient() {
  close();
}

void RawClient::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the server has closed; what it said is what counts
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void RawClient::finish_sending() {
  ::shutdown(descriptor_, SHUT_WR);
}

bool RawClient::receive() {
  std::array<char, 65536> space;
  const ssize_t bytes = ::recv(descriptor_, space.data(), space.size(), 0);
  if (bytes < 0) ADD_FAILURE() << "receiving failed after: " << received_;
  if (bytes <= 0) return false;
  received_.append(space.data(), static_cast<std::size_t>(bytes));
  return true;
}

std::string RawClient::read_to_end() {
  while (receive()) {
  }
  return std::exchange(received_, {});
}

std::string RawClient::read_answer() {
  std::size_t head_end = 0;
  while ((head_end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!receive()) return std::exchange(received_, {});
  }
  const std::size_t length = received_.find("Content-Length: ");
  const std::size_t body = length < head_end ? std::stoul(received_.substr(length + 16)) : 0;
  while (received_.size() < head_end + 4 + body && receive()) {
  }
  std::string answer = received_.substr(0, head_end + 4 + body);
  received_.erase(0, answer.size());
  return without_dates(answer);
}

bool RawClient::closed_without_a_word() {
  return read_to_end().empty();
}

std::string without_dates(std::string_view text) {
  std::string rest;
  std::size_t at = 0;
  while ((at = text.find("Date: ")) != std::string_view::npos) {
    rest += text.substr(0, at);
    text.remove_prefix(text.find("\r\n", at) + 2);
  }
  return rest += text;
}

std::string talk(std::uint16_t port, std::string_view bytes) {
  RawClient client(port);
  client.send(bytes);
  client.finish_sending();
  return without_dates(client.read_to_end());
}

std::string get(std::string_view target, std::string_view more_headers) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n{}\r\n", target, more_headers);
}

std::string post(std::string_view target, std::string_view body) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{}", target,
                     body.size(), body);
}

Certificates::Certificates(std::string_view host) {
  std::string pattern = (std::filesystem::temp_directory_path() / "batal_http_XXXXXX").string();
  folder_ = ::mkdtemp(pattern.data());
  const Key ca_key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate ca = make_certificate(ca_key.get(), "batal test CA", nullptr);
  X509_sign(ca.get(), ca_key.get(), EVP_sha256());
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate leaf = make_certificate(key.get(), "batal test", ca.get());
  const std::string name =
      host.starts_with("IP:") ? std::string(host) : fmt::format("DNS:{}", host);
  add_extension(leaf.get(), ca.get(), NID_subject_alt_name, name);
  X509_sign(leaf.get(), ca_key.get(), EVP_sha256());
  write_pem(ca_file(), [&](FILE* file) { return PEM_write_X509(file, ca.get()); });
  write_pem(folder_ / "server.pem", [&](FILE* file) { return PEM_write_X509(file, leaf.get()); });
  write_pem(folder_ / "server.key", [&](FILE* file) {
    return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

Certificates::~Certificates() {
  std::filesystem::remove_all(folder_);
}

TlsFiles Certificates::files() const {
  return {.certificate_file = (folder_ / "server.pem").string(),
          .key_file = (folder_ / "server.key").string()};
}

std::string ok(std::string_view body, std::string_view more_headers) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}\r\n{}",
      body.size(), more_headers, body);
}

std::string refused(std::string_view status, std::string_view body) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n"
      "Connection: close\r\n\r\n{}",
      status, body.size(), body);
}

Handle hold(Held& held) {
  return [&held](const Request& request, Reply reply, Loop& loop) {
    if (request.path != "/hold") return echo(request, std::move(reply), loop);
    held.reply = std::move(reply);
    held.arrived.set_value();
  };
}

}  // namespace batal::http::test
