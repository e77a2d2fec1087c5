// A fixed path with an answer that needs no waiting: what other rooms mount on the admin listener.
#pragma once

#include <functional>
#include <string_view>

#include "http/server.h"

namespace batal::http {

struct Route {
  std::string_view method;
  std::string_view path;
  std::function<Answer(const Request&)> answer;  // on the listener's loop
};

}  // namespace batal::http
