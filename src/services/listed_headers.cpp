#include "services/listed_headers.h"

#include <boost/beast/core/string.hpp>

namespace batal::services {
namespace {

constexpr std::array<std::string_view, kListedCount> kNames{
    "Content-Type", "Authorization", "X-PARTNER-ID", "X-TIMESTAMP",
    "X-SIGNATURE",  "X-EXTERNAL-ID", "CHANNEL-ID",   "X-CLIENT-KEY",
};

std::optional<std::size_t> index_of(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (boost::beast::iequals(name, kNames[i])) return i;
  }
  return std::nullopt;
}

bool is_json(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  type = type.substr(0, type.find_last_not_of(" \t") + 1);
  return boost::beast::iequals(type, "application/json");
}

}  // namespace

std::string_view name_of(Listed header) {
  return kNames[static_cast<std::size_t>(header)];
}

ListedHeaders::ListedHeaders(const http::Request& request) {
  std::array<bool, kListedCount> seen{};
  for (const http::Header& header : request.headers) {
    const auto index = index_of(header.name);
    if (!index) continue;
    if (seen[*index] && (!twice_ || static_cast<std::size_t>(*twice_) > *index)) {
      twice_ = static_cast<Listed>(*index);
    }
    if (!seen[*index]) values_[*index] = header.value;
    seen[*index] = true;
  }
}

std::optional<snap::Problem> ListedHeaders::problem() const {
  const std::string_view content_type = (*this)[Listed::ContentType];
  if (content_type.empty()) return missing(Listed::ContentType);
  if (!is_json(content_type)) return malformed(Listed::ContentType);
  if (twice_) return malformed(*twice_);
  return std::nullopt;
}

snap::Problem missing(Listed header) {
  return {snap::Case::InvalidMandatoryField, std::string(name_of(header))};
}

snap::Problem malformed(Listed header) {
  return {snap::Case::InvalidFieldFormat, std::string(name_of(header))};
}

snap::Problem unauthorized(std::string_view reason) {
  return {snap::Case::Unauthorized, std::string(reason)};
}

}  // namespace batal::services
