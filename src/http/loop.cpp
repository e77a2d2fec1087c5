#include "http/loop.h"

#include <pthread.h>
#include <csignal>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace batal::http {

namespace {

namespace asio = boost::asio;

// After so many events of Asio's the handlers are flushed even though more is ready; the poller
// tells its own once a round.
constexpr int kEventsPerRound = 256;

// OpenSSL writes with write(2), and a peer that went away is no reason to die.
void block_sigpipe() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

EventLoop::EventLoop() : work_(asio::make_work_guard(io_)) {}

EventLoop::~EventLoop() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

void EventLoop::post(std::function<void()> task) {
  asio::post(io_, std::move(task));
}

void EventLoop::after(std::chrono::milliseconds delay, std::function<void()> task) {
  auto timer = std::make_unique<asio::steady_timer>(io_, delay);
  asio::steady_timer& waiting = *timer;
  waiting.async_wait(
      [timer = std::move(timer), task = std::move(task)](boost::system::error_code error) {
        if (!error) task();
      });
}

void EventLoop::add(std::unique_ptr<Listener> listener) {
  listeners_.push_back(std::move(listener));
}

void EventLoop::start() {
  for (const auto& listener : listeners_) listener->start();
  thread_ = std::thread([this] { run(); });
  ::pthread_setname_np(thread_.native_handle(), "loop");
}

void EventLoop::drain(const std::function<void()>& gone) {
  post([this, gone] {
    for (const auto& listener : listeners_) listener->drain(gone);
  });
}

void EventLoop::stop_reading() {
  post([this] {
    for (const auto& listener : listeners_) listener->stop_reading();
  });
}

void EventLoop::run() {
  block_sigpipe();
  while (!io_.stopped()) {
    poller_.watch();
    io_.run_one();
    for (int i = 0; i < kEventsPerRound && io_.poll_one() != 0; ++i) {
    }
    for (const auto& listener : listeners_) listener->flush();
  }
}

}  // namespace batal::http
