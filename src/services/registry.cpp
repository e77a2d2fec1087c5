#include "services/registry.h"

#include <array>

#include "services/declarations.h"

namespace batal::services {
namespace {

constexpr std::array kAll{
    &kAccessTokenB2b,                                            //
    &kDebitCancel,    &kQrMpmCancel, &kAuthVoid,    &kDeleteVa,  // what batal is for
    &kDebitPayment,   &kDebitStatus,                             // what they lean on
    &kQrMpmGenerate,  &kQrMpmQuery,                              //
    &kAuthPayment,    &kAuthQuery,   &kAuthCapture,              //
    &kCreateVa,       &kVaStatus,
};

}  // namespace

std::span<const Service* const> all_services() {
  return kAll;
}

const Service* find_service(std::string_view path) {
  for (const Service* service : kAll) {
    if (service->path == path) return service;
  }
  return nullptr;
}

}  // namespace batal::services
