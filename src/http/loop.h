// The event loop behind http::Loop: an io_context, its thread, and the listeners on it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "http/listener.h"
#include "http/poller.h"
#include "http/server.h"

namespace batal::http {

class EventLoop final : public Loop {
 public:
  EventLoop();
  ~EventLoop() override;  // stops at once, closes all connections

  void post(std::function<void()> task) override;
  void after(std::chrono::milliseconds delay, std::function<void()> task) override;

  boost::asio::io_context& io() { return io_; }
  Poller& poller() { return poller_; }
  void add(std::unique_ptr<Listener> listener);  // before start()
  void start();

  void drain(const std::function<void()>& gone);  // calls `gone` once for each listener
  void stop_reading();

 private:
  void run();

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  Poller poller_{io_};  // before the listeners, whose connections it knows
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::thread thread_;
};

}  // namespace batal::http
