// What a caller asks of the ledger, after all checks that need no ledger have passed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "payment/transaction.h"

namespace batal::payment {

// What a command does to a transaction, and what an event says was done. Query changes nothing.
// The numbers are in the log: new ones come last.
enum class Action : std::uint8_t { Create, Cancel, Capture, Pay, Fail, Refund, Expire, Query };
inline constexpr std::array kActions{Action::Create, Action::Cancel, Action::Capture,
                                     Action::Pay,    Action::Fail,   Action::Refund,
                                     Action::Expire, Action::Query};
std::string_view name_of(Action action);  // "create", "cancel", ...

// SHA-256 of the minified body; on the provider API, of the path and the minified body.
using Fingerprint = std::array<std::uint8_t, 32>;

// One call that can change something. (partner, service, external_id) is its identity, shared by
// all its retries. The provider API is service 0 and its external id the caller's key.
// A call with an empty external id has no identity (queries, and the ledger's own sweeper).
struct Call {
  std::uint8_t service = 0;  // SNAP service code, 57
  std::string external_id;
  Fingerprint fingerprint{};
  std::string request;  // the minified body, kept in the event

  bool operator==(const Call&) const = default;
};
inline constexpr std::uint8_t kProviderService = 0;

// Which transaction is meant, and what the caller claims about it. Empty text was not given.
// Exactly one of these identifies, in this order: reference_no, trx_id, external_id. A query may
// give trx_id and external_id both (service 26): the first that finds one wins.
struct Target {
  std::string reference_no;
  std::string trx_id;
  std::string external_id;

  // Claims. All that are given must agree with the transaction that was found.
  std::string merchant_id;
  std::string partner_reference_no;
  std::string partner_service_id;
  std::string customer_no;
  std::string virtual_account_no;
  std::optional<std::int64_t> amount_hundredths;
  std::string currency;
};

struct Command {
  Action action = Action::Query;
  std::string partner;         // client id of the caller's partner: every look-up starts here
  std::optional<Kind> kind;    // the kind the service deals in; none on the provider API: any
  bool merchant_known = true;  // looked up by the caller: merchant, and 27's and 31's partner
                               // service id, are the partner's. Applied after the identity
  Call call;
  Target target;  // all actions but Create

  // Create: the transaction to be, but for state, created_at, expires_at and changed_at, which
  // the decision fills in. Its reference_no comes in with the command.
  Transaction draft;
  std::optional<Time> valid_until;  // instead of the default life

  // Cancel of a hold, Capture, Refund.
  std::string action_no;          // ours: voidNo, captureNo
  std::string partner_action_no;  // the partner's: partnerVoidNo, partnerCaptureNo
};

// The service whose calls create transactions of this kind: 54, 47, 63, 27.
std::uint8_t creation_service(Kind kind);

// The services whose external ids a query looks for, in order: 54, 57; 47, 77; 63, 67, 65; 27, 31.
std::span<const std::uint8_t> services_found_by_external_id(Kind kind);

}  // namespace batal::payment
