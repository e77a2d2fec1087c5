#include "http/listener.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "http/answer.h"

namespace batal::http {

namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr int kAcceptsPerTurn = 64;
constexpr std::size_t kSpareReadersMax = 256;

// A peer that has its answer and "Connection: close" gets this long to close.
constexpr milliseconds kLinger{1'000};

constexpr milliseconds kForever = milliseconds::max();

std::array<milliseconds, kPhases> phase_lengths(const Limits& limits) {
  std::array<milliseconds, kPhases> lengths;
  lengths.fill(kForever);
  const auto set = [&](Phase phase, milliseconds length) {
    lengths[static_cast<std::size_t>(phase)] = length;
  };
  set(Phase::Handshaking, limits.read);
  set(Phase::Idle, limits.idle);
  set(Phase::Reading, limits.read);
  set(Phase::Writing, limits.write);
  set(Phase::Lingering, std::min(limits.write, kLinger));
  return lengths;
}

}  // namespace

Listener::Listener(asio::io_context& io, Poller& poller, Acceptor acceptor, Shared& shared,
                   std::unique_ptr<Handler> handler)
    : poller_(poller),
      acceptor_(std::move(acceptor)),
      shared_(shared),
      handler_(std::move(handler)),
      lengths_(phase_lengths(shared.limits)),
      timer_(io),
      date_(http_date()) {}

Listener::~Listener() {
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    visit(static_cast<Phase>(phase), [](Connection& connection) { connection.close(); });
  }
}

void Listener::start() {
  accept_when_ready();
  tick_later();
}

void Listener::drain(std::function<void()> gone) {
  gone_ = std::move(gone);
  if (acceptor_.is_open()) accept_ready();  // who is already connected is served
  draining_ = true;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  const auto drain = [](Connection& connection) { connection.drain(); };
  visit(Phase::Handshaking, drain);
  visit(Phase::Idle, drain);
  if (connections_ == 0 && gone_) std::exchange(gone_, nullptr)();
}

void Listener::stop_reading() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  const auto stop = [](Connection& connection) { connection.stop_reading(); };
  visit(Phase::Handshaking, stop);
  visit(Phase::Idle, stop);
  visit(Phase::Reading, stop);
}

void Listener::enter(Connection& connection, Phase phase) {
  if (connection.is_linked()) list(connection.phase_).erase(List::s_iterator_to(connection));
  const bool leaves = phase == Phase::Closed;
  connection.phase_ = phase;
  if (leaves) return leave();
  const milliseconds length = lengths_[static_cast<std::size_t>(phase)];
  if (length != kForever) connection.deadline_ = Clock::now() + length;
  list(phase).push_back(connection);
}

void Listener::leave() {
  --shared_.connections;
  --connections_;
  if (connections_ == 0 && gone_) std::exchange(gone_, nullptr)();
}

std::unique_ptr<Reader> Listener::lend() {
  readers_lent_.store(readers_lent() + 1, std::memory_order_relaxed);
  if (spare_readers_.empty()) return std::make_unique<Reader>(shared_.limits);
  auto reader = std::move(spare_readers_.back());
  spare_readers_.pop_back();
  return reader;
}

void Listener::take_back(std::unique_ptr<Reader> reader) {
  readers_lent_.store(readers_lent() - 1, std::memory_order_relaxed);
  if (spare_readers_.size() >= kSpareReadersMax) return;
  reader->clear();
  spare_readers_.push_back(std::move(reader));
}

void Listener::accept_when_ready() {
  acceptor_.async_wait(Acceptor::wait_read, [this](boost::system::error_code error) {
    if (!error) accept_ready();
  });
}

void Listener::accept_ready() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    const int descriptor =
        ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      adopt(descriptor);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      accept_paused_ = true;
      return;
    } else if (errno == EAGAIN) {
      break;
    }
  }
  accept_when_ready();
}

void Listener::adopt(int descriptor) {
  if (shared_.connections >= shared_.limits.connections_max) {
    ::close(descriptor);
    return;
  }
  ++shared_.connections;
  ++connections_;
  std::make_shared<Connection>(*this, descriptor, shared_.tls.get())->open();
}

void Listener::tick_later() {
  timer_.expires_after(shared_.limits.tick);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) tick();
  });
}

void Listener::tick() {
  date_ = http_date();
  expire();
  if (std::exchange(accept_paused_, false) && acceptor_.is_open()) accept_ready();
  handler_->tick();
  tick_later();
}

void Listener::expire() {
  const auto now = Clock::now();
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    if (lengths_[phase] == kForever) continue;
    while (!lists_[phase].empty() && lists_[phase].front().deadline() <= now) {
      lists_[phase].front().shared_from_this()->expire();
    }
  }
}

template <class Visit>
void Listener::visit(Phase phase, Visit visit) {
  std::vector<std::shared_ptr<Connection>> all;
  for (Connection& connection : list(phase)) all.push_back(connection.shared_from_this());
  for (const auto& connection : all) {
    if (connection->phase() == phase) visit(*connection);
  }
}

}  // namespace batal::http
