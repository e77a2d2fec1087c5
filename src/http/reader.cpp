#include "http/reader.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>
#include <utility>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace batal::http {

namespace {

using boost::beast::iequals;
using boost::beast::http::error;
using boost::beast::http::field;
using View = boost::beast::string_view;
using ErrorCode = boost::beast::error_code;

// Room for the framing of a chunked body, and for requests that come in the same packet.
constexpr std::size_t kSlackBytes = 16 * 1024;

// What is still to come of a chunked body is at least "0\r\n\r\n". Beast 1.81 asserts as much where
// it should ask for more.
constexpr std::size_t kLastChunkBytes = 5;

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c != '\x7f'; });
}

// Collects views into the buffer that it parses.
class Parser final : public boost::beast::http::basic_parser<true> {
 public:
  Parser(std::span<char> buffer, Request& request) : buffer_(buffer), request_(request) {}

  bool http_1_0() const { return http_1_0_; }
  bool expects_continue() const { return expects_continue_ && !http_1_0_; }

 private:
  void on_request_impl(boost::beast::http::verb, View method, View target, int version,
                       ErrorCode&) override {
    request_.method = method;
    request_.target = target;
    http_1_0_ = version == 10;
  }

  void on_response_impl(int, View, int, ErrorCode&) override {}

  void on_field_impl(field id, View name, View value, ErrorCode& ec) override {
    if (is_header_done()) return;  // trailers are dropped
    if (folded(name, value)) {
      ec = error::bad_value;
      return;
    }
    if (id == field::transfer_encoding && !iequals(value, "chunked")) {
      ec = error::bad_transfer_encoding;
    } else if (id == field::content_length && !all_digits(value)) {
      ec = error::bad_content_length;
    } else if (id == field::expect && iequals(value, "100-continue")) {
      expects_continue_ = true;
    }
    request_.headers.push_back({name, value});
  }

  void on_header_impl(ErrorCode& ec) override {
    const std::size_t hosts = request_.count("Host");
    if (hosts > 1 || (hosts == 0 && !http_1_0_)) ec = error::bad_field;
    if (request_.count("Content-Length") > 1) ec = error::multiple_content_length;
    if (chunked() && http_1_0_) ec = error::bad_transfer_encoding;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}

  std::size_t on_body_impl(View part, ErrorCode&) override {
    append(part);
    return part.size();
  }

  void on_chunk_header_impl(std::uint64_t, View, ErrorCode&) override {}

  std::size_t on_chunk_body_impl(std::uint64_t, View part, ErrorCode&) override {
    append(part);
    return part.size();
  }

  void on_finish_impl(ErrorCode&) override {}

  // A folded line shows as a line break before the value, or as a value copied out of the buffer.
  bool folded(View name, View value) const {
    const char* const after_colon = name.data() + name.size() + 1;
    const char* const buffer_end = buffer_.data() + buffer_.size();
    if (std::less<>{}(value.data(), after_colon)) return true;
    if (std::less<>{}(buffer_end, value.data())) return true;
    return std::find(after_colon, value.data(), '\r') != value.data();
  }

  // The parts of a body are moved together; the first one stays where it came.
  void append(View part) {
    if (request_.body.empty()) {
      request_.body = part;
      return;
    }
    const std::size_t end =
        static_cast<std::size_t>(request_.body.data() - buffer_.data()) + request_.body.size();
    std::memmove(buffer_.data() + end, part.data(), part.size());
    request_.body = {request_.body.data(), request_.body.size() + part.size()};
  }

  const std::span<char> buffer_;
  Request& request_;
  bool http_1_0_ = false;
  bool expects_continue_ = false;
};

// Without the query, and without scheme and host where a proxy was asked for the whole address.
View path_of(View target) {
  const View path = target.substr(0, target.find('?'));
  const std::size_t scheme_end = path.find("://");
  if (path.starts_with('/') || scheme_end == View::npos) return path;
  const std::size_t root = path.find('/', scheme_end + 3);
  return root == View::npos ? View("/") : path.substr(root);
}

}  // namespace

struct Reader::Current {
  Request request;
  std::optional<Parser> parser;
  bool keep_alive = false;  // what the head says; Beast would listen to trailers too
  bool expectation_taken = false;
};

Reader::Reader(const Limits& limits)
    : limits_(limits),
      capacity_(limits.head_bytes_max + limits.body_bytes_max + kSlackBytes),
      buffer_(std::make_unique_for_overwrite<char[]>(capacity_)),
      current_(std::make_unique<Current>()) {
  clear();
}

Reader::~Reader() = default;

std::span<char> Reader::space() {
  return {buffer_.get() + end_, capacity_ - end_};
}

void Reader::filled(std::size_t bytes) {
  end_ += bytes;
}

std::string_view Reader::unparsed() const {
  return {buffer_.get() + parsed_, end_ - parsed_};
}

Reader::State Reader::advance() {
  while (state_ == State::NeedMore) {
    if (parsed_ == begin_ && !skip_empty_lines()) break;
    const Parser& parser = *current_->parser;
    const bool in_chunks = parser.is_header_done() && parser.chunked();
    if (unparsed().size() < (in_chunks ? kLastChunkBytes : 1)) break;
    const std::size_t before = parsed_;
    state_ = put();
    if (parsed_ == before) break;
  }
  if (state_ == State::NeedMore) {
    close_gap();
    if (space().empty()) state_ = refuse(Malformed::BodyTooLarge);
  }
  return state_;
}

// One step of the parser: the head, the rest of a body, a chunk's head or a chunk's body.
Reader::State Reader::put() {
  Parser& parser = *current_->parser;
  const bool in_head = !parser.is_header_done();
  ErrorCode ec;
  parsed_ += parser.put({buffer_.get() + parsed_, end_ - parsed_}, ec);
  const bool head_goes_on = !parser.is_header_done() && ec == error::need_more;
  const std::size_t head_bytes = (head_goes_on ? end_ : parsed_) - begin_;
  if (in_head && head_bytes > limits_.head_bytes_max) return refuse(Malformed::HeadTooLarge);
  if (ec == error::body_limit) return refuse(Malformed::BodyTooLarge);
  if (ec && ec != error::need_more) return refuse(Malformed::Head);
  if (in_head && parser.is_header_done()) current_->keep_alive = parser.keep_alive();
  return parser.is_done() ? State::Complete : State::NeedMore;
}

Reader::State Reader::refuse(Malformed why) {
  why_ = why;
  return State::Refused;
}

// Some old clients end a body with a line break that belongs to nothing. False: half of one is
// there.
bool Reader::skip_empty_lines() {
  while (unparsed().starts_with("\r\n")) begin_ = parsed_ += 2;
  return unparsed() != "\r";
}

// Chunks are moved together, so that what came between them takes no room.
void Reader::close_gap() {
  const std::string_view body = current_->request.body;
  if (body.empty()) return;
  const std::size_t body_end = static_cast<std::size_t>(body.data() - buffer_.get()) + body.size();
  if (body_end == parsed_) return;
  std::memmove(buffer_.get() + body_end, buffer_.get() + parsed_, end_ - parsed_);
  end_ -= parsed_ - body_end;
  parsed_ = body_end;
}

const Request& Reader::request() {
  Request& request = current_->request;
  if (request.method.empty()) read_request_line();
  request.path = path_of(request.target);
  return request;
}

// Beast looks at a request line only when it likes it, or when the whole head is there.
void Reader::read_request_line() {
  const std::string_view bytes{buffer_.get() + begin_, end_ - begin_};
  const std::size_t line_end = bytes.find("\r\n");
  if (line_end == std::string_view::npos) return;
  const std::string_view line = bytes.substr(0, line_end);
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == 0 || first == last || !printable(line)) return;
  current_->request.method = line.substr(0, first);
  current_->request.target = line.substr(first + 1, last - first - 1);
}

bool Reader::keep_alive() const {
  return current_->keep_alive;
}

bool Reader::http_1_0() const {
  return current_->parser->http_1_0();
}

bool Reader::take_expectation() {
  const Parser& parser = *current_->parser;
  if (!parser.is_header_done() || !parser.expects_continue() || !unparsed().empty()) return false;
  return !std::exchange(current_->expectation_taken, true) && current_->request.body.empty();
}

void Reader::next() {
  begin_ = parsed_;
  if (begin_ == end_) begin_ = end_ = 0;
  if (begin_ + limits_.head_bytes_max + limits_.body_bytes_max > capacity_) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  parsed_ = begin_;
  start();
}

void Reader::clear() {
  begin_ = parsed_ = end_ = 0;
  start();
}

void Reader::start() {
  Request& request = current_->request;
  request.method = request.target = request.path = request.body = {};
  request.headers.clear();
  Parser& parser = current_->parser.emplace(std::span<char>{buffer_.get(), capacity_}, request);
  parser.header_limit(std::numeric_limits<std::uint32_t>::max());  // put() counts itself
  parser.body_limit(limits_.body_bytes_max);
  current_->keep_alive = current_->expectation_taken = false;
  state_ = State::NeedMore;
}

}  // namespace batal::http
