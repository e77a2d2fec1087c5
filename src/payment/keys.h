// By what names a record can be found: what a decision needs to see, and what a record answers to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/container/static_vector.hpp>

#include "payment/command.h"
#include "payment/record.h"

namespace batal::payment {

// One name of a transaction or a call. Every key starts with the partner.
// A view: it lives as long as the command or record it was taken from.
struct Key {
  enum class By : std::uint8_t {
    Reference,  // id: reference number -> the transaction's latest event
    Call,       // service, id: external id -> the newest call accepted under it, or NotFoundYet
    TrxId,      // id: trxId -> the creation, or NotFoundYet
    VaNumber,   // id: virtualAccountNo -> the newest creation of a virtual account with that number
  };
  By by = By::Reference;
  std::uint8_t service = 0;  // By::Call only
  std::string_view partner;
  std::string_view id;

  bool operator==(const Key&) const = default;
};

// The keys of a command, by the part they play in its decision.
struct Keys {
  std::optional<Key> identity;                          // an earlier call with the same identity
  boost::container::static_vector<Key, 4> transaction;  // the target, in order of preference
  std::optional<Key> trx_id;                            // Create of a VA: is the trxId used?
  std::optional<Key> va_number;                         // Create of a VA: is the number pending?
};
Keys keys_of(const Command& command);

// The keys under which a record is found from now on, replacing older records there.
using RecordKeys = boost::container::static_vector<Key, 4>;
RecordKeys keys_of(const Record& record);

}  // namespace batal::payment
