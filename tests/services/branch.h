// What the tests of the pipeline share: a server of the services around any ledger, and callers
// that sign. All of it lives at kNow.
#pragma once

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/ip/tcp.hpp>

#include "http/server.h"
#include "ledger/ledger.h"
#include "partners/directory.h"
#include "partners/tokens.h"
#include "services/pipeline.h"
#include "snap/minify.h"
#include "snap/signature.h"
#include "support/temp_folder.h"

namespace batal::services::test {

using namespace std::chrono_literals;

inline constexpr snap::Time kNow =
    std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + std::chrono::hours(7);

// The partner "demo" with one secret; its key pair is made once.
inline partners::Partner partner(std::string secret) {
  static const auto kKey =
      snap::RsaPublicKey::from_pem(snap::RsaPrivateKey::generate().public_pem()).value();
  return {.client_id = "demo",
          .partner_ids = {"demo"},
          .public_key = kKey,
          .client_secrets = {std::move(secret)},
          .merchant_ids = {"M1"},
          .va_partner_service_ids = {"   12345"}};
}

// One event loop on a free port. The partner's secret is "first" until use() says otherwise.
class Branch {
 public:
  explicit Branch(ledger::Ledger& ledger, FaultRules* faults = nullptr)
      : tokens_({partners::TokenKey::read_or_make(folder_ / "token.key").value()}, 900s),
        context_{.settings = {},
                 .tokens = tokens_,
                 .clock = [] { return kNow; },
                 .ledger = ledger,
                 .faults = faults},
        server_(1) {
    context_.settings.answer_deadline = 1h;  // no test waits for it by accident
    listener_ = server_.listen(
        {.address = "127.0.0.1", .port = 0, .tls = {}, .limits = {.tick = 1ms}},
        [this](http::Loop& loop) {
          auto pipeline = std::make_unique<Pipeline>(context_, loop,
                                                     partners::Directory::of({partner("first")}));
          loop_ = &loop;
          pipeline_ = pipeline.get();
          return pipeline;
        },
        1);
    server_.start();
  }

  std::uint16_t port() const { return server_.port(listener_); }
  std::string token() const { return tokens_.issue("demo", kNow); }
  http::Loop& loop() { return *loop_; }

  // Runs on the loop, after all that was posted before, and returns when it has.
  void on_loop(std::function<void()> task) {
    std::promise<void> done;
    loop_->post([&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }
  void settle() {
    on_loop([] {});
  }
  void set_deadline(std::chrono::milliseconds deadline) {
    on_loop([&] { context_.settings.answer_deadline = deadline; });
  }
  void use(std::vector<partners::Partner> partners) {
    on_loop([&] { pipeline_->use(partners::Directory::of(std::move(partners))); });
  }

 private:
  batal::testing::TempFolder folder_;
  const partners::Tokens tokens_;
  Pipeline::Context context_;
  http::Loop* loop_ = nullptr;
  Pipeline* pipeline_ = nullptr;
  std::size_t listener_ = 0;
  http::Server server_;  // the first to go: its thread uses all the others
};

struct Heard {
  std::string code;  // responseCode
  std::string body;
};

// One connection. What takes longer than ten seconds fails the test instead of hanging.
class Caller {
 public:
  explicit Caller(Branch& branch, std::string secret = "first")
      : token_(branch.token()), key_(secret) {
    stream_.expires_after(10s);
    using boost::asio::ip::tcp;
    stream_.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), branch.port()));
    EXPECT_TRUE(stream_) << stream_.error().message();
    stream_.socket().set_option(tcp::no_delay(true));
  }

  const std::string& token() const { return token_; }

  std::string request(std::string_view path, std::string_view external_id, std::string_view body) {
    const std::string timestamp = snap::timestamp(kNow);
    std::string minified;
    snap::minify(body, minified);
    const std::string to_sign =
        snap::string_to_sign("POST", path, token_, snap::sha256(minified), timestamp);
    return fmt::format(
        "POST {} HTTP/1.1\r\nHost: batal\r\nContent-Type: application/json\r\n"
        "Authorization: Bearer {}\r\nX-PARTNER-ID: demo\r\nX-TIMESTAMP: {}\r\nX-SIGNATURE: {}\r\n"
        "X-EXTERNAL-ID: {}\r\nCHANNEL-ID: 95221\r\nContent-Length: {}\r\n\r\n{}",
        path, token_, timestamp, key_.sign(to_sign), external_id, body.size(), body);
  }

  void send(std::string_view bytes) {
    stream_.expires_after(10s);
    stream_ << bytes << std::flush;
    EXPECT_TRUE(stream_) << stream_.error().message();
  }

  Heard hear() {
    stream_.expires_after(10s);
    std::string line;
    std::size_t length = 0;
    while (std::getline(stream_, line) && line != "\r") {
      if (line.starts_with("Content-Length: ")) length = std::stoul(line.substr(16));
    }
    std::string body(length, '\0');
    stream_.read(body.data(), static_cast<std::streamsize>(length));
    EXPECT_TRUE(stream_) << stream_.error().message();
    static constexpr std::string_view kHead = "{\"responseCode\":\"";
    EXPECT_TRUE(body.starts_with(kHead)) << body;
    return {body.substr(std::min(kHead.size(), body.size()), 7), body};
  }

  Heard call(std::string_view path, std::string_view external_id, std::string_view body) {
    send(request(path, external_id, body));
    return hear();
  }

  // Until the server's side has all that was sent.
  void wait_until_taken() {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    for (int unsent = 1; unsent != 0; std::this_thread::yield()) {
      ASSERT_EQ(::ioctl(stream_.socket().native_handle(), SIOCOUTQ, &unsent), 0);
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    }
  }

  void leave() { stream_.close(); }

 private:
  boost::asio::ip::tcp::iostream stream_;
  std::string token_;
  snap::HmacSha512 key_;
};

inline constexpr std::string_view kCancelPath = "/v1.0/debit/cancel";

inline std::string cancel_body(std::string_view reference_no) {
  return fmt::format(R"({{"originalReferenceNo":"{}","originalPartnerReferenceNo":"order"}})",
                     reference_no);
}

}  // namespace batal::services::test
