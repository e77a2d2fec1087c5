// The listening side: event loops, connections, requests and answers. Knows no payments.
//
// Threads: a Server runs one thread per Loop. Everything of a connection, its handler and its
// answer happens on the thread of its loop; only Loop::post() may be called from elsewhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace batal::http {

// A request while it is being handled. Views into the connection's buffer: copy what must live
// longer than the handler's call.
struct Header {
  std::string_view name;   // as it came; names compare without regard to case
  std::string_view value;  // without surrounding white space; may be empty
};

struct Request {
  std::string_view method;  // "POST"
  std::string_view target;  // as it came, query included
  std::string_view path;    // target without query, scheme and host
  std::vector<Header> headers;
  std::string_view body;

  // The first value of a header, null pointer if it did not come.
  const std::string_view* header(std::string_view name) const;
  std::size_t count(std::string_view name) const;
};

struct Answer {
  int status = 200;
  std::string body{};
  std::string_view content_type = "application/json";
  std::string headers{};  // further complete header lines, each ended by \r\n
  bool close = false;     // close the connection after this answer
};

// The right to answer one request, once. Move-only; it may outlive the handler's call and must be
// used on the loop's thread. If the peer is gone by then, the answer goes nowhere. Dropping it
// unused, or drop(), closes the connection without an answer.
class Reply {
 public:
  class Sink {  // the connection's side
   public:
    virtual void send(std::uint64_t ticket, Answer&& answer) = 0;
    virtual void drop(std::uint64_t ticket) = 0;

   protected:
    ~Sink() = default;
  };
  Reply() = default;
  Reply(std::weak_ptr<Sink> sink, std::uint64_t ticket) : sink_(std::move(sink)), ticket_(ticket) {}
  Reply(Reply&& other) noexcept : sink_(std::move(other.sink_)), ticket_(other.ticket_) {
    other.sink_.reset();
  }
  Reply& operator=(Reply&& other) noexcept;
  ~Reply() { drop(); }

  void send(Answer&& answer);
  void drop();
  bool pending() const;  // not yet used, and the connection still there

 private:
  std::weak_ptr<Sink> sink_;
  std::uint64_t ticket_ = 0;
};

// Why a request never reached handle(). The request holds what could be read of it: the method and
// target whenever the request line was whole.
enum class Malformed : std::uint8_t { Head, HeadTooLarge, BodyTooLarge, Timeout };

class Loop;

// What a listener does with requests: one instance per loop, used on its thread only.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void handle(const Request& request, Reply reply) = 0;
  // The answer to a request that cannot be handed over; the connection closes after it.
  virtual Answer refuse(Malformed why, const Request& request) = 0;
  // Called after the loop has worked off the sockets that were ready: the moment to hand over in
  // bulk what handle() gathered.
  virtual void flush() {}
  // Called about every Limits::tick while the loop runs.
  virtual void tick() {}
};

struct Limits {
  std::size_t head_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 64 * 1024;
  std::size_t connections_max = 20'000;     // over all loops of a listener
  std::chrono::milliseconds idle{75'000};   // keep-alive without a request
  std::chrono::milliseconds read{10'000};   // from a request's first byte to its last
  std::chrono::milliseconds write{10'000};  // for an answer to be taken
  std::chrono::milliseconds tick{50};
};

struct TlsFiles {
  std::string certificate_file;  // PEM, the chain
  std::string key_file;          // PEM
};

// One event loop and its thread.
class Loop {
 public:
  virtual ~Loop() = default;
  virtual void post(std::function<void()> task) = 0;  // from any thread; runs on the loop's
  virtual void after(std::chrono::milliseconds delay, std::function<void()> task) = 0;  // loop only
};

struct ListenerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one, see Server::port()
  std::optional<TlsFiles> tls{};
  Limits limits{};
};

using HandlerFactory = std::function<std::unique_ptr<Handler>(Loop&)>;

// Listeners over a fixed set of loops. Each loop has an acceptor of its own (SO_REUSEPORT).
class Server {
 public:
  explicit Server(std::size_t loops);
  ~Server();  // stops at once

  // Adds a listener before start(): its handler is made once per loop, on the first `loops` loops.
  // Throws std::runtime_error naming the address, the port or the file that is at fault.
  // Returns a number for port().
  std::size_t listen(const ListenerOptions& options, HandlerFactory make_handler,
                     std::size_t loops);
  std::uint16_t port(std::size_t listener) const;

  // Now open, and buffers lent to requests that are being read. From any thread.
  std::size_t connections(std::size_t listener) const;
  std::size_t buffers_lent(std::size_t listener) const;

  void start();

  // Stops accepting, lets requests that are being read or answered finish (with Connection: close),
  // closes idle connections, and returns when all are gone or at the deadline. From any thread but
  // a loop's.
  void drain(std::chrono::milliseconds deadline);

  // Stops reading everywhere at once; answers still to come are sent. For a ledger that failed.
  void stop_reading();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace batal::http
