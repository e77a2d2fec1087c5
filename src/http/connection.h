// One connection: reads a request, hands it over, writes its answer, reads the next.
//
// Every step is a non-blocking try; only when the socket cannot go on does the connection wait for
// it. Nothing is timed here: the listener keeps the connections of each phase in the order of
// their deadlines and calls expire().
//
// A connection owns itself from open() to close(); besides, only waits in flight hold it.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/intrusive/list.hpp>

#include "http/reader.h"
#include "http/server.h"
#include "http/transport.h"

namespace batal::http {

class Listener;

using Clock = std::chrono::steady_clock;
using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

enum class Phase : std::uint8_t {
  Handshaking,  // TLS is being set up
  Idle,         // between requests; owns no buffer unless bytes of the next request are there
  Reading,      // a request has begun
  Handling,     // the handler has it
  Writing,      // the socket does not take the whole answer yet
  Answered,     // the answer is out; on to the next request (never rests here)
  Lingering,    // all is said; waits for the peer to close, so that it gets the answer
  Closed
};
constexpr std::size_t kPhases = 8;

class Connection final : public Reply::Sink,
                         public std::enable_shared_from_this<Connection>,
                         public boost::intrusive::list_base_hook<> {
 public:
  Connection(Listener& home, Socket socket, SSL_CTX* tls);

  void open();
  void close();

  void send(std::uint64_t ticket, Answer&& answer) override;
  void drop(std::uint64_t ticket) override;

  void expire();        // the deadline of its phase has passed
  void drain();         // finishes what has begun, closes when there is nothing
  void stop_reading();  // answers what was handed over, reads no more

  Phase phase() const { return phase_; }
  Clock::time_point deadline() const { return deadline_; }

 private:
  friend class Listener;  // keeps phase_ and deadline_ together with its lists

  void work();
  bool step();
  bool shake_hands();
  bool read();
  bool parse();
  bool hand_over();
  bool write();
  bool go_on();
  bool say_goodbye();
  bool linger();

  void refuse(Malformed why);
  void say_continue();
  void begin_answer(const Answer& answer);
  void give_back_reader();
  bool wait(Io::Status status);
  void wait_for(Socket::wait_type what, bool& waiting);

  Listener& home_;
  Socket socket_;
  Transport transport_;
  std::shared_ptr<Connection> self_;
  std::unique_ptr<Reader> reader_;
  std::string out_;       // the answer while it is being written
  std::size_t sent_ = 0;  // of out_; when lingering, how much was discarded
  std::uint64_t ticket_ = 0;
  Clock::time_point deadline_;
  Phase phase_ = Phase::Closed;
  bool working_ = false;
  bool waiting_readable_ = false;
  bool waiting_writable_ = false;
  bool keep_alive_ = true;  // of the request being answered, as the next two
  bool http_1_0_ = false;
  bool head_only_ = false;
};

}  // namespace batal::http
