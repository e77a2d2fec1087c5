// Forms of identifiers that headers and services share. Whatever is random comes from OpenSSL, on
// any thread; std::runtime_error if there is none to be had.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "snap/time.h"

namespace batal::snap {

bool is_external_id(std::string_view text);  // 1 to 36 of [A-Za-z0-9._~-]
bool is_channel_id(std::string_view text);   // five digits

std::string random_alphanumeric(std::size_t count);  // uniform over [A-Za-z0-9]

// A new reference number: A1 + yyyyMMddHHmmss (UTC) + 10 random alphanumerics + ID, 28 characters,
// ordered by time. voidNo and captureNo have the same form.
std::string new_reference_no(Time now);
bool is_reference_no(std::string_view text);  // has that form

}  // namespace batal::snap
