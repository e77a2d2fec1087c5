// What a history will try: a few transactions, calls on them that get in each other's way, and who
// makes which call when. Made from a seed alone; what really happens depends on the race.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "payment/command.h"
#include "payment/transaction.h"

namespace batal::histories {

inline constexpr std::size_t kPartners = 2;

// Something that creations of one kind may make a transaction of, one or several.
struct Subject {
  payment::Kind kind = payment::Kind::Debit;
  std::size_t partner = 0;           // whose it mostly is
  std::string creation_id;           // external id of the creation that others refer to
  std::string partner_reference_no;  // "h17-o0"
  std::string trx_id;                // virtual account
  std::string customer_no;           // virtual account: digits, perhaps another subject's
  std::int64_t amount_hundredths = 150'000;
  bool short_lived = false;  // expires at kShortLife, which a movement of the clock passes
};

enum class Claim : std::uint8_t { Right, OtherReference, OtherMerchant, NobodysMerchant, Amount };

// One call, whoever makes it and how often. The first time that it is made settles its bytes.
struct Call {
  payment::Action action = payment::Action::Query;
  int service = 57;  // 0: the provider API
  std::size_t subject = 0;
  std::size_t partner = 0;    // who calls; on the provider API, whose transaction it says it is
  std::string external_id{};  // on the provider API the caller's key

  // The target. By reference number if it is known by then; the provider API knows no other way.
  bool by_reference = false;
  std::string target_id{};  // external id, or trxId
  Claim claim = Claim::Right;
  int variant = 0;  // makes a body unlike another

  std::chrono::seconds advance{0};  // not zero: no call, but a movement of the sandbox's clock
};

// One call being made. Spaced: with white space that means nothing.
struct Step {
  std::size_t call = 0;
  bool spaced = false;
};

struct Fault {
  std::size_t call = 0;
  std::string fault;
  int delay_ms = 0;
};

enum class Sort : std::uint8_t { Plain, Crash, Clock };

struct Plan {
  std::uint64_t number = 0;  // of the history in its run
  Sort sort = Sort::Plain;
  std::vector<Subject> subjects;
  std::vector<Call> calls;
  std::vector<Step> prologue;              // by the first client, before all others
  std::vector<std::vector<Step>> clients;  // what each does, one step after the other
  std::vector<Step> epilogue;              // queries, by the first client, after all others
  bool in_step = false;                    // all clients begin each step together
  bool bulky = false;                      // bodies are so long that segments of the log fill up
  std::vector<Fault> faults;
  std::optional<std::size_t> killed_after;  // Crash: so many answers
  std::uint64_t choices = 0;                // seed of what is decided on the way
};

// From the beginning of its history on. Long enough for a slow machine, and less than one movement
// of the clock.
inline constexpr std::chrono::seconds kShortLife{40};
inline constexpr std::chrono::seconds kAdvance{60};
inline constexpr std::chrono::seconds kShortHistory{15};  // a creation of kShortLife is valid till

Plan make_plan(std::uint64_t seed, std::uint64_t number, Sort sort);

}  // namespace batal::histories
