#include "client/answer.h"

#include <fmt/format.h>

#include <string_view>

#include "snap/document.h"

namespace batal::client {
namespace {

std::string text_of(const snap::Document& document, std::string_view name) {
  const snap::JsonValue* value = document.find(name);
  const bool is_text = value != nullptr && value->kind == snap::JsonKind::String;
  return is_text ? std::string(value->text) : std::string();
}

Fate fate_of(int status, std::string_view code) {
  const bool standard = code.starts_with(std::to_string(status));
  const bool first_case = code.ends_with("01");
  if (status == 429) return Fate::TryLater;
  if (status == 500 && standard && first_case) return Fate::TryLater;
  if (status >= 500) return Fate::InDoubt;
  if (!standard) return Fate::Malformed;
  if (status >= 200 && status < 300) return Fate::Accepted;
  if (status == 401 && first_case) return Fate::TokenRefused;
  return status >= 400 ? Fate::Refused : Fate::Malformed;
}

std::string words(const Answer& answer) {
  if (answer.response_code.empty()) {
    return fmt::format("HTTP {} without a responseCode", answer.http_status);
  }
  return fmt::format("HTTP {}, {} {}", answer.http_status, answer.response_code,
                     answer.response_message);
}

}  // namespace

Answer read_answer(http::Received received) {
  Answer answer;
  answer.http_status = received.status;
  snap::Document document;
  if (document.parse(received.body)) {
    answer.response_code = text_of(document, "responseCode");
    answer.response_message = text_of(document, "responseMessage");
  }
  answer.body = std::move(received.body);
  answer.fate = fate_of(answer.http_status, answer.response_code);
  answer.text = words(answer);
  return answer;
}

Answer no_answer(const http::CallError& error) {
  using Kind = http::CallError::Kind;
  Answer answer;
  answer.fate = error.kind == Kind::NotSent     ? Fate::TryLater
                : error.kind == Kind::Malformed ? Fate::Malformed
                                                : Fate::InDoubt;
  answer.text = error.text;
  return answer;
}

bool settles_doubt(const Answer& answer) {
  if (!answer.of_the_call) return false;
  return answer.fate == Fate::Accepted ||
         (answer.fate == Fate::Refused && answer.http_status != 401);
}

}  // namespace batal::client
