#include <fmt/format.h>

#include "histories/state.h"
#include "histories/wording.h"

namespace batal::histories {
namespace {

using payment::Outcome;
using payment::Refusal;

std::string provider_said(const Outcome& outcome) {
  if (outcome.result != Outcome::Result::Refused) {
    return fmt::format("200 {}", payment::name_of(outcome.event->transaction->state));
  }
  if (outcome.refusal == Refusal::NotFound) return "404";
  if (outcome.refusal == Refusal::Conflict) return "409";
  return fmt::format("409 {}", payment::name_of(outcome.state));
}

std::string expiry_field(int service) {
  if (service == 27) return "expiredDate";
  return service == 47 ? "validityPeriod" : "validUpTo";
}

}  // namespace

std::string said_of(const Operation& operation, const Outcome& outcome) {
  if (operation.service == 0) return provider_said(outcome);
  const std::string service = service_code(operation.service);
  if (outcome.result != Outcome::Result::Refused) return fmt::format("200{}00 Success", service);
  switch (outcome.refusal) {
    case Refusal::Conflict:
    case Refusal::VaNumberPending:
      return fmt::format("409{}00 Conflict", service);
    case Refusal::DuplicateTrxId:
      return fmt::format("409{}01 Duplicate partnerReferenceNo", service);
    case Refusal::InvalidMerchant:
      return fmt::format("404{}08 Invalid Merchant", service);
    case Refusal::NotFound:
      return fmt::format("404{}01 Transaction Not Found", service);
    case Refusal::InvalidAmount:
      return fmt::format("404{}13 Invalid Amount", service);
    case Refusal::InvalidExpiry:
      return fmt::format("400{}01 Invalid Field Format {}", service,
                         expiry_field(operation.service));
    default:
      return fmt::format("403{}15 Transaction Not Permitted.[{}].", service,
                         payment::name_of(outcome.refusal));
  }
}

}  // namespace batal::histories
