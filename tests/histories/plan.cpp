#include "histories/plan.h"

#include <algorithm>
#include <array>
#include <random>

#include <fmt/format.h>

namespace batal::histories {
namespace {

using payment::Action;
using payment::Kind;

struct Services {
  int create;
  int query;
  int cancel;
};

Services services_of(Kind kind) {
  switch (kind) {
    case Kind::Debit:
      return {54, 55, 57};
    case Kind::Qris:
      return {47, 51, 77};
    case Kind::Hold:
      return {63, 64, 67};
    case Kind::VirtualAccount:
      break;
  }
  return {27, 26, 31};
}

constexpr int kCapture = 65;
constexpr int kProvider = 0;

class Planner {
 public:
  Planner(std::uint64_t seed, std::uint64_t number, Sort sort) {
    std::seed_seq mixed{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                        static_cast<std::uint32_t>(number),
                        static_cast<std::uint32_t>(number >> 32)};
    random_.seed(mixed);
    plan_.number = number;
    plan_.sort = sort;
  }

  Plan make() {
    plan_.in_step = chance(50);
    plan_.bulky = chance(40);
    two_partners_ = chance(40);
    make_subjects();
    begin_some();
    make_steps();
    if (plan_.sort == Sort::Clock) move_the_clock();
    if (plan_.sort == Sort::Plain && chance(25)) make_faults();
    if (plan_.sort == Sort::Crash) plan_.killed_after = 1 + below(steps_);
    look_at_all();
    plan_.choices = random_();
    return std::move(plan_);
  }

 private:
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }
  std::size_t between(std::size_t least, std::size_t most) {
    return least + below(most - least + 1);
  }
  bool chance(std::size_t percent) { return below(100) < percent; }

  std::string name(char what, std::size_t number) const {
    return fmt::format("h{}-{}{}", plan_.number, what, number);
  }

  // An external id: one that another call has already, or a new one.
  std::string external_id(std::size_t used_percent) {
    if (ids_ > 0 && chance(used_percent)) return name('e', below(ids_));
    return name('e', ids_++);
  }

  void make_subjects() {
    const std::size_t count = between(2, 4);
    for (std::size_t i = 0; i < count; ++i) {
      Subject subject;
      subject.kind = payment::kKinds.at(below(4));
      subject.partner = two_partners_ ? below(kPartners) : 0;
      subject.creation_id = external_id(35);
      subject.partner_reference_no = name('o', i);
      subject.trx_id = name('t', chance(80) ? i : 0);
      subject.customer_no = fmt::format("{}{}", plan_.number, chance(70) ? i : 0);
      subject.amount_hundredths = static_cast<std::int64_t>(150'000 + 100 * i);
      subject.short_lived = plan_.sort == Sort::Clock && chance(75);
      plan_.subjects.push_back(std::move(subject));
    }
  }

  Call creation(std::size_t number) {
    const Subject& subject = plan_.subjects[number];
    Call call{.action = Action::Create,
              .service = services_of(subject.kind).create,
              .subject = number,
              .partner = subject.partner,
              .external_id = subject.creation_id};
    return call;
  }

  std::size_t add(Call&& call) {
    plan_.calls.push_back(std::move(call));
    return plan_.calls.size() - 1;
  }

  // Some transactions are there before the race; others are created in it, or overtaken.
  void begin_some() {
    for (std::size_t i = 0; i < plan_.subjects.size(); ++i) {
      if (chance(60)) plan_.prologue.push_back({add(creation(i)), false});
    }
  }

  void make_steps() {
    const std::size_t clients = between(3, 6);
    const std::size_t rounds = std::max<std::size_t>(2, between(10, 30) / clients);
    plan_.clients.resize(clients);
    for (std::size_t round = 0; round < rounds; ++round) {
      // What is made at once by several: one call by some of them, others by the rest.
      const std::size_t common = chance(40) ? some_call() : 0;
      const std::size_t chorus = common == 0 ? 0 : between(2, clients);
      for (std::size_t client = 0; client < clients; ++client) {
        const std::size_t call = client < chorus ? common : some_call();
        plan_.clients[client].push_back({call, chance(10)});
      }
      std::ranges::shuffle(plan_.clients, random_);
    }
    steps_ = clients * rounds + plan_.prologue.size();
  }

  std::size_t some_call() {
    if (!plan_.calls.empty() && chance(30)) return below(plan_.calls.size());
    return add(new_call());
  }

  Call new_call() {
    const std::size_t number = below(plan_.subjects.size());
    const Subject& subject = plan_.subjects[number];
    Call call;
    call.subject = number;
    call.partner = two_partners_ && chance(30) ? below(kPartners) : subject.partner;
    call.external_id = external_id(40);
    call.by_reference = chance(45);
    call.target_id = subject.kind == Kind::VirtualAccount ? subject.trx_id : subject.creation_id;
    call.variant = static_cast<int>(below(2));
    if (chance(10)) call.claim = static_cast<Claim>(between(1, 4));
    choose_action(call, subject);
    return call;
  }

  void choose_action(Call& call, const Subject& subject) {
    const Services services = services_of(subject.kind);
    const std::size_t choice = below(100);
    if (choice < 12) {
      begin_again(call, services);
    } else if (choice < 46) {
      call.action = Action::Cancel;
      call.service =
          chance(95) ? services.cancel : services_of(payment::kKinds.at(below(4))).cancel;
    } else if (choice < 62) {
      ask(call, services);
    } else if (choice < 80 && subject.kind == Kind::Hold) {
      call.action = Action::Capture;
      call.service = kCapture;
    } else {
      report(call);
    }
  }

  // Another creation of the subject, mostly under its own external id.
  void begin_again(Call& call, const Services& services) {
    const Subject& subject = plan_.subjects[call.subject];
    call.action = Action::Create;
    call.service = services.create;
    call.claim = Claim::Right;
    if (chance(75)) call.external_id = subject.creation_id;
    if (chance(60)) call.variant = 0;
  }

  void ask(Call& call, const Services& services) {
    call.action = Action::Query;
    call.service = services.query;
    if (chance(30)) call.target_id = external_id(90);
  }

  void report(Call& call) {
    static constexpr std::array kReports{Action::Pay,   Action::Pay,    Action::Pay,
                                         Action::Fail,  Action::Refund, Action::Refund,
                                         Action::Expire};
    call.action = kReports.at(below(kReports.size()));
    call.service = kProvider;
    call.by_reference = true;
    call.external_id = name('k', below(6));
  }

  // As calls of clients somewhere in the middle.
  void move_the_clock() {
    const std::size_t times = between(1, 2);
    for (std::size_t i = 0; i < times; ++i) {
      auto& steps = plan_.clients[below(plan_.clients.size())];
      Call call;
      call.advance = kAdvance;
      steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(below(steps.size() + 1)),
                   {add(std::move(call)), false});
    }
  }

  void make_faults() {
    static constexpr std::array kFaults{"delay",
                                        "delay",
                                        "internal-server-error",
                                        "timeout-before-commit",
                                        "timeout-after-commit",
                                        "timeout-after-commit",
                                        "drop-after-commit",
                                        "drop-after-commit"};
    const std::size_t count = between(1, 3);
    for (std::size_t i = 0; i < count; ++i) {
      const auto& steps = plan_.clients[below(plan_.clients.size())];
      const std::size_t call = steps[below(steps.size())].call;
      if (plan_.calls[call].service == kProvider) continue;
      plan_.faults.push_back(
          {call, kFaults.at(below(kFaults.size())), static_cast<int>(between(1, 12))});
    }
  }

  // The end of the history shows what became of everything.
  void look_at_all() {
    for (std::size_t i = 0; i < plan_.subjects.size(); ++i) {
      const Subject& subject = plan_.subjects[i];
      Call call{.subject = i, .partner = subject.partner, .external_id = name('q', i)};
      call.service = services_of(subject.kind).query;
      call.target_id = subject.kind == Kind::VirtualAccount ? subject.trx_id : subject.creation_id;
      plan_.epilogue.push_back({add(std::move(call)), false});
    }
  }

  std::mt19937_64 random_;
  Plan plan_;
  bool two_partners_ = false;
  std::size_t ids_ = 0;    // external ids named so far
  std::size_t steps_ = 0;  // of prologue and clients
};

}  // namespace

Plan make_plan(std::uint64_t seed, std::uint64_t number, Sort sort) {
  return Planner(seed, number, sort).make();
}

}  // namespace batal::histories
