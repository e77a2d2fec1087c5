// The admin listener's answers that are no more than a status and a sentence.
#pragma once

#include <string_view>

#include "http/server.h"

namespace batal::admin {

http::Answer error_answer(int status, std::string_view why);

// 405: what the path does support, "GET, POST".
http::Answer method_answer(std::string_view allowed);

}  // namespace batal::admin
