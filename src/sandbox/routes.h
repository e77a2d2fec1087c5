// The sandbox's own paths, which the app mounts on the admin listener:
//
//   POST   /sandbox/faults   sets a fault rule
//   {"service":"57","count":1,"fault":"delay","delayMs":100} GET    /sandbox/faults   lists those
//   that wait DELETE /sandbox/faults   forgets them all GET    /sandbox/clock
//   {"now":"2026-11-23T15:00:00+07:00"} POST   /sandbox/clock    {"advanceSeconds":900}
//
// A rule names an externalId, a service, or both; `fault` is one of delay, internal-server-error,
// timeout-before-commit, timeout-after-commit, drop-after-commit (services/faults.h).
#pragma once

#include <vector>

#include "http/route.h"
#include "sandbox/clock.h"
#include "sandbox/fault_book.h"

namespace batal::sandbox {

// Both must outlive the routes.
std::vector<http::Route> routes(FaultBook& faults, SandboxClock& clock);

}  // namespace batal::sandbox
