// What the tests of the HTTP room share: a server on a free port, a raw client, certificates.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"

namespace batal::http::test {

using Handle = std::function<void(const Request&, Reply, Loop&)>;

// Answers "METHOD target [body]".
void echo(const Request& request, Reply reply, Loop& loop);

struct Counts {
  std::atomic<int> handled{0};
  std::atomic<int> flushes{0};
  std::atomic<int> ticks{0};
};

// A server with one listener on a free port of 127.0.0.1. What it refuses it answers with 400, 431,
// 413 or 408, and "METHOD target" as far as it could be read.
class Site {
 public:
  explicit Site(Handle handle = echo, const Limits& limits = {}, std::optional<TlsFiles> tls = {},
                std::size_t loops = 1);

  Server& server() { return *server_; }
  void stop() { server_.reset(); }
  std::uint16_t port() const { return port_; }
  const Counts& counts() const { return counts_; }
  Loop& loop() { return *loop_; }
  // Runs on the first loop, and returns when it has.
  void on_loop(const std::function<void()>& task);

 private:
  Counts counts_;
  Loop* loop_ = nullptr;
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
};

// A blocking socket. Everything fails the test after ten seconds instead of hanging.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  int descriptor() const { return descriptor_; }
  void send(std::string_view bytes);
  void finish_sending();  // half-close
  void close();
  std::string read_to_end();     // until the server closes
  std::string read_answer();     // one answer, by its Content-Length
  bool closed_without_a_word();  // the end comes next

 private:
  bool receive();

  int descriptor_ = -1;
  std::string received_;
};

// Sends, half-closes and reads to the end; without the Date lines.
std::string talk(std::uint16_t port, std::string_view bytes);
std::string without_dates(std::string_view text);

std::string get(std::string_view target, std::string_view more_headers = "");
std::string post(std::string_view target, std::string_view body);

// Whole answers as text, without their Date lines.
std::string ok(std::string_view body, std::string_view more_headers = "");
std::string refused(std::string_view status, std::string_view body);
inline const std::string kClose = "Connection: close\r\n";

// Keeps the reply to /hold, and echoes everything else.
struct Held {
  std::promise<void> arrived;
  Reply reply;
};
Handle hold(Held& held);

// A self-made certificate authority's file, and a server's certificate and key signed by it.
class Certificates {
 public:
  explicit Certificates(std::string_view host);  // a DNS name, or "IP:127.0.0.1"
  ~Certificates();
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  TlsFiles files() const;
  std::string ca_file() const { return (folder_ / "ca.pem").string(); }
  std::filesystem::path folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

}  // namespace batal::http::test
