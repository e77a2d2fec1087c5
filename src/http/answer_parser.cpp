#include "http/answer_parser.h"

#include <cstdint>
#include <utility>

namespace batal::http {

namespace {

using boost::beast::http::error;

constexpr std::uint32_t kHeadBytesMax = 64 * 1024;
constexpr std::uint64_t kBodyBytesMax = 8 * 1024 * 1024;

// What is still to come of a chunked body is at least "0\r\n\r\n". Beast 1.81 asserts as much where
// it should ask for more.
constexpr std::size_t kLastChunkBytes = 5;

}  // namespace

AnswerParser::AnswerParser(bool to_head) : to_head_(to_head) {
  start();
}

void AnswerParser::start() {
  parser_.emplace();
  parser_->header_limit(kHeadBytesMax);
  parser_->body_limit(kBodyBytesMax);
  parser_->eager(true);
  parser_->skip(to_head_);
}

bool AnswerParser::interim() const {
  const unsigned status = parser_->get().result_int();
  return status >= 100 && status < 200 && status != 101;
}

boost::system::error_code AnswerParser::feed(std::string_view bytes) {
  unparsed_ += bytes;
  begun_ = begun_ || !bytes.empty();
  while (!done() && !unparsed_.empty()) {
    const bool in_chunks = parser_->is_header_done() && parser_->chunked();
    if (in_chunks && unparsed_.size() < kLastChunkBytes) break;
    boost::system::error_code code;
    unparsed_.erase(0, parser_->put(boost::asio::buffer(unparsed_), code));
    if (code == error::need_more) break;
    if (code) return code;
    if (done() && interim()) start();
  }
  return {};
}

boost::system::error_code AnswerParser::end() {
  boost::system::error_code code = error::partial_message;
  if (parser_->got_some()) parser_->put_eof(code);
  return code;
}

Received AnswerParser::take() {
  auto message = parser_->release();
  Received received{static_cast<int>(message.result_int()), std::move(message.body()), {}};
  for (const auto& header : message) {
    received.headers.emplace_back(header.name_string(), header.value());
  }
  return received;
}

}  // namespace batal::http
