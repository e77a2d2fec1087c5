// One listener on one loop: its acceptor, its handler, its connections, and the readers that it
// lends to them. Used on the loop's thread only, except where it says otherwise.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/intrusive/list.hpp>

#include "http/connection.h"
#include "http/poller.h"
#include "http/reader.h"
#include "http/server.h"
#include "http/transport.h"

namespace batal::http {

class Listener {
 public:
  // What the loops of one listener have in common. Outlives them.
  struct Shared {
    Limits limits;
    TlsContext tls;  // null: plain
    std::atomic<std::size_t> connections{0};
    std::atomic<bool> reading_stopped{false};
  };
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp,
                                                      boost::asio::io_context::executor_type>;

  Listener(boost::asio::io_context& io, Poller& poller, Acceptor acceptor, Shared& shared,
           std::unique_ptr<Handler> handler);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void start();  // before the loop runs
  void flush() { handler_->flush(); }

  // As Server::drain(); calls `gone` once, when there are no connections.
  void drain(std::function<void()> gone);
  void stop_reading();
  bool draining() const { return draining_; }
  bool reading_stopped() const { return shared_.reading_stopped.load(std::memory_order_relaxed); }

  std::size_t readers_lent() const {  // from any thread
    return readers_lent_.load(std::memory_order_relaxed);
  }

  // For connections.
  Handler& handler() { return *handler_; }
  Poller& poller() { return poller_; }
  std::string_view date() const { return date_; }
  std::string& scratch() { return scratch_; }  // an empty string whose memory is used again
  // Moves a connection to the end of the phase's list and sets its deadline. Each phase has one
  // length, so its list is in the order of deadlines.
  void enter(Connection& connection, Phase phase);
  std::unique_ptr<Reader> lend();
  void take_back(std::unique_ptr<Reader> reader);

 private:
  using List = boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>>;

  void accept_when_ready();
  void accept_ready();
  void adopt(int descriptor);
  void tick_later();
  void tick();
  void expire();
  void leave();
  List& list(Phase phase) { return lists_[static_cast<std::size_t>(phase)]; }
  template <class Visit>
  void visit(Phase phase, Visit visit);

  Poller& poller_;
  Acceptor acceptor_;
  Shared& shared_;
  std::unique_ptr<Handler> handler_;
  std::array<List, kPhases> lists_;
  std::array<std::chrono::milliseconds, kPhases> lengths_;
  std::vector<std::unique_ptr<Reader>> spare_readers_;
  boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>,
                                    boost::asio::io_context::executor_type>
      timer_;
  std::string scratch_;
  std::string date_;
  std::size_t connections_ = 0;
  std::atomic<std::size_t> readers_lent_{0};
  std::function<void()> gone_;
  bool draining_ = false;
  bool accept_paused_ = false;  // out of descriptors or memory: until the next tick
};

}  // namespace batal::http
