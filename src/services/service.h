// What a service is: a declaration. The pipeline does the rest for all of them.
//
// To add a service, write one file that declares it and add its row to registry.cpp.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "partners/partner.h"
#include "payment/command.h"
#include "payment/decide.h"
#include "payment/record.h"
#include "snap/field.h"
#include "snap/json_writer.h"
#include "snap/response_code.h"
#include "snap/time.h"

namespace batal::services {

// A request that passed the order of checks up to its fields.
struct Asked {
  const snap::Fields& fields;
  const partners::Partner& partner;
  snap::Time now;
};

struct Service {
  std::string_view code;   // "57"
  std::uint8_t number;     // 57
  std::string_view path;   // "/v1.0/debit/cancel"
  std::string_view title;  // for the reference pages
  payment::Kind kind;
  payment::Action action;
  std::span<const snap::Field> request;
  std::span<const snap::Field> answer;  // what a successful answer holds beside code and message

  // Fills in what the fields mean. partner, kind, action and call are there already. The error is
  // one that the field table cannot express (two fields that contradict each other).
  std::expected<void, snap::Problem> (*to_command)(const Asked& asked, payment::Command& command);

  // The members of a successful answer. An event's answer is rendered from the event alone, for a
  // replay must be the first answer byte for byte; a query's from the transaction as it stands.
  void (*render_event)(const payment::Event& event, snap::JsonWriter& json) = nullptr;
  void (*render_state)(const payment::Transaction& transaction, payment::State state,
                       snap::JsonWriter& json) = nullptr;

  // Members that a 403xx15 carries beside code and message.
  void (*render_refusal)(const payment::Outcome& outcome, const payment::Command& command,
                         snap::JsonWriter& json) = nullptr;

  std::string_view expiry_field = {};  // creations: the field that overrides the default life
  std::span<const snap::Field> lenient_request = {};  // for partners with lenient_debit_cancel
};

}  // namespace batal::services
