#include "payment/transaction.h"

#include <algorithm>

namespace batal::payment {

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::Debit:
      return "debit";
    case Kind::Qris:
      return "qris";
    case Kind::Hold:
      return "hold";
    case Kind::VirtualAccount:
      return "virtual account";
  }
  return "unknown";
}

std::string_view name_of(State state) {
  switch (state) {
    case State::Pending:
      return "pending";
    case State::Authorised:
      return "authorised";
    case State::Paid:
      return "paid";
    case State::Refunded:
      return "refunded";
    case State::Cancelled:
      return "cancelled";
    case State::Failed:
      return "failed";
    case State::Expired:
      return "expired";
  }
  return "unknown";
}

Time end_of(const Transaction& transaction) {
  if (is_live(transaction.state)) return transaction.expires_at;
  return std::min(transaction.paid_at.value_or(transaction.changed_at), transaction.expires_at);
}

}  // namespace batal::payment
