#include "sandbox/routes.h"

#include <array>
#include <charconv>
#include <expected>
#include <optional>
#include <utility>

#include "snap/document.h"
#include "snap/json_writer.h"
#include "snap/time.h"

namespace batal::sandbox {
namespace {

using services::FaultKind;

constexpr std::int64_t kAdvanceSecondsMax = 400LL * 24 * 3600;
constexpr std::int64_t kDelayMsMax = 600'000;
constexpr std::int64_t kCountMax = 1'000'000;

constexpr std::array<std::pair<std::string_view, FaultKind>, 5> kFaultNames{{
    {"delay", FaultKind::Delay},
    {"internal-server-error", FaultKind::InternalServerError},
    {"timeout-before-commit", FaultKind::TimeoutBeforeCommit},
    {"timeout-after-commit", FaultKind::TimeoutAfterCommit},
    {"drop-after-commit", FaultKind::DropAfterCommit},
}};

std::optional<FaultKind> fault_by_name(std::string_view name) {
  for (const auto& [known, kind] : kFaultNames) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

std::string_view name_of(FaultKind fault) {
  for (const auto& [name, kind] : kFaultNames) {
    if (kind == fault) return name;
  }
  return "none";
}

http::Answer json_answer(int status, std::string body) {
  http::Answer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

http::Answer bad_request(std::string_view why) {
  std::string body;
  snap::JsonWriter(body).begin_object().member("error", why).end_object();
  return json_answer(400, std::move(body));
}

std::expected<std::string, std::string> text_of(const snap::Document& document,
                                                std::string_view path) {
  const snap::JsonValue* value = document.find(path);
  if (value == nullptr) return {};
  if (value->kind != snap::JsonKind::String) {
    return std::unexpected(std::string(path) + " must be text");
  }
  return std::string(value->text);
}

// A whole number from `min` to `max`; `absent` if it is not given.
std::expected<std::int64_t, std::string> number_of(const snap::Document& document,
                                                   std::string_view path, std::int64_t absent,
                                                   std::int64_t min, std::int64_t max) {
  const snap::JsonValue* value = document.find(path);
  if (value == nullptr) return absent;
  std::int64_t number = 0;
  const char* end = value->text.data() + value->text.size();
  const auto [stop, error] = std::from_chars(value->text.data(), end, number);
  if (value->kind != snap::JsonKind::Number || error != std::errc{} || stop != end ||
      number < min || number > max) {
    return std::unexpected(std::string(path) + " must be a whole number from " +
                           std::to_string(min) + " to " + std::to_string(max));
  }
  return number;
}

std::expected<FaultRule, std::string> rule_of(const http::Request& request) {
  snap::Document document;
  if (!document.parse(request.body)) return std::unexpected("the body must be a JSON object");
  auto external_id = text_of(document, "externalId");
  auto service = text_of(document, "service");
  auto name = text_of(document, "fault");
  for (const auto* text : {&external_id, &service, &name}) {
    if (!*text) return std::unexpected(text->error());
  }
  if (external_id->empty() && service->empty()) {
    return std::unexpected("externalId or service must be given");
  }
  const auto kind = fault_by_name(*name);
  if (!kind) {
    return std::unexpected(
        "fault must be one of delay, internal-server-error, timeout-before-commit, "
        "timeout-after-commit, drop-after-commit");
  }
  const auto count = number_of(document, "count", 1, 1, kCountMax);
  const auto delay_ms = number_of(document, "delayMs", 0, 0, kDelayMsMax);
  for (const auto* number : {&count, &delay_ms}) {
    if (!*number) return std::unexpected(number->error());
  }
  return FaultRule{.external_id = *std::move(external_id),
                   .service = *std::move(service),
                   .count = static_cast<std::uint64_t>(*count),
                   .fault = {*kind, std::chrono::milliseconds(*delay_ms)}};
}

http::Answer add_fault(FaultBook& faults, const http::Request& request) {
  auto rule = rule_of(request);
  if (!rule) return bad_request(rule.error());
  std::string body;
  const auto id = static_cast<std::int64_t>(faults.add(*std::move(rule)));
  snap::JsonWriter(body).begin_object().number("id", id).end_object();
  return json_answer(201, std::move(body));
}

http::Answer list_faults(const FaultBook& faults) {
  std::string body;
  snap::JsonWriter json(body);
  json.begin_object().begin_array("faults");
  for (const FaultRule& rule : faults.rules()) {
    json.begin_object()
        .number("id", static_cast<std::int64_t>(rule.id))
        .known("externalId", rule.external_id)
        .known("service", rule.service)
        .number("count", static_cast<std::int64_t>(rule.count))
        .member("fault", name_of(rule.fault.kind))
        .number("delayMs", rule.fault.delay.count())
        .end_object();
  }
  json.end_array().end_object();
  return json_answer(200, std::move(body));
}

http::Answer tell_time(const SandboxClock& clock) {
  std::string body;
  snap::JsonWriter(body).begin_object().member("now", snap::timestamp(clock.now())).end_object();
  return json_answer(200, std::move(body));
}

http::Answer advance_clock(SandboxClock& clock, const http::Request& request) {
  snap::Document document;
  if (!document.parse(request.body)) return bad_request("the body must be a JSON object");
  const auto seconds = number_of(document, "advanceSeconds", -1, 0, kAdvanceSecondsMax);
  if (!seconds) return bad_request(seconds.error());
  if (*seconds < 0) return bad_request("advanceSeconds must be given");
  clock.advance(std::chrono::seconds(*seconds));
  return tell_time(clock);
}

}  // namespace

std::vector<http::Route> routes(FaultBook& faults, SandboxClock& clock) {
  return {
      {"POST", "/sandbox/faults",
       [&faults](const http::Request& request) { return add_fault(faults, request); }},
      {"GET", "/sandbox/faults", [&faults](const http::Request&) { return list_faults(faults); }},
      {"DELETE", "/sandbox/faults",
       [&faults](const http::Request&) {
         faults.clear();
         return json_answer(200, R"({"faults":[]})");
       }},
      {"GET", "/sandbox/clock", [&clock](const http::Request&) { return tell_time(clock); }},
      {"POST", "/sandbox/clock",
       [&clock](const http::Request& request) { return advance_clock(clock, request); }},
  };
}

}  // namespace batal::sandbox
