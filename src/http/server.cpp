#include "http/server.h"

#include <sys/socket.h>
#include <atomic>

#include <semaphore>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>

#include "http/listener.h"
#include "http/loop.h"

namespace batal::http {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Acceptor = Listener::Acceptor;

tcp::endpoint endpoint_of(const ListenerOptions& options) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) {
    throw std::runtime_error(fmt::format("listen address {}: not an IP address", options.address));
  }
  return {address, options.port};
}

void share_port(Acceptor& acceptor) {
  const int on = 1;
  if (::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
    throw boost::system::system_error(errno, boost::system::system_category());
  }
}

Acceptor open_acceptor(asio::io_context& io, const tcp::endpoint& endpoint, bool shared) {
  Acceptor acceptor(io, endpoint.protocol());
  acceptor.set_option(Acceptor::reuse_address(true));
  acceptor.set_option(tcp::no_delay(true));  // what it accepts inherits this
  if (shared) share_port(acceptor);
  acceptor.bind(endpoint);
  acceptor.listen();
  acceptor.non_blocking(true);
  return acceptor;
}

// The loops share the port, but nobody else may: SO_REUSEPORT alone would let a second process in
// without a word, and the kernel would split the calls between the two.
void require_free(asio::io_context& io, const tcp::endpoint& endpoint) {
  if (endpoint.port() != 0) open_acceptor(io, endpoint, false);
}

// A listener on all of its loops.
struct Group {
  Listener::Shared shared;
  std::vector<Listener*> listeners;
  std::uint16_t port = 0;
};

}  // namespace

class Server::Impl {
 public:
  std::vector<std::unique_ptr<Group>> groups;  // outlive the loops
  std::vector<std::unique_ptr<EventLoop>> loops;
  std::atomic<bool> started = false;  // read by drain(), from any thread

  void open(Group& group, tcp::endpoint endpoint, const HandlerFactory& make_handler,
            std::size_t count);
};

void Server::Impl::open(Group& group, tcp::endpoint endpoint, const HandlerFactory& make_handler,
                        std::size_t count) {
  require_free(loops.front()->io(), endpoint);
  std::vector<Acceptor> acceptors;
  for (std::size_t i = 0; i < count; ++i) {
    acceptors.push_back(open_acceptor(loops[i]->io(), endpoint, true));
    endpoint.port(acceptors.front().local_endpoint().port());
  }
  group.port = endpoint.port();
  for (std::size_t i = 0; i < count; ++i) {
    EventLoop& loop = *loops[i];
    auto listener = std::make_unique<Listener>(loop.io(), loop.poller(), std::move(acceptors[i]),
                                               group.shared, make_handler(loop));
    group.listeners.push_back(listener.get());
    loop.add(std::move(listener));
  }
}

Server::Server(std::size_t loops) : impl_(std::make_unique<Impl>()) {
  if (loops == 0) throw std::invalid_argument("a server needs at least one loop");
  for (std::size_t i = 0; i < loops; ++i) impl_->loops.push_back(std::make_unique<EventLoop>());
}

Server::~Server() = default;

std::size_t Server::listen(const ListenerOptions& options, HandlerFactory make_handler,
                           std::size_t loops) {
  if (impl_->started) throw std::logic_error("listen() comes before start()");
  if (loops == 0 || loops > impl_->loops.size()) {
    throw std::invalid_argument("a listener needs at least one loop, and no more than there are");
  }
  const tcp::endpoint endpoint = endpoint_of(options);
  auto group = std::make_unique<Group>();
  group->shared.limits = options.limits;
  if (options.tls) group->shared.tls = make_tls_context(*options.tls);
  Group& kept = *impl_->groups.emplace_back(std::move(group));
  try {
    impl_->open(kept, endpoint, make_handler, loops);
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error(fmt::format("cannot listen on {} port {}: {}", options.address,
                                         options.port, error.code().message()));
  }
  return impl_->groups.size() - 1;
}

std::uint16_t Server::port(std::size_t listener) const {
  return impl_->groups.at(listener)->port;
}

std::size_t Server::connections(std::size_t listener) const {
  return impl_->groups.at(listener)->shared.connections;
}

std::size_t Server::buffers_lent(std::size_t listener) const {
  std::size_t lent = 0;
  for (const Listener* part : impl_->groups.at(listener)->listeners) lent += part->readers_lent();
  return lent;
}

void Server::start() {
  impl_->started = true;
  for (const auto& loop : impl_->loops) loop->start();
}

void Server::drain(std::chrono::milliseconds deadline) {
  if (!impl_->started) return;
  const auto until = Clock::now() + deadline;
  // Shared, because a loop may still release it after the deadline.
  const auto gone = std::make_shared<std::counting_semaphore<>>(0);
  std::size_t listeners = 0;
  for (const auto& group : impl_->groups) listeners += group->listeners.size();
  for (const auto& loop : impl_->loops) loop->drain([gone] { gone->release(); });
  while (listeners > 0 && gone->try_acquire_until(until)) --listeners;
}

void Server::stop_reading() {
  for (const auto& group : impl_->groups) group->shared.reading_stopped = true;
  for (const auto& loop : impl_->loops) loop->stop_reading();
}

}  // namespace batal::http
