#include "services/pipeline.h"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "services/registry.h"

namespace batal::services {
namespace {

using payment::Action;
using snap::Case;
using snap::Problem;

std::optional<Problem> check_path_and_method(const Service* service, std::string_view method) {
  if (service == nullptr) return Problem{Case::PathNotFound, {}};
  if (method != "POST") return Problem{Case::FunctionNotSupported, {}};
  return std::nullopt;
}

std::string_view code_of(const Service* service) {
  return service != nullptr ? service->code : "00";
}

Case case_of(http::Malformed why) {
  switch (why) {
    case http::Malformed::HeadTooLarge:
      return Case::HeadTooLarge;
    case http::Malformed::BodyTooLarge:
      return Case::BodyTooLarge;
    case http::Malformed::Head:
    case http::Malformed::Timeout:
      break;
  }
  return Case::BadRequest;
}

// Whether the merchant, and what VA numbers begin with, are the partner's; decide() applies it
// after the identity.
bool is_merchant_known(const payment::Command& command, const partners::Partner& partner) {
  const bool creates = command.action == Action::Create;
  const std::string& merchant = creates ? command.draft.merchant_id : command.target.merchant_id;
  const std::string& service_id =
      creates ? command.draft.partner_service_id : command.target.partner_service_id;
  if (!merchant.empty() && !partner.has_merchant(merchant)) return false;
  return service_id.empty() || command.action == Action::Query ||
         partner.has_va_partner_service_id(service_id);
}

void begin_command(const Service& service, const Admitted& admitted, payment::Command& command) {
  command = {};
  command.action = service.action;
  command.kind = service.kind;
  command.partner = admitted.partner.client_id;
  command.draft.kind = service.kind;
  if (service.action == Action::Query) return;
  command.call.service = service.number;
  command.call.external_id = admitted.external_id;
  command.call.fingerprint = admitted.fingerprint;
  command.call.request = admitted.minified_body;
}

}  // namespace

Pipeline::Pipeline(const Context& context, http::Loop& loop,
                   std::shared_ptr<const partners::Directory> directory)
    : context_(context),
      loop_(loop),
      gate_(context.settings, context.tokens, context.clock, directory),
      token_desk_(context.settings, context.tokens, context.clock, directory),
      answers_(context.clock) {}

Pipeline::~Pipeline() = default;

void Pipeline::use(std::shared_ptr<const partners::Directory> directory) {
  gate_.use(directory);
  token_desk_.use(std::move(directory));
}

void Pipeline::handle(const http::Request& request, http::Reply reply) {
  const Service* service = find_service(request.path);
  if (const auto problem = check_path_and_method(service, request.method)) {
    http::Answer answer = answers_.problem(code_of(service), *problem);
    if (problem->what == Case::FunctionNotSupported) answer.headers += "Allow: POST\r\n";
    reply.send(std::move(answer));
  } else if (service->to_command == nullptr) {
    issue_token(request, std::move(reply));
  } else {
    admit(*service, request, std::move(reply));
  }
}

http::Answer Pipeline::refuse(http::Malformed why, const http::Request& request) {
  const Service* service = find_service(request.path);
  if (request.method.empty()) return answers_.problem("00", {case_of(why), {}});
  const auto earlier = check_path_and_method(service, request.method);
  return answers_.problem(code_of(service), earlier.value_or(Problem{case_of(why), {}}));
}

void Pipeline::issue_token(const http::Request& request, http::Reply reply) {
  const auto token = token_desk_.issue(request);
  if (!token) return reply.send(answers_.denied("73", token.error()));
  const Fault fault = context_.faults == nullptr ? Fault{} : context_.faults->take("73", {});
  switch (fault.kind) {
    case FaultKind::InternalServerError:
      return reply.send(answers_.problem("73", {Case::InternalServerError, {}}));
    case FaultKind::TimeoutBeforeCommit:
    case FaultKind::TimeoutAfterCommit:
      return reply.send(answers_.problem("73", {Case::Timeout, {}}));
    case FaultKind::DropAfterCommit:
      return reply.drop();
    case FaultKind::None:
    case FaultKind::Delay:
      break;
  }
  http::Answer answer = answers_.token(*token, context_.tokens.life());
  if (fault.kind == FaultKind::None) return reply.send(std::move(answer));
  const auto deadline = context_.settings.answer_deadline;
  if (fault.delay >= deadline) answer = answers_.problem("73", {Case::Timeout, {}});
  // A task must be copyable, a reply is not.
  auto later = std::make_shared<http::Reply>(std::move(reply));
  loop_.after(std::min(fault.delay, deadline),
              [later, answer] { later->send(http::Answer(answer)); });
}

void Pipeline::admit(const Service& service, const http::Request& request, http::Reply reply) {
  const auto deadline = std::chrono::steady_clock::now() + context_.settings.answer_deadline;
  const auto admitted = gate_.admit(service, request);
  if (!admitted) return reply.send(answers_.denied(service.code, admitted.error()));
  Call& call = borrow();
  begin_command(service, *admitted, call.command);
  const Asked asked{admitted->fields, admitted->partner, admitted->now};
  if (const auto filled = service.to_command(asked, call.command); !filled) {
    give_back(call);
    return reply.send(answers_.problem(service.code, filled.error()));
  }
  call.command.merchant_known = is_merchant_known(call.command, admitted->partner);
  call.service = &service;
  call.reply = std::move(reply);
  call.deadline = deadline;
  call.outbox = this;
  in_flight_.push_back(call);
  start(call, context_.faults == nullptr
                  ? Fault{}
                  : context_.faults->take(service.code, admitted->external_id));
}

void Pipeline::start(Call& call, const Fault& fault) {
  call.fault = fault.kind;
  switch (fault.kind) {
    case FaultKind::InternalServerError:
      call.verdict = ledger::Verdict::NotStored;
      return finish(call);
    case FaultKind::TimeoutBeforeCommit:
      call.verdict = ledger::Verdict::TooLate;
      return finish(call);
    case FaultKind::Delay:
      return loop_.after(fault.delay, [this, &call] { gathered_.push_back(&call); });
    case FaultKind::None:
    case FaultKind::TimeoutAfterCommit:
    case FaultKind::DropAfterCommit:
      gathered_.push_back(&call);
  }
}

// An answer given here may bring the next request of its connection into handle(), and so into
// gathered_.
void Pipeline::flush() {
  while (!gathered_.empty()) {
    submitted_.swap(gathered_);
    const std::size_t taken = context_.ledger.submit(submitted_);
    for (ledger::Submission* submission : std::span(submitted_).subspan(taken)) {
      turn_away(static_cast<Call&>(*submission));
    }
    submitted_.clear();
  }
}

// The ledger did not take it. One that failed takes nothing, and what became of earlier calls of
// the same identity is unknown.
void Pipeline::turn_away(Call& call) {
  const Case why = context_.ledger.healthy() ? Case::TooManyRequests : Case::Timeout;
  if (call.is_linked()) call.reply.send(answers_.problem(call.service->code, {why, {}}));
  give_back(call);
}

void Pipeline::tick() {
  const auto now = std::chrono::steady_clock::now();
  while (!in_flight_.empty() && in_flight_.front().deadline <= now) {
    Call& call = in_flight_.front();
    in_flight_.pop_front();
    spdlog::warn("no decision within the deadline: service {}, partner {}, external id {}",
                 call.service->code, call.command.partner, call.command.call.external_id);
    call.reply.send(answers_.problem(call.service->code, {Case::Timeout, {}}));
  }
}

void Pipeline::deliver(std::span<ledger::Submission* const> decided) noexcept {
  bool wake = false;
  {
    const std::lock_guard lock(delivered_mutex_);
    wake = delivered_.empty();
    delivered_.insert(delivered_.end(), decided.begin(), decided.end());
  }
  if (wake) loop_.post([this] { collect(); });
}

void Pipeline::collect() {
  {
    const std::lock_guard lock(delivered_mutex_);
    collected_.swap(delivered_);
  }
  for (ledger::Submission* submission : collected_) finish(static_cast<Call&>(*submission));
  collected_.clear();
}

void Pipeline::finish(Call& call) {
  if (!call.is_linked()) return give_back(call);  // answered when its deadline passed
  if (call.fault == FaultKind::DropAfterCommit) {
    call.reply.drop();
  } else {
    call.reply.send(answer_to(call));
  }
  give_back(call);
}

http::Answer Pipeline::answer_to(const Call& call) {
  const std::string_view service = call.service->code;
  if (call.fault == FaultKind::TimeoutAfterCommit) {
    return answers_.problem(service, {Case::Timeout, {}});
  }
  switch (call.verdict) {
    case ledger::Verdict::Decided:
      return answers_.decided(*call.service, call.outcome, call.command);
    case ledger::Verdict::NotStored:
      return answers_.problem(service, {Case::InternalServerError, {}});
    case ledger::Verdict::TooLate:
    case ledger::Verdict::Unknown:
      break;
  }
  return answers_.problem(service, {Case::Timeout, {}});
}

Pipeline::Call& Pipeline::borrow() {
  if (idle_.empty()) return *calls_.emplace_back(std::make_unique<Call>());
  Call& call = *idle_.back();
  idle_.pop_back();
  return call;
}

void Pipeline::give_back(Call& call) {
  if (call.is_linked()) call.unlink();
  call.outcome = {};
  idle_.push_back(&call);
}

}  // namespace batal::services
