#include "histories/observe.h"

#include <initializer_list>
#include <string_view>

#include <fmt/format.h>

#include "snap/document.h"
#include "snap/time.h"

namespace batal::histories {
namespace {

// The first of the members that is there; empty if none is.
std::string first_of(const snap::Document& document,
                     std::initializer_list<std::string_view> paths) {
  for (const std::string_view path : paths) {
    if (const snap::JsonValue* value = document.find(path)) return std::string(value->text);
  }
  return {};
}

std::int64_t seconds_of(const std::string& text) {
  const auto time = snap::parse_timestamp(text);
  if (!time) return 0;
  return std::chrono::floor<std::chrono::seconds>(*time).time_since_epoch().count();
}

}  // namespace

Fate fate_of(const http::Received& answer) {
  if (answer.status == 504) return Fate::Unknown;
  return answer.status == 429 || answer.status == 500 ? Fate::NotDone : Fate::Known;
}

Observation observe_service(const http::Received& answer) {
  snap::Document document;
  document.parse(answer.body);
  Observation heard;
  heard.said = first_of(document, {"responseCode"}) + " " + first_of(document, {"responseMessage"});
  heard.body = answer.body;
  heard.reference_no = first_of(
      document, {"referenceNo", "originalReferenceNo", "virtualAccountData.paymentRequestId"});
  heard.status =
      first_of(document, {"latestTransactionStatus", "virtualAccountData.paymentFlagStatus"});
  heard.at_s = seconds_of(first_of(
      document, {"cancelTime", "voidTime", "captureTime", "additionalInfo.transactionTime"}));
  return heard;
}

Observation observe_provider(const http::Received& answer) {
  snap::Document document;
  document.parse(answer.body);
  Observation heard;
  heard.said = std::to_string(answer.status);
  const std::string state = first_of(document, {"state"});
  if (!state.empty()) heard.said += " " + state;
  heard.body = answer.body;
  heard.reference_no = first_of(document, {"referenceNo"});
  heard.at_s = seconds_of(first_of(document, {"changedAt"}));
  return heard;
}

}  // namespace batal::histories
