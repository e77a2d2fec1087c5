// Fuzzed: the body of a call to each of the services, under a right head and a right signature in
// its first or second form, through the real pipeline to a ledger that decides at once.
//
// Asserted: what is no JSON object is answered 400xx00 and nothing else is; every other answer is
// one that the service has; a command that reaches the ledger keeps to the declared lengths; a
// successful answer keeps to the declared members and lengths; a creation can be queried; a retry
// is answered byte for byte; and the same call, asked afresh, comes to the same.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fuzzer/FuzzedDataProvider.h>

#include "fuzz/quiet_branch.h"
#include "fuzz/require.h"
#include "services/registry.h"
#include "snap/document.h"
#include "snap/field.h"
#include "snap/json_writer.h"
#include "snap/reference_json.h"

namespace batal::fuzz {
namespace {

using payment::Action;
using payment::Command;
using services::Service;

struct Caller {
  std::string_view partner = "demo";
  std::string_view secret = "first";
  bool second_form = false;
};

// A request and all that its views point to.
struct Letter {
  std::string authorization;
  std::string signature;
  http::Request request;
};

std::string signature(const QuietBranch& branch, const Caller& caller, const Service& service,
                      std::string_view body) {
  // 73 signs no body, and so one signature serves for all.
  static const std::string kTokenSignature =
      branch.rsa_signature(fmt::format("demo|{}", kTimestamp));
  if (service.to_command == nullptr) return kTokenSignature;
  std::string first;
  std::string second;
  snap::minify(body, first);
  snap::unescape(first, second);
  return snap::HmacSha512(caller.secret)
      .sign(snap::string_to_sign("POST", service.path, branch.token(caller.partner),
                                 snap::sha256(caller.second_form ? second : first), kTimestamp));
}

void write(Letter& letter, const QuietBranch& branch, const Caller& caller, const Service& service,
           std::string_view body) {
  letter.authorization = "Bearer " + branch.token(caller.partner);
  letter.signature = signature(branch, caller, service, body);
  letter.request = {.method = "POST",
                    .target = service.path,
                    .path = service.path,
                    .headers = {{"Content-Type", "application/json"},
                                {"Authorization", letter.authorization},
                                {"X-CLIENT-KEY", "demo"},
                                {"X-PARTNER-ID", "BMRI"},
                                {"X-TIMESTAMP", kTimestamp},
                                {"X-SIGNATURE", letter.signature},
                                {"X-EXTERNAL-ID", "CALL-1"},
                                {"CHANNEL-ID", "95221"}},
                    .body = body};
}

// Status and case of every refusal that a well signed call may hear.
bool may_answer(const Service& service, std::string_view refusal) {
  constexpr std::array<std::string_view, 3> kAll{"40000", "40001", "40002"};
  if (std::ranges::find(kAll, refusal) != kAll.end()) return true;
  if (service.to_command == nullptr) return false;
  if (refusal == "40408") return service.code != "57";  // which names no merchant
  if (service.action == Action::Create) {
    return service.code == "27" && (refusal == "40900" || refusal == "40901");
  }
  if (refusal == "40401") return true;
  if (service.action == Action::Query) return false;
  return refusal == "40315" ||
         (refusal == "40413" && (service.code == "77" || service.code == "65"));
}

struct Length {
  std::string_view name;
  const std::string& text;
  std::size_t max;
};

void check_lengths(std::initializer_list<Length> lengths) {
  for (const auto& [name, text, max] : lengths) {
    require(snap::is_utf8(text), "a command's texts are UTF-8");
    if (snap::code_points(text) > max) require_equal(name, text, "a command's texts are short");
  }
}

void check_money(const std::optional<std::int64_t>& hundredths, const std::string& currency) {
  require(!hundredths || (*hundredths >= 0 && *hundredths < 10'000'000'000'000'000),
          "an amount has at most 14 + 2 digits");
  require(!hundredths || currency.size() == 3, "an amount has a currency");
  require(std::ranges::all_of(currency, [](char c) { return c >= 'A' && c <= 'Z'; }),
          "a currency is capital letters");
}

void check_command(const Service& service, const Command& command, std::string_view body) {
  const payment::Target& target = command.target;
  const payment::Transaction& draft = command.draft;
  const std::size_t external_id_max = service.code == "26" ? 64 : 36;
  check_lengths({{"reference_no", target.reference_no, 64},
                 {"trx_id", target.trx_id, 64},
                 {"external_id", target.external_id, external_id_max},
                 {"merchant_id", target.merchant_id, 64},
                 {"partner_reference_no", target.partner_reference_no, 64},
                 {"partner_service_id", target.partner_service_id, 8},
                 {"customer_no", target.customer_no, 20},
                 {"virtual_account_no", target.virtual_account_no, 28},
                 {"partner_action_no", command.partner_action_no, 64},
                 {"draft.reference_no", draft.reference_no, 28},
                 {"draft.partner_reference_no", draft.partner_reference_no, 64},
                 {"draft.merchant_id", draft.merchant_id, 64},
                 {"draft.trx_id", draft.trx_id, 64},
                 {"draft.partner_service_id", draft.partner_service_id, 8},
                 {"draft.customer_no", draft.customer_no, 20},
                 {"draft.virtual_account_no", draft.virtual_account_no, 28},
                 {"draft.virtual_account_name", draft.virtual_account_name, 255}});
  check_money(target.amount_hundredths, target.currency);
  if (service.action == Action::Create) check_money(draft.amount.hundredths, draft.amount.currency);
  require(draft.details.empty() || snap::ReferenceJson::accepts(draft.details), "details are JSON");
  require(service.action != Action::Create || draft.amount.hundredths > 0,
          "a creation has a price");
  if (service.action == Action::Query) return;
  std::string minified;
  snap::minify(body, minified);
  require_equal(command.call.request, minified, "a command keeps the body, minified");
  require_equal(command.call.external_id, "CALL-1", "a command keeps its external id");
}

// The command as far as it depends on the call alone.
std::string text_of(const Command& command) {
  const payment::Target& to = command.target;
  const payment::Transaction& draft = command.draft;
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}",
                     command.partner, command.merchant_known, command.call.external_id,
                     command.call.request, to.reference_no, to.trx_id, to.external_id,
                     to.merchant_id, to.partner_reference_no, to.partner_service_id, to.customer_no,
                     to.virtual_account_no, to.amount_hundredths.value_or(-1), to.currency,
                     command.partner_action_no, draft.partner_reference_no, draft.merchant_id,
                     draft.amount.hundredths, draft.amount.currency, draft.details, draft.trx_id,
                     draft.virtual_account_no, draft.virtual_account_name,
                     command.valid_until ? snap::timestamp(*command.valid_until) : "");
}

std::string_view text_at(const snap::Document& document, std::string_view path) {
  const snap::JsonValue* value = document.find(path);
  return value == nullptr ? std::string_view() : value->text;
}

// Every member of a successful answer is declared, and the declared ones keep to their table.
void check_success(const Service& service, const snap::Document& answer) {
  const auto fields = snap::check_fields(service.answer, answer);
  if (!fields) require_equal(fields.error().detail, "", "an answer keeps to its table");
  for (std::size_t i = 1; i < answer.values().size(); ++i) {
    const snap::JsonValue& value = answer.values()[i];
    if (value.parent != 0 || value.key.starts_with("response")) continue;
    require(std::ranges::any_of(service.answer,
                                [&](const snap::Field& field) {
                                  return field.path.substr(0, field.path.find('.')) == value.key;
                                }),
            "every member of an answer is declared");
  }
}

// Gives status and case.
std::string check_answer(const Service& service, const http::Answer& answer) {
  require(snap::ReferenceJson::accepts(answer.body), "an answer is JSON");
  snap::Document document;
  require(document.parse(answer.body), "an answer can be read");
  const std::string code(text_at(document, "responseCode"));
  require(code.size() == 7, "a response code has seven digits");
  require_equal(code.substr(0, 3), std::to_string(answer.status), "a code begins with its status");
  require_equal(code.substr(3, 2), service.code, "a code names its service");
  require(snap::code_points(text_at(document, "responseMessage")) <= 150, "messages are short");
  const std::string what = code.substr(0, 3) + code.substr(5);
  if (what == "20000") {
    check_success(service, document);
  } else if (!may_answer(service, what)) {
    require_equal(code, answer.body, "a refusal is one that the service has");
  }
  return what;
}

// What a call came to, in all that does not depend on chance.
std::string outcome(QuietBranch& branch, const Service& service, const Letter& letter) {
  branch.ledger().forget();
  const http::Answer answer = branch.call(letter.request);
  const std::string what = check_answer(service, answer);
  const bool is_json = snap::ReferenceJson::accepts(letter.request.body);
  require((what == "40000") == !is_json, "400xx00 is for what is no JSON object");
  const auto& command = branch.ledger().last();
  require(command || what != "20000" || service.to_command == nullptr, "no success undecided");
  if (!command) return what;
  check_command(service, *command, letter.request.body);
  return what + " " + text_of(*command);
}

const Service* query_of(payment::Kind kind) {
  const auto all = services::all_services();
  const auto found = std::ranges::find_if(all, [kind](const Service* service) {
    return service->to_command != nullptr && service->kind == kind &&
           service->action == Action::Query;
  });
  return *found;
}

// What was just created is found, and its details are told.
void check_query(QuietBranch& branch, const Caller& caller, const Command& created) {
  std::string body;
  snap::JsonWriter json(body);
  json.begin_object()
      .known("inquiryRequestId", created.draft.trx_id)
      .member("originalReferenceNo", created.draft.reference_no)
      .member("originalPartnerReferenceNo", created.draft.partner_reference_no)
      .end_object();
  const Service& query = *query_of(created.draft.kind);
  Letter letter;
  write(letter, branch, caller, query, body);
  const std::string what = check_answer(query, branch.call(letter.request));
  require_equal(what, "20000", "what was created is found");
}

void check_retry(QuietBranch& branch, const Letter& letter) {
  branch.ledger().forget();
  const http::Answer first = branch.call(letter.request);
  const http::Answer second = branch.call(letter.request);
  require_equal(second.body, first.body, "a retry is answered byte for byte");
}

}  // namespace
}  // namespace batal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace batal;
  static fuzz::QuietBranch branch;
  FuzzedDataProvider input(data, size);
  const auto all = services::all_services();
  const auto& service = *all[input.ConsumeIntegralInRange<std::size_t>(0, all.size() - 1)];
  fuzz::Caller caller;
  if (input.ConsumeBool()) caller.partner = "lenient";
  if (input.ConsumeBool()) caller.secret = "second";
  caller.second_form = input.ConsumeBool();
  const std::string body = input.ConsumeRemainingBytesAsString();

  fuzz::Letter letter;
  fuzz::write(letter, branch, caller, service, body);
  const std::string first = fuzz::outcome(branch, service, letter);
  const auto command = branch.ledger().last();
  const bool accepted = first.starts_with("20000") && command;
  if (accepted && service.action == payment::Action::Create) {
    fuzz::check_query(branch, caller, *command);
  }
  fuzz::require_equal(fuzz::outcome(branch, service, letter), first, "asked afresh, the same");
  if (accepted && service.action != payment::Action::Query) fuzz::check_retry(branch, letter);
  return 0;
}
