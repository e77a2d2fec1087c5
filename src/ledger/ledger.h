// The ledger: decides commands in order and makes the decisions durable before it tells them.
//
// Promise: an outcome is delivered only after all that it depends on is on disk (docs/protocol.md,
// "Nothing is told that is not durable"): accepted, replayed, refused and queried alike.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "payment/command.h"
#include "payment/decide.h"

namespace batal::ledger {

// Recorded when a ledger is made; opening it in the other mode is an error.
enum class Mode : std::uint8_t { Sandbox, Production };

enum class Verdict : std::uint8_t {
  Decided,    // `outcome` holds, and all it rests on is durable
  TooLate,    // its deadline passed before it was decided: certainly not done
  NotStored,  // failed before anything was written: certainly not done
  Unknown,    // a write or sync failed: nobody knows before the next start
};

class Outbox;

// One command on its way through the ledger. Owned by the submitter, who keeps it alive and does
// not write to it between submit() and its delivery; afterwards it can be filled again and reused.
struct Submission {
  payment::Command command;
  std::chrono::steady_clock::time_point deadline;  // not decided by then: dropped undecided
  Outbox* outbox = nullptr;                        // where it is delivered

  // Written by the ledger before delivery.
  Verdict verdict = Verdict::NotStored;
  payment::Outcome outcome;
};

// Where decided submissions go back to: one per event loop.
class Outbox {
 public:
  virtual ~Outbox() = default;

  // Called on the ledger's thread, once per commit with all submissions of this outbox. Must not
  // block: it takes the pointers over and wakes its loop.
  virtual void deliver(std::span<Submission* const> decided) noexcept = 0;
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  // Queues commands in this order, from any thread; never waits for the disk. Returns how many
  // were taken: the rest found the queue full or the ledger stopped, will not be delivered and
  // were certainly not done.
  virtual std::size_t submit(std::span<Submission* const> submissions) = 0;

  // False once a write or sync has failed; nothing is decided from then on.
  virtual bool healthy() const = 0;
};

}  // namespace batal::ledger
