// Fuzzed: the bytes of a connection, read by http::Reader, whole and in pieces.
//
// Asserted: how the bytes are cut changes nothing of what is read, pipelined requests included; a
// request that is read has one length, one host and no control characters in its head, and keeps
// to the limits; and written out again in the plainest way it is read as the same request, so that
// no other server can find more or less in it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fuzzer/FuzzedDataProvider.h>
#include <boost/beast/core/string.hpp>

#include "fuzz/require.h"
#include "http/reader.h"

namespace batal::fuzz {
namespace {

using http::Malformed;
using http::Reader;
using http::Request;

// What became of the bytes of one connection.
struct Reading {
  std::vector<std::string> requests;
  std::optional<Malformed> refused;
  std::string refused_line;  // method and target; empty if they could not be read
  bool refused_chunks = false;
  bool empty = false;  // nothing of a next request is there
};

// How the bytes arrive: in pieces of chance lengths, up to piece_max bytes.
struct Cutting {
  std::size_t piece_max = std::numeric_limits<std::size_t>::max();
  std::uint8_t seed = 0;
};

bool is_framing(std::string_view name) {
  return boost::beast::iequals(name, "Content-Length") ||
         boost::beast::iequals(name, "Transfer-Encoding");
}

// All that a handler gets, but for how the body's length was told.
std::string text_of(const Reader& reader, const Request& request) {
  std::string text = fmt::format("{} {} {} keep {} 1.0 {}", request.method, request.target,
                                 request.path, reader.keep_alive(), reader.http_1_0());
  for (const http::Header& header : request.headers) {
    if (!is_framing(header.name)) text += fmt::format(" [{}:{}]", header.name, header.value);
  }
  return text + " " + std::string(request.body);
}

std::string written_plainly(const Reader& reader, const Request& request) {
  std::string text =
      fmt::format("{} {} HTTP/1.{}\r\n", request.method, request.target, reader.http_1_0() ? 0 : 1);
  bool framed = false;
  for (const http::Header& header : request.headers) {
    framed = framed || is_framing(header.name);
    if (!is_framing(header.name)) text += fmt::format("{}:{}\r\n", header.name, header.value);
  }
  if (framed) text += fmt::format("Content-Length:{}\r\n", request.body.size());
  return text + "\r\n" + std::string(request.body);
}

bool is_plain(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

void check_head(const Reader& reader, const Request& request) {
  require(!request.method.empty() && !request.target.empty(), "a request has method and target");
  require(is_plain(request.method) && is_plain(request.target), "a request line is one line");
  for (const http::Header& header : request.headers) {
    require(!header.name.empty() && is_plain(header.name) && is_plain(header.value),
            "a header is one line");
  }
  require(request.count("Host") == 1 || (reader.http_1_0() && request.count("Host") == 0),
          "a request has one host");
}

void check_length(const Request& request, const http::Limits& limits) {
  require(request.body.size() <= limits.body_bytes_max, "a body keeps to its limit");
  const std::size_t told = request.count("Content-Length");
  const std::size_t chunked = request.count("Transfer-Encoding");
  require(told + chunked <= 1, "a body's length is told once");
  require(told + chunked == 1 || request.body.empty(), "a body's length is told");
  if (told == 1) {
    require(std::stoull(std::string(*request.header("Content-Length"))) == request.body.size(),
            "a body has the length that was told");
  }
}

void check_plain_form(const Reader& reader, const Request& request) {
  const std::string plain = written_plainly(reader, request);
  Reader again{http::Limits{}};
  std::ranges::copy(plain, again.space().begin());
  again.filled(plain.size());
  require(again.advance() == Reader::State::Complete, "the plain form of a request is a request");
  require_equal(text_of(reader, request), text_of(again, again.request()),
                "the plain form of a request is the same request");
  again.next();
  require(again.empty(), "the plain form of a request is one request");
}

// Takes all requests that are whole by now. False once one is refused: the connection closes then.
bool take_requests(Reader& reader, const http::Limits& limits, Reading& reading) {
  for (;;) {
    const Reader::State state = reader.advance();
    if (state == Reader::State::NeedMore) {
      reader.take_expectation();
      return true;
    }
    const Request& request = reader.request();
    if (state == Reader::State::Refused) {
      reading.refused = reader.why();
      reading.refused_chunks = request.count("Transfer-Encoding") > 0;
      if (!request.method.empty()) {
        reading.refused_line = fmt::format("{} {}", request.method, request.target);
      }
      return false;
    }
    check_head(reader, request);
    check_length(request, limits);
    check_plain_form(reader, request);
    reading.requests.push_back(text_of(reader, request));
    reader.next();
  }
}

Reading read(std::string_view bytes, const http::Limits& limits, const Cutting& cutting) {
  std::minstd_rand random(cutting.seed);
  Reader reader(limits);
  Reading reading;
  while (!bytes.empty()) {
    const auto space = reader.space();
    require(!space.empty(), "there is room while more is needed");
    const std::size_t piece = 1 + random() % cutting.piece_max;
    const std::size_t size = std::min({bytes.size(), space.size(), piece});
    std::ranges::copy(bytes.substr(0, size), space.begin());
    bytes.remove_prefix(size);
    reader.filled(size);
    if (!take_requests(reader, limits, reading)) return reading;
  }
  reading.empty = reader.empty();
  return reading;
}

// What is wrong with a head may be seen before its end, or only there, and then be that it is too
// large. How much of the request line is known by then differs too.
void compare_refusals(const Reading& whole, const Reading& cut) {
  const auto is_of_head = [](Malformed why) { return why != Malformed::BodyTooLarge; };
  require(is_of_head(*whole.refused) == is_of_head(*cut.refused),
          "the same refusal, however it is cut");
  if (whole.refused_line.empty() || cut.refused_line.empty()) return;
  require_equal(whole.refused_line, cut.refused_line, "the same refused, however it is cut");
}

void compare(const std::string& bytes, const http::Limits& limits, const Cutting& cutting) {
  Reading whole = read(bytes, limits, {});
  Reading cut = read(bytes, limits, cutting);
  require(whole.requests.size() == cut.requests.size(), "as many requests, however they are cut");
  for (std::size_t i = 0; i < whole.requests.size(); ++i) {
    require_equal(whole.requests[i], cut.requests[i], "the same requests, however they are cut");
  }
  if (!whole.refused && !cut.refused) {
    require(whole.empty == cut.empty, "the same is left over, however it is cut");
    return;
  }
  // Beast tries a chunk's head with an open quotation again with every piece, and each time takes
  // the chunk's size off what the body may have. No such head is ever taken.
  if (whole.refused_chunks || cut.refused_chunks) return;
  if (!whole.refused) whole = read(bytes + "\r\n\r\n", limits, {});
  if (!cut.refused) cut = read(bytes + "\r\n\r\n", limits, cutting);
  require(whole.refused && cut.refused, "refused at the end of the head, however it is cut");
  compare_refusals(whole, cut);
}

}  // namespace
}  // namespace batal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace batal;
  FuzzedDataProvider input(data, size);
  const bool narrow = input.ConsumeBool();
  const fuzz::Cutting cutting{.piece_max = input.ConsumeIntegralInRange<std::size_t>(1, 64),
                              .seed = input.ConsumeIntegral<std::uint8_t>()};
  const std::string bytes = input.ConsumeRemainingBytesAsString();

  http::Limits limits;
  if (narrow) limits.head_bytes_max = limits.body_bytes_max = 128;
  fuzz::compare(bytes, limits, cutting);
  return 0;
}
