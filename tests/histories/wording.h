// A call in two tongues: as the body that goes over the wire, and as the command that the pure
// model takes. Both are written from the plan, neither from the other.
#pragma once

#include <string>

#include "histories/plan.h"
#include "payment/command.h"
#include "snap/time.h"

namespace batal::histories {

// What the harness knows of a partner.
struct PartnerNames {
  std::string client_id;
  std::string merchant;        // of all its transactions
  std::string other_merchant;  // it has, but no transactions with
  std::string service_id;      // of its virtual accounts, 8 characters
};

// What a call needs beside the plan.
struct Circumstances {
  const Subject& subject;
  const PartnerNames& partner;
  std::string reference_no;   // of the target where the call goes by it; else empty
  snap::Time short_life_end;  // expiry of short-lived transactions
  bool bulky = false;         // with a long note
};

std::string service_code(int service);  // "57"

// Of a service: one JSON object without superfluous white space.
std::string body_of(const Call& call, const Circumstances& circumstances);
// Of the provider API.
std::string provider_path(const Call& call, const Circumstances& circumstances);

// The model's instants: where a history begins, and where its short-lived transactions end.
inline constexpr payment::Time kModelStart{std::chrono::hours(500'000)};
inline constexpr payment::Time kModelShortLifeEnd = kModelStart + kShortLife;

// `bytes`: what the fingerprint is of. The reference number of the target is the wire's; that of a
// creation, and the number of an action, is left to the checker.
payment::Command command_of(const Call& call, const Circumstances& circumstances,
                            const std::string& bytes);

}  // namespace batal::histories
