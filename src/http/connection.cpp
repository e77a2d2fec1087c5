#include "http/connection.h"

#include <utility>

#include "http/answer.h"
#include "http/listener.h"

namespace batal::http {

namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// How much of what a peer goes on sending is thrown away before the connection is cut.
constexpr std::size_t kDiscardBytesMax = 1024 * 1024;

}  // namespace

Connection::Connection(Listener& home, int descriptor, SSL_CTX* tls)
    : home_(home), transport_(descriptor, tls) {}

void Connection::open() {
  self_ = shared_from_this();
  home_.enter(*this, transport_.needs_handshake() ? Phase::Handshaking : Phase::Idle);
  if (!home_.poller().add(transport_.descriptor(), *this)) close();
}

void Connection::close() {
  if (phase_ == Phase::Closed) return;
  const auto self = std::exchange(self_, nullptr);
  home_.poller().forget(*this);
  transport_.close();
  give_back_reader();
  home_.enter(*this, Phase::Closed);  // last: who counts connections may rely on the close
}

void Connection::send(std::uint64_t ticket, Answer&& answer) {
  if (ticket != ticket_ || phase_ != Phase::Handling) return;
  begin_answer(answer);
  work();
}

void Connection::drop(std::uint64_t ticket) {
  if (ticket == ticket_ && phase_ == Phase::Handling) close();
}

void Connection::ready(Poller::Ready what) {
  const auto self = shared_from_this();  // it may close
  may_read_ = may_read_ || what.readable;
  ended_ = ended_ || what.ended;
  work();
}

void Connection::expire() {
  if (phase_ == Phase::Reading) {
    refuse(Malformed::Timeout);
    work();
  } else {
    close();
  }
}

void Connection::drain() {
  may_read_ = true;  // a request may have come that nobody has looked at
  if (phase_ == Phase::Idle) work();
  if (phase_ == Phase::Idle || phase_ == Phase::Handshaking) close();
}

void Connection::stop_reading() {
  if (phase_ < Phase::Handling) close();
}

// Goes on until the socket or the handler must be waited for. An answer given inside handle()
// comes back here; the outer call then goes on with it, so that the stack does not grow with
// pipelined requests.
void Connection::work() {
  if (working_) return;
  working_ = true;
  while (step()) {
  }
  working_ = false;
}

bool Connection::step() {
  switch (phase_) {
    case Phase::Handshaking:
      return shake_hands();
    case Phase::Idle:
    case Phase::Reading:
      return may_read_ || transport_.holds_bytes() ? read() : false;
    case Phase::Writing:
      return write();
    case Phase::Answered:
      return go_on();
    case Phase::Lingering:
      return linger();
    case Phase::Handling:
    case Phase::Closed:
      break;
  }
  return false;
}

bool Connection::shake_hands() {
  const Io io = transport_.handshake();
  if (io.status == Io::Status::Failed) return say_goodbye();  // the peer may read OpenSSL's alert
  if (io.status != Io::Status::Done) return wait(io.status);
  home_.enter(*this, Phase::Idle);
  return true;
}

bool Connection::read() {
  if (!reader_) reader_ = home_.lend();
  const Io io = transport_.read(reader_->space());
  if (io.status == Io::Status::Done) {
    if (io.drained && !ended_) may_read_ = false;
    reader_->filled(io.bytes);
    return parse();
  }
  if (phase_ == Phase::Reading && io.status == Io::Status::End) {
    refuse(Malformed::Head);  // cut off in the middle; whoever still listens may know why
    return true;
  }
  if (phase_ == Phase::Idle) give_back_reader();
  return wait(io.status);
}

bool Connection::parse() {
  if (home_.reading_stopped()) return wait(Io::Status::End);
  switch (reader_->advance()) {
    case Reader::State::Complete:
      return hand_over();
    case Reader::State::Refused:
      refuse(reader_->why());
      return true;
    case Reader::State::NeedMore:
      break;
  }
  if (phase_ == Phase::Idle) home_.enter(*this, Phase::Reading);
  if (reader_->take_expectation()) say_continue();
  return true;
}

// The reader leaves the connection for the time of the call: whatever the handler does to the
// connection, the request's views stay good until it returns.
bool Connection::hand_over() {
  auto reader = std::move(reader_);
  const Request& request = reader->request();
  keep_alive_ = reader->keep_alive();
  http_1_0_ = reader->http_1_0();
  head_only_ = request.method == "HEAD";
  home_.enter(*this, Phase::Handling);
  home_.handler().handle(request, Reply(weak_from_this(), ++ticket_));
  reader->next();
  reader_ = std::move(reader);
  if (reader_->empty() || phase_ == Phase::Closed) give_back_reader();
  return true;
}

void Connection::refuse(Malformed why) {
  const Request& request = reader_->request();
  head_only_ = request.method == "HEAD";
  keep_alive_ = false;
  begin_answer(home_.handler().refuse(why, request));
  give_back_reader();
}

// The peer is waiting, so there is room in the socket, or it takes nothing at all.
void Connection::say_continue() {
  if (transport_.write(kContinue).bytes != kContinue.size()) close();
}

void Connection::begin_answer(const Answer& answer) {
  keep_alive_ = keep_alive_ && !answer.close && !home_.draining() && !home_.reading_stopped();
  out_.swap(home_.scratch());
  write_answer(out_, answer,
               {.http_1_0 = http_1_0_, .close = !keep_alive_, .head_only = head_only_},
               home_.date());
  sent_ = 0;
  write();
}

// False: nothing more to do until the socket can be written, or at all.
bool Connection::write() {
  while (sent_ < out_.size()) {
    const Io io = transport_.write(std::string_view(out_).substr(sent_));
    if (io.status != Io::Status::Done) {
      if (phase_ != Phase::Writing) home_.enter(*this, Phase::Writing);
      return wait(io.status);
    }
    sent_ += io.bytes;
  }
  out_.clear();
  out_.swap(home_.scratch());
  home_.enter(*this, Phase::Answered);
  return true;
}

bool Connection::go_on() {
  if (!keep_alive_) {
    give_back_reader();
    return say_goodbye();
  }
  home_.enter(*this, Phase::Idle);
  if (reader_) return parse();
  if (transport_.holds_bytes()) return true;
  if (home_.draining()) return wait(Io::Status::End);
  // Whatever came meanwhile has its turn after the others.
  if (std::exchange(may_read_, false)) home_.poller().tell_again(transport_.descriptor(), *this);
  return false;
}

// Closing while the peer still sends would reset the connection, and take what it has not read.
bool Connection::say_goodbye() {
  transport_.finish_writing();
  sent_ = 0;
  home_.enter(*this, Phase::Lingering);
  return true;
}

bool Connection::linger() {
  const Io io = transport_.discard();
  sent_ += io.bytes;
  if (io.status == Io::Status::Done && sent_ < kDiscardBytesMax) return true;
  return wait(io.status == Io::Status::Done ? Io::Status::Failed : io.status);
}

void Connection::give_back_reader() {
  if (reader_) home_.take_back(std::move(reader_));
}

// Always false: the step that calls it is over.
bool Connection::wait(Io::Status status) {
  if (status == Io::Status::WantRead) {
    may_read_ = false;
  } else if (status != Io::Status::WantWrite) {
    close();
  }
  return false;
}

}  // namespace batal::http
