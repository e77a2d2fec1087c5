// The sandbox's own paths, which the app mounts on the admin listener:
//
//   POST   /sandbox/faults  sets a fault rule
//   GET    /sandbox/faults  lists those that wait for their calls
//   DELETE /sandbox/faults  forgets them all
//   GET    /sandbox/clock   tells the time
//   POST   /sandbox/clock   moves it forward
//
// In JSON: {"service":"57","count":1,"fault":"delay","delayMs":100}, {"advanceSeconds":900} and
// {"now":"2026-11-23T15:00:00+07:00"}.
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
