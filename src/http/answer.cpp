#include "http/answer.h"

#include <chrono>

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
  const fmt::format_int status(answer.status);
  const fmt::format_int length(answer.body.size());
  out.append("HTTP/1.1 ").append(status.data(), status.size()).append(" ");
  out.append(reason(answer.status)).append("\r\nDate: ").append(date).append("\r\n");
  if (!answer.content_type.empty()) {
    out.append("Content-Type: ").append(answer.content_type).append("\r\n");
  }
  out.append("Content-Length: ").append(length.data(), length.size()).append("\r\n");
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
