#include "admin/provider.h"

#include <algorithm>
#include <array>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>

#include "admin/errors.h"
#include "snap/document.h"
#include "snap/identifier.h"
#include "snap/json_writer.h"
#include "snap/minify.h"
#include "snap/signature.h"

namespace batal::admin {
namespace {

using payment::Action;
using payment::Outcome;

constexpr std::string_view kPrefix = "/provider/v1/partners/";
constexpr std::string_view kKeyHeader = "Idempotency-Key";
constexpr std::size_t kKeyLengthMax = 64;

struct Addressed {
  std::string partner;
  std::string reference_no;
  Action action;
};

std::optional<Action> action_by_name(std::string_view name) {
  static constexpr std::array kReported{Action::Pay, Action::Fail, Action::Refund, Action::Expire};
  for (const Action action : kReported) {
    if (payment::name_of(action) == name) return action;
  }
  return std::nullopt;
}

// {clientId}/transactions/{referenceNo}/{action}
std::optional<Addressed> address_of(std::string_view path) {
  std::vector<std::string> parts;
  const std::string rest(path.substr(kPrefix.size()));
  boost::split(parts, rest, boost::is_any_of("/"));
  if (parts.size() != 4 || parts[1] != "transactions") return std::nullopt;
  const auto action = action_by_name(parts[3]);
  if (!action || parts[0].empty() || parts[2].empty()) return std::nullopt;
  return Addressed{parts[0], parts[2], *action};
}

bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= kKeyLengthMax &&
         std::ranges::all_of(text, [](char c) { return snap::is_external_id({&c, 1}); });
}

// The body minified; empty stays empty.
std::expected<std::string, std::string> body_of(const http::Request& request) {
  std::string minified;
  snap::Document document;
  if (!request.body.empty() && !document.parse(request.body)) {
    return std::unexpected("the body must be empty or one JSON object");
  }
  snap::minify(request.body, minified);
  return minified;
}

std::string done_body(const payment::Event& event) {
  std::string body;
  snap::JsonWriter(body)
      .begin_object()
      .member("referenceNo", event.transaction->reference_no)
      .member("kind", payment::name_of(event.transaction->kind))
      .member("state", payment::name_of(event.transaction->state))
      .member("changedAt", snap::timestamp(event.at))
      .end_object();
  return body;
}

http::Answer refused_answer(const Outcome& outcome) {
  if (outcome.refusal == payment::Refusal::NotFound) {
    return error_answer(404, "this partner has no such transaction");
  }
  if (outcome.refusal == payment::Refusal::Conflict) {
    return error_answer(409, fmt::format("{} was used for another request", kKeyHeader));
  }
  http::Answer answer;
  answer.status = 409;
  const std::string_view state = payment::name_of(outcome.state);
  snap::JsonWriter(answer.body)
      .begin_object()
      .member("error", fmt::format("the transaction is {}", state))
      .member("state", state)
      .end_object();
  return answer;
}

http::Answer decided_answer(const Outcome& outcome) {
  if (outcome.result == Outcome::Result::Refused) return refused_answer(outcome);
  http::Answer answer;
  answer.body = done_body(*outcome.event);
  return answer;
}

http::Answer timeout_answer() {
  return error_answer(504, fmt::format("not known in time; repeat with the same {}", kKeyHeader));
}

http::Answer answer_to(const ledger::Submission& report) {
  switch (report.verdict) {
    case ledger::Verdict::Decided:
      return decided_answer(report.outcome);
    case ledger::Verdict::NotStored:
      return error_answer(500, "it could not be stored; not done");
    case ledger::Verdict::TooLate:
    case ledger::Verdict::Unknown:
      break;
  }
  return timeout_answer();
}

}  // namespace

Provider::Provider(ledger::Ledger& ledger, snap::Clock clock,
                   std::chrono::milliseconds answer_deadline, http::Loop& loop)
    : ledger_(ledger), clock_(std::move(clock)), answer_deadline_(answer_deadline), loop_(loop) {}

Provider::~Provider() = default;

bool Provider::owns(std::string_view path) {
  return path.starts_with(kPrefix);
}

void Provider::handle(const http::Request& request, http::Reply reply) {
  auto address = address_of(request.path);
  if (!address) return reply.send(error_answer(404, "there is no such path"));
  if (request.method != "POST") return reply.send(method_answer("POST"));
  const std::string_view* key = request.header(kKeyHeader);
  if (key == nullptr || request.count(kKeyHeader) > 1 || !is_key(*key)) {
    return reply.send(
        error_answer(400, fmt::format("{} must be given once, 1 to {} of A-Z a-z 0-9 . _ ~ -",
                                      kKeyHeader, kKeyLengthMax)));
  }
  auto body = body_of(request);
  if (!body) return reply.send(error_answer(400, body.error()));

  auto report = std::make_unique<Report>();
  payment::Command& command = report->command;
  command.action = address->action;
  command.partner = std::move(address->partner);
  command.target.reference_no = std::move(address->reference_no);
  command.call.service = payment::kProviderService;
  command.call.external_id = *key;
  command.call.fingerprint = snap::sha256(fmt::format("{}\n{}", request.path, *body));
  command.call.request = *std::move(body);
  if (command.action == Action::Refund) command.action_no = snap::new_reference_no(clock_());
  report->reply = std::move(reply);
  submit(std::move(report));
}

void Provider::submit(std::unique_ptr<Report> report) {
  ledger::Submission* submission = report.get();
  submission->outbox = this;
  submission->deadline = std::chrono::steady_clock::now() + answer_deadline_;
  in_flight_.emplace(submission, std::move(report));
  if (ledger_.submit({&submission, 1}) == 0) {
    // A ledger that failed takes nothing, and an earlier try of this report may be on disk.
    in_flight_.at(submission)
        ->reply.send(ledger_.healthy() ? error_answer(429, "too many requests; not done")
                                       : timeout_answer());
    in_flight_.erase(submission);
    return;
  }
  // The address may be another report's by then; its reply is then not due yet.
  loop_.after(answer_deadline_, [this, submission] {
    const auto waiting = in_flight_.find(submission);
    if (waiting == in_flight_.end() ||
        waiting->second->deadline > std::chrono::steady_clock::now()) {
      return;
    }
    if (waiting->second->reply.pending()) waiting->second->reply.send(timeout_answer());
  });
}

void Provider::deliver(std::span<ledger::Submission* const> decided) noexcept {
  loop_.post([this, reports = std::vector(decided.begin(), decided.end())] {
    for (ledger::Submission* report : reports) finish(static_cast<Report&>(*report));
  });
}

void Provider::finish(Report& report) {
  report.reply.send(answer_to(report));
  in_flight_.erase(&report);
}

}  // namespace batal::admin
