// Fuzzed: method, path and headers of a call, through the real pipeline. The input is what makes it
// differ from a good call: its first line, if not empty, is another method and path, each further
// one a header that replaces the good one, comes once more, or takes it away; behind an empty line
// stands another body.
//
//   GET /v1.0/debit/cancel
//   X-TIMESTAMP: 2026-03-01T14:00:00+07:00
//   +CHANNEL-ID: 95221
//   -X-SIGNATURE
//
// In values {token} stands for a good token; {first} and {second} for the signature by the one and
// the other secret, {wrong} for one by neither, over the call as it is; {rsa} for that of 73.
//
// Asserted: the answer is the one that the order of checks demands, status, case, words and string
// to sign, by a second writing of that order (docs/protocol.md) with its own HMAC and its own clock
// reading; whatever passes them all is answered by the services and not refused as unauthorised.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/replace.hpp>

#include "fuzz/quiet_branch.h"
#include "fuzz/reference_time.h"
#include "fuzz/require.h"
#include "services/registry.h"
#include "snap/document.h"
#include "snap/minify.h"
#include "snap/reference_json.h"

namespace batal::fuzz {
namespace {

// A call as it was written; the request's views point into it.
struct Call {
  std::string method;
  std::string path;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  // The first value of a header; empty if there is none.
  std::string value(std::string_view name) const {
    for (const auto& [other, value] : headers) {
      if (boost::algorithm::iequals(name, other)) return value;
    }
    return {};
  }
  bool is_twice(std::string_view name) const {
    return std::ranges::count_if(headers, [name](const auto& header) {
             return boost::algorithm::iequals(name, header.first);
           }) > 1;
  }
};

std::string take_until(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string taken(text.substr(0, at));
  text.remove_prefix(std::min(at + 1, text.size()));
  return taken;
}

Call good_call() {
  return {.method = "POST",
          .path = "/v1.0/debit/cancel",
          .headers = {{"Content-Type", "application/json"},
                      {"Authorization", "Bearer {token}"},
                      {"X-CLIENT-KEY", "demo"},
                      {"X-PARTNER-ID", "BMRI"},
                      {"X-TIMESTAMP", std::string(kTimestamp)},
                      {"X-SIGNATURE", "{first}"},
                      {"X-EXTERNAL-ID", "CALL-1"},
                      {"CHANNEL-ID", "95221"}},
          .body = R"({"originalReferenceNo":"R"})"};
}

// Changes one header as a line of the input says.
void change(Call& call, std::string_view line) {
  const char how = line.empty() ? ' ' : line.front();
  if (how == '+' || how == '-') line.remove_prefix(1);
  std::string name = take_until(line, ':');
  while (line.starts_with(' ')) line.remove_prefix(1);
  const auto is_named = [&](const auto& header) {
    return boost::algorithm::iequals(name, header.first);
  };
  if (how == '-') {
    std::erase_if(call.headers, is_named);
    return;
  }
  const auto found = std::ranges::find_if(call.headers, is_named);
  if (how == '+' || found == call.headers.end()) {
    call.headers.emplace_back(std::move(name), line);
  } else {
    *found = {std::move(name), std::string(line)};
  }
}

Call parse(std::string_view text) {
  Call call = good_call();
  const std::string line = take_until(text, '\n');
  if (!line.empty()) {
    std::string_view rest = line;
    call.method = take_until(rest, ' ');
    call.path = rest;
  }
  while (!text.empty() && !text.starts_with('\n')) change(call, take_until(text, '\n'));
  if (!text.empty()) call.body = text.substr(1);
  return call;
}

std::string bearer_of(const Call& call) {
  const std::string value = call.value("Authorization");
  return boost::algorithm::istarts_with(value, "Bearer ") ? value.substr(7) : "";
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

std::string sha256(std::string_view text) {
  std::array<unsigned char, 32> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string string_to_sign(const Call& call) {
  std::string body;
  snap::minify(call.body, body);
  return fmt::format("{}:{}:{}:{}:{}", call.method, call.path, bearer_of(call), hex(sha256(body)),
                     call.value("X-TIMESTAMP"));
}

std::string signature(const std::string& text, std::string_view secret) {
  std::array<unsigned char, 64> mac{};
  HMAC(EVP_sha512(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), nullptr);
  std::array<unsigned char, 89> base64{};
  EVP_EncodeBlock(base64.data(), mac.data(), mac.size());
  return reinterpret_cast<const char*>(base64.data());
}

std::string token_string_to_sign(const Call& call) {
  return call.value("X-CLIENT-KEY") + "|" + call.value("X-TIMESTAMP");
}

void replace(Call& call, const std::string& word, const auto& with) {
  for (auto& [name, value] : call.headers) {
    if (value.contains(word)) boost::algorithm::replace_all(value, word, with());
  }
}

void fill_in(Call& call, const QuietBranch& branch) {
  replace(call, "{token}", [&] { return branch.token("demo"); });
  const std::string text = string_to_sign(call);
  for (const std::string secret : {"first", "second", "wrong"}) {
    replace(call, "{" + secret + "}", [&] { return signature(text, secret); });
  }
  replace(call, "{rsa}", [&] { return branch.rsa_signature(token_string_to_sign(call)); });
}

// Status and case, and the field or reason; nothing: the call passes.
struct Refusal {
  std::string what;
  std::string detail;
};
using Checked = std::optional<Refusal>;

Checked missing(const std::string& field) {
  return Refusal{"40002", "Invalid Mandatory Field " + field};
}
Checked malformed(const std::string& field) {
  return Refusal{"40001", "Invalid Field Format " + field};
}
Checked unauthorised(const std::string& reason) {
  return Refusal{"40100", "Unauthorized. " + reason};
}

Checked check_content_type(const Call& call) {
  const std::string value = call.value("Content-Type");
  if (value.empty()) return missing("Content-Type");
  std::string type = value.substr(0, value.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.pop_back();
  if (boost::algorithm::to_lower_copy(type) != "application/json") return malformed("Content-Type");
  for (const std::string name : {"Content-Type", "Authorization", "X-PARTNER-ID", "X-TIMESTAMP",
                                 "X-SIGNATURE", "X-EXTERNAL-ID", "CHANNEL-ID", "X-CLIENT-KEY"}) {
    if (call.is_twice(name)) return malformed(name);
  }
  return std::nullopt;
}

Checked check_timestamp(const Call& call) {
  const std::string text = call.value("X-TIMESTAMP");
  if (text.empty()) return missing("X-TIMESTAMP");
  const auto micros = reference_micros(text);
  if (!micros) return malformed("X-TIMESTAMP");
  constexpr std::int64_t kWindow = 300 * reference::kMicros;
  const std::int64_t away = *micros - kNow.time_since_epoch().count();
  if (away < -kWindow || away > kWindow) return unauthorised("X-TIMESTAMP");
  return std::nullopt;
}

bool is_signed(const Call& call) {
  const std::string given = call.value("X-SIGNATURE");
  const std::string text = string_to_sign(call);
  if (given == signature(text, "first") || given == signature(text, "second")) return true;
  Call second = call;
  std::string minified;
  snap::minify(call.body, minified);
  if (!snap::unescape(minified, second.body)) return false;
  const std::string other = string_to_sign(second);
  return given == signature(other, "first") || given == signature(other, "second");
}

bool consists_of(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

Checked check_identity(const Call& call) {
  constexpr std::string_view kDigits = "0123456789";
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-";
  const std::string external_id = call.value("X-EXTERNAL-ID");
  if (external_id.empty()) return missing("X-EXTERNAL-ID");
  if (external_id.size() > 36 || !consists_of(external_id, kUnreserved)) {
    return malformed("X-EXTERNAL-ID");
  }
  const std::string channel = call.value("CHANNEL-ID");
  if (channel.empty()) return missing("CHANNEL-ID");
  if (channel.size() != 5 || !consists_of(channel, kDigits)) return malformed("CHANNEL-ID");
  return std::nullopt;
}

Checked check_gate(const Call& call, const QuietBranch& branch) {
  if (auto refusal = check_content_type(call)) return refusal;
  const std::string token = bearer_of(call);
  if (token.empty()) return unauthorised("Auth token required");
  if (token != branch.token("demo")) return Refusal{"40101", "Invalid Token (B2B)"};
  const std::string partner = call.value("X-PARTNER-ID");
  if (partner.empty()) return missing("X-PARTNER-ID");
  if (partner != "demo" && partner != "BMRI") return unauthorised("X-PARTNER-ID");
  if (auto refusal = check_timestamp(call)) return refusal;
  if (call.value("X-SIGNATURE").empty()) return missing("X-SIGNATURE");
  if (!is_signed(call)) return unauthorised("Signature");
  return check_identity(call);
}

Checked check_token_desk(const Call& call, const QuietBranch& branch) {
  if (auto refusal = check_content_type(call)) return refusal;
  for (const std::string name : {"X-CLIENT-KEY", "X-TIMESTAMP", "X-SIGNATURE"}) {
    if (call.value(name).empty()) return missing(name);
  }
  if (auto refusal = check_timestamp(call)) return refusal;
  const std::string client = call.value("X-CLIENT-KEY");
  const bool known = client == "demo" || client == "lenient";
  // PKCS#1 v1.5 gives a text one signature; its length spares the work for most others.
  const std::string given = call.value("X-SIGNATURE");
  if (!known || given.size() != 344 || given != branch.rsa_signature(token_string_to_sign(call))) {
    return unauthorised("Signature");
  }
  return std::nullopt;
}

Checked expected(const Call& call, const QuietBranch& branch, std::string_view& code) {
  code = "00";
  const auto all = services::all_services();
  const auto service =
      std::ranges::find_if(all, [&](const auto* each) { return each->path == call.path; });
  if (service == all.end()) return Refusal{"40400", "Not Found"};
  code = (*service)->code;
  if (call.method != "POST") return Refusal{"40500", "Requested Function Is Not Supported"};
  const bool is_token = code == "73";
  if (auto refusal = is_token ? check_token_desk(call, branch) : check_gate(call, branch)) {
    return refusal;
  }
  if (!snap::ReferenceJson::accepts(call.body)) return Refusal{"40000", "Bad Request"};
  return std::nullopt;
}

std::string text_at(const snap::Document& document, std::string_view path) {
  const snap::JsonValue* value = document.find(path);
  return value == nullptr ? "" : std::string(value->text);
}

// What a wrong signature should have been made over is told where it can be.
void check_explanation(const Call& call, const snap::Document& answer, bool is_token) {
  const std::string text = is_token ? token_string_to_sign(call) : string_to_sign(call);
  if (!snap::is_utf8(text)) return require(answer.find("additionalInfo") == nullptr, "UTF-8 only");
  require_equal(text_at(answer, "additionalInfo.stringToSign"), text, "the string to sign is told");
}

void check(const Call& call, const QuietBranch& branch, const http::Answer& answer) {
  require(snap::ReferenceJson::accepts(answer.body), "an answer is JSON");
  snap::Document document;
  require(document.parse(answer.body), "an answer can be read");
  const std::string code = text_at(document, "responseCode");
  require_equal(code.substr(0, 3), std::to_string(answer.status), "a code begins with its status");
  std::string_view service;
  const Checked refusal = expected(call, branch, service);
  require_equal(code.substr(3, 2), service, "a code names its service");
  if (!refusal) return require(answer.status != 401 && answer.status != 405, "what passes, passes");
  require_equal(code.substr(0, 3) + code.substr(5), refusal->what,
                "refused in the order of checks");
  require_equal(text_at(document, "responseMessage"), refusal->detail, "refused in its words");
  if (refusal->detail == "Unauthorized. Signature") {
    check_explanation(call, document, service == "73");
  } else {
    require(document.find("additionalInfo") == nullptr, "nothing else is told");
  }
}

http::Request request_of(const Call& call) {
  http::Request request{.method = call.method,
                        .target = call.path,
                        .path = call.path,
                        .headers = {},
                        .body = call.body};
  for (const auto& [name, value] : call.headers) request.headers.push_back({name, value});
  return request;
}

}  // namespace
}  // namespace batal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace batal;
  static fuzz::QuietBranch branch;
  fuzz::Call call = fuzz::parse({reinterpret_cast<const char*>(data), size});
  fuzz::fill_in(call, branch);
  branch.ledger().forget();
  fuzz::check(call, branch, branch.call(fuzz::request_of(call)));
  return 0;
}
