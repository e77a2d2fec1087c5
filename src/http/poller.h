// Tells connections when their sockets can go on: an epoll set of its own, for which Asio's loop
// waits as it does for any descriptor. A socket is registered once, edge-triggered, so that waiting
// for its next request costs neither a system call nor an allocation; Asio's own waits cost both,
// each time.
//
// Used on the loop's thread only.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

namespace batal::http {

class Poller {
 public:
  struct Ready {
    bool readable = false;
    bool writable = false;
    bool ended = false;  // the peer sends no more, or the connection is broken
  };
  class Waiter {
   public:
    virtual void ready(Ready what) = 0;

   protected:
    ~Waiter() = default;
  };

  explicit Poller(boost::asio::io_context& io);  // throws std::system_error

  // From now on the waiter is told of every change of the socket, and first of what is there
  // already. False: the system has no memory for it.
  bool add(int descriptor, Waiter& waiter);

  // The waiter is told once more of what is there, when others have been told.
  void tell_again(int descriptor, Waiter& waiter);

  // Nothing more is told to the waiter, whose descriptor is closed now.
  void forget(const Waiter& waiter);

  // Tells the next changes that come, up to kTogether, and then rests until it is called again.
  void watch();

 private:
  static constexpr std::size_t kTogether = 256;

  int control(int operation, int descriptor, Waiter& waiter);
  void tell();

  boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> epoll_;
  std::array<epoll_event, kTogether> events_{};
  std::size_t next_ = 0;   // of events_, to be told
  std::size_t count_ = 0;  // of events_
  bool watching_ = false;
};

}  // namespace batal::http
