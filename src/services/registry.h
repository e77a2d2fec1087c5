// The table of all services.
#pragma once

#include <span>
#include <string_view>

#include "services/service.h"

namespace batal::services {

std::span<const Service* const> all_services();  // in the order of docs/protocol.md

// By exact path; null pointer if no service lives there.
const Service* find_service(std::string_view path);

}  // namespace batal::services
