#include "http/answer.h"

#include <chrono>
#include <iterator>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <boost/beast/http/status.hpp>

namespace batal::http {

namespace {

std::string_view reason(int status) {
  const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
  return boost::beast::http::obsolete_reason(known);
}

}  // namespace

void write_answer(std::string& out, const Answer& answer, const Framing& framing,
                  std::string_view date) {
  auto end = fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\nDate: {}\r\n",
                            answer.status, reason(answer.status), date);
  if (!answer.content_type.empty()) {
    end = fmt::format_to(end, "Content-Type: {}\r\n", answer.content_type);
  }
  fmt::format_to(end, "Content-Length: {}\r\n", answer.body.size());
  out += answer.headers;
  if (framing.close) {
    out += "Connection: close\r\n";
  } else if (framing.http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  if (!framing.head_only) out += answer.body;
}

std::string http_date() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(now));
}

}  // namespace batal::http
