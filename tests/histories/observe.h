// From an answer's bytes to what the checker must explain.
#pragma once

#include <cstdint>

#include "histories/history.h"
#include "http/outgoing.h"

namespace batal::histories {

enum class Fate : std::uint8_t { Known, Unknown, NotDone };

// What an answer says of its call: 504 leaves it unknown, 429 and 500 that it was not done.
Fate fate_of(const http::Received& answer);

Observation observe_service(const http::Received& answer);
Observation observe_provider(const http::Received& answer);

}  // namespace batal::histories
