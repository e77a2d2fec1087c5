// The headers that the order of checks reads, found in one pass over a request's head.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/server.h"
#include "snap/response_code.h"

namespace batal::services {

enum class Listed : std::uint8_t {
  ContentType,
  Authorization,
  PartnerId,
  Timestamp,
  Signature,
  ExternalId,
  ChannelId,
  ClientKey,
};
inline constexpr std::size_t kListedCount = 8;

std::string_view name_of(Listed header);  // "X-TIMESTAMP", as the standard writes it

// Views into the request.
class ListedHeaders {
 public:
  explicit ListedHeaders(const http::Request& request);

  // Empty if the header is missing or has no value.
  std::string_view operator[](Listed header) const {
    return values_[static_cast<std::size_t>(header)];
  }

  // Step 1's last part: Content-Type present and application/json, no listed header given twice.
  std::optional<snap::Problem> problem() const;

 private:
  std::array<std::string_view, kListedCount> values_{};
  std::optional<Listed> twice_;
};

snap::Problem missing(Listed header);                 // 400xx02
snap::Problem malformed(Listed header);               // 400xx01
snap::Problem unauthorized(std::string_view reason);  // 401xx00

}  // namespace batal::services
