#include "payment/command.h"

namespace batal::payment {

std::string_view name_of(Action action) {
  switch (action) {
    case Action::Create:
      return "create";
    case Action::Cancel:
      return "cancel";
    case Action::Capture:
      return "capture";
    case Action::Pay:
      return "pay";
    case Action::Fail:
      return "fail";
    case Action::Refund:
      return "refund";
    case Action::Expire:
      return "expire";
    case Action::Query:
      return "query";
  }
  return "unknown";
}

std::span<const std::uint8_t> services_found_by_external_id(Kind kind) {
  static constexpr std::array<std::uint8_t, 2> kDebit{54, 57};
  static constexpr std::array<std::uint8_t, 2> kQris{47, 77};
  static constexpr std::array<std::uint8_t, 3> kHold{63, 67, 65};
  static constexpr std::array<std::uint8_t, 2> kVirtualAccount{27, 31};
  switch (kind) {
    case Kind::Debit:
      return kDebit;
    case Kind::Qris:
      return kQris;
    case Kind::Hold:
      return kHold;
    case Kind::VirtualAccount:
      return kVirtualAccount;
  }
  return {};
}

std::uint8_t creation_service(Kind kind) {
  return services_found_by_external_id(kind).front();
}

}  // namespace batal::payment
