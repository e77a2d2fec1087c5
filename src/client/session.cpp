#include "client/session.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "snap/document.h"
#include "snap/identifier.h"

namespace batal::client {
namespace {

constexpr std::string_view kTokenPath = "/v1.0/access-token/b2b";
constexpr std::string_view kTokenBody = R"({"grantType":"client_credentials"})";
constexpr std::chrono::seconds kMarginMax{30};

bool is_visible(char c) {
  return c > ' ' && c <= '~';
}
bool is_header_text(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_visible);
}

void require(bool right, const char* what) {
  if (!right) throw std::invalid_argument(what);
}

Options checked(Options options) {
  if (options.partner_id.empty()) options.partner_id = options.client_id;
  require(!options.base_url.empty(), "base_url: is empty");
  require(is_header_text(options.client_id), "client_id: must be visible ASCII, and not empty");
  require(is_header_text(options.partner_id), "partner_id: must be visible ASCII");
  require(snap::is_channel_id(options.channel_id), "channel_id: must be five digits");
  require(!options.client_secret.empty(), "client_secret: is empty");
  require(options.attempts_max >= 1, "attempts_max: must be at least 1");
  return options;
}

template <class Value>
Value usable(std::expected<Value, std::string> value, const char* option) {
  if (value) return std::move(*value);
  throw std::invalid_argument(std::string(option) + ": " + value.error());
}

// The standard writes expiresIn as text; some providers as a number.
std::optional<std::chrono::seconds> life_of(const snap::Document& document) {
  const snap::JsonValue* value = document.find("expiresIn");
  if (value == nullptr) return std::nullopt;
  std::int32_t life = 0;
  const char* end = value->text.data() + value->text.size();
  const auto [stop, error] = std::from_chars(value->text.data(), end, life);
  if (error != std::errc() || stop != end || life <= 0) return std::nullopt;
  return std::chrono::seconds(life);
}

// What a failure to get a token means for the call that wanted it: it was not sent.
Answer call_not_sent(Answer answer) {
  answer.of_the_call = false;
  if (answer.fate == Fate::InDoubt) answer.fate = Fate::TryLater;
  if (answer.fate == Fate::TokenRefused) answer.fate = Fate::Refused;
  return answer;
}

}  // namespace

Session::Session(Options options)
    : options_(checked(std::move(options))),
      url_(usable(http::Url::parse(options_.base_url), "base_url")),
      caller_(url_, {options_.timeout, options_.ca_file}),
      key_(usable(snap::RsaPrivateKey::from_pem(options_.private_key_pem), "private_key_pem")),
      secret_(options_.client_secret) {}

Answer Session::send(const Call& call) {
  Answer answer = send_with_token(call);
  if (answer.fate != Fate::TokenRefused) return answer;
  token_.reset();
  answer = send_with_token(call);
  if (answer.fate == Fate::TokenRefused) answer.fate = Fate::Refused;
  return answer;
}

snap::Time Session::now() const {
  return options_.now ? std::chrono::floor<std::chrono::microseconds>(options_.now())
                      : snap::system_now();
}

Answer Session::send_with_token(const Call& call) {
  if (auto ready = ensure_token(); !ready) return std::move(ready).error();
  return post(call.path, headers_of(call), call.body);
}

std::expected<void, Answer> Session::ensure_token() {
  if (token_ && now() < token_->renew_at) return {};
  token_.reset();
  auto fetched = fetch_token();
  if (!fetched) return std::unexpected(call_not_sent(std::move(fetched).error()));
  token_ = std::move(*fetched);
  return {};
}

std::expected<Session::Token, Answer> Session::fetch_token() {
  const snap::Time at = now();
  const std::string timestamp = snap::timestamp(at);
  Answer answer = post(kTokenPath,
                       {{"Content-Type", "application/json"},
                        {"X-TIMESTAMP", timestamp},
                        {"X-CLIENT-KEY", options_.client_id},
                        {"X-SIGNATURE", key_.sign(options_.client_id + "|" + timestamp)}},
                       kTokenBody);
  answer.text = "access token: " + answer.text;
  if (answer.fate != Fate::Accepted) return std::unexpected(std::move(answer));
  snap::Document document;
  document.parse(answer.body);
  const snap::JsonValue* text = document.find("accessToken");
  const auto life = life_of(document);
  if (text == nullptr || !is_header_text(text->text) || !life) {
    answer.fate = Fate::Malformed;
    answer.text += ", without a usable accessToken and expiresIn";
    return std::unexpected(std::move(answer));
  }
  return Token{std::string(text->text), at + *life - std::min(kMarginMax, *life / 10)};
}

Session::Headers Session::headers_of(const Call& call) {
  std::string timestamp = snap::timestamp(now());
  const std::string message = snap::string_to_sign("POST", url_.path + std::string(call.path),
                                                   token_->text, call.body_hash, timestamp);
  return {{"Content-Type", "application/json"},  {"Authorization", "Bearer " + token_->text},
          {"X-PARTNER-ID", options_.partner_id}, {"X-EXTERNAL-ID", std::string(call.external_id)},
          {"CHANNEL-ID", options_.channel_id},   {"X-TIMESTAMP", std::move(timestamp)},
          {"X-SIGNATURE", secret_.sign(message)}};
}

Answer Session::post(std::string_view path, const Headers& headers, std::string_view body) {
  auto received = caller_.call("POST", path, headers, body);
  return received ? read_answer(std::move(*received)) : no_answer(received.error());
}

}  // namespace batal::client
