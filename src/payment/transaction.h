// What batal keeps of one payment: the transaction, its kind, its state and its money.
//
// Source: docs/protocol.md, words and services. Values only: no I/O, no JSON, no clock.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace batal::payment {

// An instant, UTC, to the microsecond.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

// Numbers are in the log: new ones come last, in this and the next enumeration.
enum class Kind : std::uint8_t { Debit, Qris, Hold, VirtualAccount };
inline constexpr std::array kKinds{Kind::Debit, Kind::Qris, Kind::Hold, Kind::VirtualAccount};

// Pending holds do not exist, and only a hold is ever Authorised. For a hold, Paid means captured.
enum class State : std::uint8_t { Pending, Authorised, Paid, Refunded, Cancelled, Failed, Expired };
inline constexpr std::array kStates{State::Pending,  State::Authorised, State::Paid,
                                    State::Refunded, State::Cancelled,  State::Failed,
                                    State::Expired};

std::string_view name_of(Kind kind);    // "debit", "qris", "hold", "virtual account"
std::string_view name_of(State state);  // "pending", "authorised", ...

// Live: something can still become of it without anybody asking, for it will expire.
constexpr bool is_live(State state) {
  return state == State::Pending || state == State::Authorised;
}

// An amount in hundredths of its currency: IDR 1500.00 is {150000, "IDR"}. At most 14 + 2 digits.
struct Money {
  std::int64_t hundredths = 0;
  std::string currency;  // ISO 4217, three letters

  bool operator==(const Money&) const = default;
};

// One debit payment, QRIS, authorisation hold or virtual account. Text that was never given is
// empty; the virtual account's own fields are empty for the other kinds.
struct Transaction {
  std::string reference_no;          // our identifier, 28 characters
  std::string partner;               // client id of the partner it belongs to
  std::string external_id;           // of the call that created it
  std::string partner_reference_no;  // the merchant's own identifier; not unique
  std::string merchant_id;
  Kind kind = Kind::Debit;
  State state = State::Pending;
  Money amount;
  Time created_at{};
  Time expires_at{};
  Time changed_at{};            // of the last change of state
  std::optional<Time> paid_at;  // paid or captured
  std::optional<Time> refunded_at;
  std::string refund_no;  // ours, once refunded
  std::string details;  // what queries repeat of the creation: a JSON object, opaque here, or empty

  std::string trx_id;              // virtual account: the partner's identifier
  std::string partner_service_id;  // virtual account: 8 characters, left-padded with spaces
  std::string customer_no;
  std::string virtual_account_no;  // partner_service_id + customer_no
  std::string virtual_account_name;

  bool operator==(const Transaction&) const = default;
};

using TransactionPtr = std::shared_ptr<const Transaction>;

// When its life ends or has ended, which is what its keeping counts from: its payment, or whatever
// else ended it, at the latest its expiry. What comes later, a refund or the record of an expiry,
// does not move it.
Time end_of(const Transaction& transaction);

// The state at an instant: a live transaction is expired from its expiry on, whether or not an
// event has said so yet.
constexpr State state_at(State state, Time expires_at, Time now) noexcept {
  return is_live(state) && now >= expires_at ? State::Expired : state;
}

}  // namespace batal::payment
