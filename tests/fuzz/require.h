// How a fuzz target says what must hold. Where it does not, the words and the place are printed and
// the process ends, which libFuzzer takes for a find: it keeps the input.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string_view>

namespace batal::fuzz {

using Place = std::source_location;

inline void require(bool holds, std::string_view property, Place at = Place::current()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%u: does not hold: %.*s\n", at.file_name(), at.line(),
               static_cast<int>(property.size()), property.data());
  std::abort();
}

// The same for two texts, which are shown.
inline void require_equal(std::string_view one, std::string_view other, std::string_view property,
                          Place at = Place::current()) {
  if (one == other) return;
  std::fprintf(stderr, "one:   %.*s\nother: %.*s\n", static_cast<int>(one.size()), one.data(),
               static_cast<int>(other.size()), other.data());
  require(false, property, at);
}

}  // namespace batal::fuzz
