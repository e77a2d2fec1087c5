#include "partners/partner.h"

#include <algorithm>

namespace batal::partners {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

}  // namespace

bool Partner::has_partner_id(std::string_view id) const {
  return id == client_id || contains(partner_ids, id);
}

bool Partner::has_merchant(std::string_view id) const {
  return contains(merchant_ids, id);
}

bool Partner::has_va_partner_service_id(std::string_view id) const {
  return contains(va_partner_service_ids, id);
}

}  // namespace batal::partners
