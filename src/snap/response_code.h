// The one map from what went wrong to what the standard calls it: HTTP status, case code, text.
//
// Source: the code tables of the source page, completed by the national SNAP table
// (docs/protocol.md, "Response codes"). responseCode is always seven digits: HTTP status, service
// code, case code. responseMessage has at most 150 characters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace batal::snap {

enum class Case : std::uint8_t {
  Success,                  // 200 00
  BadRequest,               // 400 00
  InvalidFieldFormat,       // 400 01 {field}
  InvalidMandatoryField,    // 400 02 {field}
  Unauthorized,             // 401 00 {reason}
  InvalidToken,             // 401 01
  TransactionNotPermitted,  // 403 15 {reason}
  PathNotFound,             // 404 00
  TransactionNotFound,      // 404 01
  InvalidMerchant,          // 404 08
  InvalidAmount,            // 404 13
  FunctionNotSupported,     // 405 00
  Conflict,                 // 409 00
  Duplicate,                // 409 01
  BodyTooLarge,             // 413 00
  TooManyRequests,          // 429 00
  HeadTooLarge,             // 431 00
  InternalServerError,      // 500 01
  Timeout,                  // 504 00
};
inline constexpr std::size_t kCaseCount = 19;

// What a request was refused for: the case, and the field or reason its text names (may be empty).
struct Problem {
  Case what = Case::BadRequest;
  std::string detail;

  bool operator==(const Problem&) const = default;
};

int http_status(Case what);

// Appends the seven digits: (57, TransactionNotPermitted) -> 4035715. `service` is two digits.
void append_response_code(std::string& out, std::string_view service, Case what);

// Appends the text: "Transaction Not Permitted.[expired]."; cut to 150 characters (code points).
// An empty detail leaves out its brackets; a case whose text names none ignores it.
void append_response_message(std::string& out, Case what, std::string_view detail);

}  // namespace batal::snap
