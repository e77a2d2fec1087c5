#include "http/poller.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <span>
#include <system_error>

namespace batal::http {

namespace {

int new_epoll() {
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) throw std::system_error(errno, std::system_category(), "epoll");
  return descriptor;
}

}  // namespace

Poller::Poller(boost::asio::io_context& io) : epoll_(io, new_epoll()) {}

int Poller::control(int operation, int descriptor, Waiter& waiter) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &waiter}};
  return ::epoll_ctl(epoll_.native_handle(), operation, descriptor, &event);
}

bool Poller::add(int descriptor, Waiter& waiter) {
  return control(EPOLL_CTL_ADD, descriptor, waiter) == 0;
}

void Poller::tell_again(int descriptor, Waiter& waiter) {
  control(EPOLL_CTL_MOD, descriptor, waiter);
}

void Poller::forget(const Waiter& waiter) {
  for (epoll_event& event : std::span(events_).subspan(next_, count_ - next_)) {
    if (event.data.ptr == &waiter) event.data.ptr = nullptr;
  }
}

void Poller::watch() {
  if (watching_) return;
  watching_ = true;
  epoll_.async_wait(decltype(epoll_)::wait_read, [this](boost::system::error_code error) {
    watching_ = false;
    if (!error) tell();
  });
}

void Poller::tell() {
  const int count =
      ::epoll_wait(epoll_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
  count_ = static_cast<std::size_t>(std::max(count, 0));
  for (next_ = 0; next_ < count_;) {
    const epoll_event event = events_[next_++];
    if (event.data.ptr == nullptr) continue;
    constexpr std::uint32_t kEnded = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
    static_cast<Waiter*>(event.data.ptr)
        ->ready({.readable = (event.events & (EPOLLIN | kEnded)) != 0,
                 .writable = (event.events & (EPOLLOUT | kEnded)) != 0,
                 .ended = (event.events & kEnded) != 0});
  }
  next_ = count_ = 0;
}

}  // namespace batal::http
