// One connection: reads a request, hands it over, writes its answer, reads the next.
//
// Every step is a non-blocking try; only when the socket cannot go on does the connection rest,
// until the poller calls ready(). Nothing is timed here: the listener keeps the connections of each
// phase in the order of their deadlines and calls expire().
//
// A connection owns itself from open() to close().
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/intrusive/list.hpp>

#include "http/poller.h"
#include "http/reader.h"
#include "http/server.h"
#include "http/transport.h"

namespace batal::http {

class Listener;

using Clock = std::chrono::steady_clock;

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
                         public Poller::Waiter,
                         public std::enable_shared_from_this<Connection>,
                         public boost::intrusive::list_base_hook<> {
 public:
  Connection(Listener& home, int descriptor, SSL_CTX* tls);

  void open();
  void close();

  void send(std::uint64_t ticket, Answer&& answer) override;
  void drop(std::uint64_t ticket) override;

  void ready(Poller::Ready what) override;
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

  Listener& home_;
  Transport transport_;
  std::shared_ptr<Connection> self_;
  std::unique_ptr<Reader> reader_;
  std::string out_;       // the answer while it is being written
  std::size_t sent_ = 0;  // of out_; when lingering, how much was discarded
  std::uint64_t ticket_ = 0;
  Clock::time_point deadline_;
  Phase phase_ = Phase::Closed;
  bool working_ = false;
  bool may_read_ = false;   // more may have come than was read
  bool ended_ = false;      // nothing more will come than is there
  bool keep_alive_ = true;  // of the request being answered, as the next two
  bool http_1_0_ = false;
  bool head_only_ = false;
};

}  // namespace batal::http
