// `batal fields`: the reference pages of all services, made from their declarations.
#pragma once

#include <string>

namespace batal::app {

// docs/fields.md, whole; a test holds the file against it.
std::string fields_page();

}  // namespace batal::app
