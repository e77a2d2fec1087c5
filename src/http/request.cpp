#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include <boost/beast/core/string.hpp>

#include "http/server.h"

namespace batal::http {

using boost::beast::iequals;

const std::string_view* Request::header(std::string_view name) const {
  const auto found = std::ranges::find_if(
      headers, [name](const Header& header) { return iequals(header.name, name); });
  return found == headers.end() ? nullptr : &found->value;
}

std::size_t Request::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      headers, [name](const Header& header) { return iequals(header.name, name); }));
}

Reply& Reply::operator=(Reply&& other) noexcept {
  if (this != &other) {
    drop();
    sink_ = std::exchange(other.sink_, {});
    ticket_ = other.ticket_;
  }
  return *this;
}

void Reply::send(Answer&& answer) {
  const auto sink = std::exchange(sink_, {}).lock();
  if (sink) sink->send(ticket_, std::move(answer));
}

void Reply::drop() {
  const auto sink = std::exchange(sink_, {}).lock();
  if (sink) sink->drop(ticket_);
}

bool Reply::pending() const {
  return !sink_.expired();
}

}  // namespace batal::http
