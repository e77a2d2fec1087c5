#include "services/answers.h"

#include "snap/document.h"
#include "snap/json_writer.h"

namespace batal::services {
namespace {

using payment::Outcome;
using payment::Refusal;
using snap::Case;
using snap::JsonWriter;
using snap::Problem;

// With room for most answers.
std::string new_body() {
  std::string body;
  body.reserve(512);
  return body;
}

void write_head(JsonWriter& json, std::string_view service, Case what, std::string_view detail) {
  std::string text;
  snap::append_response_code(text, service, what);
  json.begin_object().member("responseCode", text);
  text.clear();
  snap::append_response_message(text, what, detail);
  json.member("responseMessage", text);
}

std::string refusal_body(const Service& service, const Problem& problem, const Outcome& outcome,
                         const payment::Command& command) {
  std::string body = new_body();
  JsonWriter json(body);
  write_head(json, service.code, problem.what, problem.detail);
  if (problem.what == Case::TransactionNotPermitted && service.render_refusal != nullptr) {
    service.render_refusal(outcome, command, json);
  }
  json.end_object();
  return body;
}

std::string success_body(const Service& service, const Outcome& outcome) {
  std::string body = new_body();
  JsonWriter json(body);
  write_head(json, service.code, Case::Success, {});
  if (outcome.result == Outcome::Result::Found) {
    service.render_state(*outcome.transaction, outcome.state, json);
  } else {
    service.render_event(*outcome.event, json);
  }
  json.end_object();
  return body;
}

}  // namespace

Problem problem_of(Refusal refusal, const Service& service) {
  switch (refusal) {
    case Refusal::Conflict:
      return {Case::Conflict, {}};
    case Refusal::InvalidMerchant:
      return {Case::InvalidMerchant, {}};
    case Refusal::NotFound:
      return {Case::TransactionNotFound, {}};
    case Refusal::InvalidAmount:
      return {Case::InvalidAmount, {}};
    case Refusal::VaNumberPending:
      return {Case::Conflict, {}};
    case Refusal::DuplicateTrxId:
      return {Case::Duplicate, {}};
    case Refusal::InvalidExpiry:
      return {Case::InvalidFieldFormat, std::string(service.expiry_field)};
    case Refusal::IdentifiersDisagree:
    case Refusal::AlreadyCancelled:
    case Refusal::AlreadyPaid:
    case Refusal::AlreadyCaptured:
    case Refusal::AlreadyRefunded:
    case Refusal::Expired:
    case Refusal::Failed:
    case Refusal::WrongState:
      break;
  }
  return {Case::TransactionNotPermitted, std::string(payment::name_of(refusal))};
}

http::Answer Answers::problem(std::string_view service, const Problem& problem) {
  return denied(service, Denied{problem});
}

http::Answer Answers::denied(std::string_view service, const Denied& denied) {
  std::string body = new_body();
  JsonWriter json(body);
  write_head(json, service, denied.problem.what, denied.problem.detail);
  // It holds headers as they came, and an answer is UTF-8.
  if (!denied.string_to_sign.empty() && snap::is_utf8(denied.string_to_sign)) {
    json.begin_object("additionalInfo").member("stringToSign", denied.string_to_sign).end_object();
  }
  json.end_object();
  return answer(denied.problem.what, std::move(body));
}

http::Answer Answers::decided(const Service& service, const Outcome& outcome,
                              const payment::Command& command) {
  if (outcome.result != Outcome::Result::Refused) {
    return answer(Case::Success, success_body(service, outcome));
  }
  const Problem problem = problem_of(outcome.refusal, service);
  return answer(problem.what, refusal_body(service, problem, outcome, command));
}

http::Answer Answers::token(std::string_view token, std::chrono::seconds life) {
  std::string body = new_body();
  JsonWriter json(body);
  write_head(json, "73", Case::Success, {});
  json.member("accessToken", token)
      .member("tokenType", "Bearer")
      .member("expiresIn", std::to_string(life.count()))
      .end_object();
  return answer(Case::Success, std::move(body));
}

http::Answer Answers::answer(Case what, std::string&& body) {
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_());
  if (now != stamped_) {
    stamped_ = now;
    headers_ = "X-TIMESTAMP: " + snap::timestamp(now) + "\r\n";
  }
  http::Answer answer;
  answer.status = snap::http_status(what);
  answer.body = std::move(body);
  answer.headers = headers_;
  return answer;
}

}  // namespace batal::services
