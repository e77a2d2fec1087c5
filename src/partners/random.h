// Randomness for secrets, from OpenSSL. Throws std::runtime_error if there is none to be had.
#pragma once

#include <cstddef>
#include <string>

namespace batal::partners {

std::string random_bytes(std::size_t count);

}  // namespace batal::partners
