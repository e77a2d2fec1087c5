#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <boost/beast/core/string.hpp>

#include "http/outgoing.h"

namespace batal::http {

namespace {

using boost::beast::iequals;

bool valid_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port > 0 && port <= 65535;
}

bool visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

// HOST, HOST:PORT, [IPv6] or [IPv6]:PORT into `url`; what is wrong, or nothing.
std::string_view split_authority(std::string_view authority, Url& url) {
  std::string_view rest;
  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return "the [ has no ]";
    url.host = authority.substr(1, bracket - 1);
    rest = authority.substr(bracket + 1);
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    url.host = authority.substr(0, colon);
    rest = authority.substr(colon);
  }
  if (url.host.empty()) return "the host is missing";
  if (rest.empty()) return {};
  if (!rest.starts_with(':') || !valid_port(rest.substr(1))) return "the port is not 1 to 65535";
  url.port = rest.substr(1);
  return {};
}

}  // namespace

std::expected<Url, std::string> Url::parse(std::string_view text) {
  const auto wrong = [text](std::string_view what) {
    return std::unexpected(fmt::format("URL \"{}\": {}", text, what));
  };
  if (!visible(text)) return wrong("only visible ASCII characters are allowed");
  const std::size_t scheme_end = text.find("://");
  const std::string_view scheme = text.substr(0, std::min(scheme_end, text.size()));
  const bool tls = iequals(scheme, "https");
  if (scheme_end == std::string_view::npos || (!tls && !iequals(scheme, "http"))) {
    return wrong("it must begin with http:// or https://");
  }
  const std::string_view after_scheme = text.substr(scheme_end + 3);
  if (after_scheme.find_first_of("?#") != std::string_view::npos) {
    return wrong("a query or fragment has no place in it");
  }
  if (after_scheme.find('@') != std::string_view::npos) {
    return wrong("a user name has no place in it");
  }
  const std::size_t slash = std::min(after_scheme.find('/'), after_scheme.size());
  Url url{.tls = tls, .host = {}, .port = tls ? "443" : "80", .path = {}};
  const std::string_view fault = split_authority(after_scheme.substr(0, slash), url);
  if (!fault.empty()) return wrong(fault);
  url.path = after_scheme.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  return url;
}

}  // namespace batal::http
