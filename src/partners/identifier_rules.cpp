#include "partners/identifier_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "snap/field.h"

namespace batal::partners {
namespace {

constexpr std::size_t kPartnerIdMax = 36;
constexpr std::size_t kMerchantIdMax = 64;
constexpr std::size_t kVaPartnerServiceIdSize = 8;

bool is_visible(char c) {
  return c > ' ' && c <= '~';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_of_client_ids(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '.' || c == '_' ||
         c == '-';
}

std::string wrong_length(std::string_view id, std::size_t max) {
  if (id.empty()) return "is empty";
  if (snap::code_points(id) <= max) return {};
  return fmt::format("\"{}\" has more than {} characters", id, max);
}

}  // namespace

std::string wrong_client_id(std::string_view id) {
  if (std::ranges::all_of(id, is_of_client_ids) && !id.starts_with('.')) {
    return wrong_length(id, kPartnerIdMax);
  }
  return fmt::format("\"{}\" is not letters, digits, '.', '_' and '-', the first no '.'", id);
}

std::string wrong_partner_id(std::string_view id) {
  if (!std::ranges::all_of(id, is_visible)) {
    return fmt::format("\"{}\" has characters other than visible ASCII", id);
  }
  return wrong_length(id, kPartnerIdMax);
}

std::string wrong_merchant_id(std::string_view id) {
  return wrong_length(id, kMerchantIdMax);
}

std::string wrong_va_partner_service_id(std::string_view id) {
  const std::size_t padding = std::min(id.find_first_not_of(' '), id.size());
  const std::string_view digits = id.substr(padding);
  const bool right = id.size() == kVaPartnerServiceIdSize && !digits.empty() &&
                     std::ranges::all_of(digits, is_digit);
  if (right) return {};
  return fmt::format("\"{}\" is not 8 characters, digits padded with spaces on the left", id);
}

}  // namespace batal::partners
