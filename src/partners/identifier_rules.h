// What partners, merchants and virtual accounts may be called: one rule each, for files that are
// read and for files that are made. The answer says what is wrong, or is empty.
#pragma once

#include <string>
#include <string_view>

namespace batal::partners {

// 1 to 36 of [A-Za-z0-9._-], the first no '.': a client id is a header's value, a part of paths of
// the provider API and the beginning of file names.
std::string wrong_client_id(std::string_view id);

std::string wrong_partner_id(std::string_view id);  // a header's value: 1 to 36 of visible ASCII

std::string wrong_merchant_id(std::string_view id);  // 1 to 64 characters

std::string wrong_va_partner_service_id(std::string_view id);  // "   88899"

}  // namespace batal::partners
