#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "http/support.h"

namespace batal::http::test {
namespace {

using namespace std::chrono_literals;

// A blocking TLS client of exactly one version.
class TlsClient {
 public:
  TlsClient(std::uint16_t port, int version, std::string_view alpn = "")
      : raw_(port),
        context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        ssl_(nullptr, SSL_free) {
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    SSL_CTX_set_security_level(context_.get(), 0);  // else OpenSSL itself refuses TLS 1.1
    ssl_.reset(SSL_new(context_.get()));
    if (!alpn.empty()) {
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                          static_cast<unsigned>(alpn.size()));
    }
    SSL_set_fd(ssl_.get(), raw_.descriptor());
    connected_ = SSL_connect(ssl_.get()) == 1;
    ERR_clear_error();
  }

  bool connected() const { return connected_; }
  void send(std::string_view bytes) {
    SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  }
  std::string read_to_end() {
    std::string all;
    char space[4096];
    int bytes = 0;
    while ((bytes = SSL_read(ssl_.get(), space, sizeof space)) > 0) {
      all.append(space, static_cast<std::size_t>(bytes));
    }
    ended_well_ = SSL_get_error(ssl_.get(), bytes) == SSL_ERROR_ZERO_RETURN;
    return without_dates(all);
  }
  bool ended_well() const { return ended_well_; }
  std::string alpn() const {
    const unsigned char* data = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &data, &size);
    return {reinterpret_cast<const char*>(data), size};
  }

 private:
  RawClient raw_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool connected_ = false;
  bool ended_well_ = false;
};

TEST(Tls, SpeaksOnePointTwoAndLater) {
  const Certificates certificates("localhost");
  Site site(echo, {}, certificates.files());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(site.port(), version);
    ASSERT_TRUE(client.connected());
    client.send(post("/a", "{}") + get("/b", "Connection: close\r\n"));
    const std::string answers = client.read_to_end();
    EXPECT_NE(answers.find("POST /a {}"), std::string::npos) << answers;
    EXPECT_TRUE(answers.ends_with("GET /b")) << answers;
    EXPECT_TRUE(client.ended_well());
  }
  EXPECT_FALSE(TlsClient(site.port(), TLS1_1_VERSION).connected());
}

TEST(Tls, IdleConnectionsHoldNoBuffers) {
  const Certificates certificates("localhost");
  Site site(echo, {}, certificates.files());
  const TlsClient client(site.port(), TLS1_2_VERSION);  // the server speaks last in its handshake
  ASSERT_TRUE(client.connected());
  site.on_loop([] {});
  EXPECT_EQ(site.server().buffers_lent(0), 0U);
}

TEST(Tls, CarriesLargeBodiesBothWays) {
  const Certificates certificates("localhost");
  Site site(
      [](const Request& request, Reply reply, Loop&) {
        std::string body;
        for (int i = 0; i < 100; ++i) body += request.body;
        reply.send({.body = std::move(body), .close = true});
      },
      {}, certificates.files());
  TlsClient client(site.port(), TLS1_3_VERSION);
  client.send(post("/a", std::string(60'000, 'x')));
  const std::string answer = client.read_to_end();
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 6'000'000U);
}

TEST(Tls, OffersHttpOnePointOneOnly) {
  const Certificates certificates("localhost");
  Site site(echo, {}, certificates.files());
  TlsClient both(site.port(), TLS1_3_VERSION, std::string_view("\x02h2\x08http/1.1"));
  EXPECT_TRUE(both.connected());
  EXPECT_EQ(both.alpn(), "http/1.1");
  EXPECT_FALSE(TlsClient(site.port(), TLS1_3_VERSION, std::string_view("\x02h2")).connected());
}

TEST(Tls, AHandshakeThatDoesNotComeIsCutOff) {
  const Certificates certificates("localhost");
  Site site(echo, {.read = 50ms, .tick = 5ms}, certificates.files());
  RawClient silent(site.port());
  EXPECT_TRUE(silent.closed_without_a_word());
  RawClient plain(site.port());
  plain.send(get("/"));
  EXPECT_EQ(plain.read_to_end().find("HTTP/1.1 200"), std::string::npos);
}

TEST(Tls, APeerThatLeavesDoesNotHarm) {
  const Certificates certificates("localhost");
  Reply held;
  std::promise<void> arrived;
  Site site(
      [&](const Request&, Reply reply, Loop&) {
        held = std::move(reply);
        arrived.set_value();
      },
      {}, certificates.files());
  {
    TlsClient client(site.port(), TLS1_3_VERSION);
    client.send(get("/"));
    arrived.get_future().wait();
  }
  site.on_loop([&] { held.send({.body = std::string(10'000'000, 'x')}); });
  while (site.server().connections(0) != 0) std::this_thread::yield();
  SUCCEED();
}

TEST(Tls, ErrorsAtTheStartNameTheFile) {
  const Certificates certificates("localhost");
  const Certificates others("localhost");
  const std::string garbage = (certificates.folder() / "garbage.pem").string();
  std::ofstream(garbage) << "no certificate";
  const auto error_of = [](const TlsFiles& files) -> std::string {
    Server server(1);
    try {
      server.listen({.tls = files}, [](Loop&) -> std::unique_ptr<Handler> { return nullptr; }, 1);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no error";
  };
  const TlsFiles good = certificates.files();
  EXPECT_EQ(error_of(good), "no error");
  EXPECT_TRUE(
      error_of({"/nowhere.pem", good.key_file}).starts_with("certificate file /nowhere.pem: "));
  EXPECT_TRUE(error_of({garbage, good.key_file}).starts_with("certificate file " + garbage));
  EXPECT_TRUE(
      error_of({good.certificate_file, "/nowhere.key"}).starts_with("key file /nowhere.key: "));
  EXPECT_EQ(error_of({good.certificate_file, others.files().key_file}),
            "key file " + others.files().key_file + ": key values mismatch");
}

}  // namespace
}  // namespace batal::http::test
