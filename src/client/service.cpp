#include <algorithm>
#include <array>

#include "batal/client.h"

namespace batal {
namespace {

// In the order of the enumeration.
constexpr std::array<ServiceInfo, 13> kServices = {{
    {Service::CreateDebit, "debit-create", "54", "/v1.0/debit/payment-host-to-host"},
    {Service::QueryDebit, "debit-query", "55", "/v1.0/debit/status"},
    {Service::CancelDebit, "debit-cancel", "57", "/v1.0/debit/cancel"},
    {Service::CreateQris, "qris-create", "47", "/v1.0/qr/qr-mpm-generate"},
    {Service::QueryQris, "qris-query", "51", "/v1.0/qr/qr-mpm-query"},
    {Service::CancelQris, "qris-cancel", "77", "/v1.0/qr/qr-mpm-cancel"},
    {Service::Authorise, "auth-create", "63", "/v1.0/auth/payment"},
    {Service::QueryAuthorisation, "auth-query", "64", "/v1.0/auth/query"},
    {Service::Capture, "auth-capture", "65", "/v1.0/auth/capture"},
    {Service::VoidAuthorisation, "auth-void", "67", "/v1.0/auth/void"},
    {Service::CreateVirtualAccount, "va-create", "27", "/v1.0/transfer-va/create-va"},
    {Service::QueryVirtualAccount, "va-query", "26", "/v1.0/transfer-va/status"},
    {Service::DeleteVirtualAccount, "va-delete", "31", "/v1.0/transfer-va/delete-va"},
}};

}  // namespace

std::span<const ServiceInfo> all_services() {
  return kServices;
}

const ServiceInfo& info(Service service) {
  return kServices.at(static_cast<std::size_t>(service));
}

std::optional<Service> service_by_name(std::string_view text) {
  const auto* found = std::ranges::find_if(kServices, [text](const ServiceInfo& known) {
    return text == known.name || text == known.code || text == known.path;
  });
  if (found == kServices.end()) return std::nullopt;
  return found->service;
}

}  // namespace batal
