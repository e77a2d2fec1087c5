// The way of a request: path and method, the gate's checks, the service's command, the ledger, the
// service's answer. One pipeline per event loop; all but deliver() happens on the loop's thread.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "http/server.h"
#include "ledger/ledger.h"
#include "partners/directory.h"
#include "partners/tokens.h"
#include "services/answers.h"
#include "services/faults.h"
#include "services/gate.h"
#include "services/service.h"
#include "services/settings.h"
#include "services/token_desk.h"

namespace batal::services {

class Pipeline final : public http::Handler, public ledger::Outbox {
 public:
  // What all pipelines share; it outlives them.
  struct Context {
    Settings settings;
    const partners::Tokens& tokens;
    snap::Clock clock;
    ledger::Ledger& ledger;
    FaultRules* faults = nullptr;  // sandbox only
  };

  Pipeline(const Context& context, http::Loop& loop,
           std::shared_ptr<const partners::Directory> directory);
  ~Pipeline() override;

  // From now on, these are the partners. On the loop's thread.
  void use(std::shared_ptr<const partners::Directory> directory);

  void handle(const http::Request& request, http::Reply reply) override;
  http::Answer refuse(http::Malformed why, const http::Request& request) override;
  void flush() override;  // hands what was gathered to the ledger, in bulk
  void tick() override;   // answers calls that have waited too long

  void deliver(std::span<ledger::Submission* const> decided) noexcept override;

 private:
  using InFlightHook =
      boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

  // A call between its checks and its answer. Reused; owned by calls_.
  struct Call : ledger::Submission, InFlightHook {
    const Service* service = nullptr;
    http::Reply reply;
    FaultKind fault = FaultKind::None;
  };
  using InFlight = boost::intrusive::list<Call, boost::intrusive::constant_time_size<false>>;

  void issue_token(const http::Request& request, http::Reply reply);
  void admit(const Service& service, const http::Request& request, http::Reply reply);
  void start(Call& call, const Fault& fault);
  void turn_away(Call& call);
  void finish(Call& call);
  http::Answer answer_to(const Call& call);
  void collect();

  Call& borrow();
  void give_back(Call& call);

  const Context& context_;
  http::Loop& loop_;
  Gate gate_;
  TokenDesk token_desk_;
  Answers answers_;

  std::vector<std::unique_ptr<Call>> calls_;
  std::vector<Call*> idle_;
  InFlight in_flight_;                          // unanswered, in order of their deadlines
  std::vector<ledger::Submission*> gathered_;   // for the next flush()
  std::vector<ledger::Submission*> submitted_;  // gathered_, while it is handed over

  std::mutex delivered_mutex_;
  std::vector<ledger::Submission*> delivered_;  // guarded by delivered_mutex_
  std::vector<ledger::Submission*> collected_;  // delivered_, taken over by the loop
};

}  // namespace batal::services
