// Field tables: each service declares what it takes and what it answers, once, as data. The checks
// of step 10 (mandatory fields) and step 11 (formats) and the reference page of all fields are made
// from them.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "snap/document.h"
#include "snap/response_code.h"

namespace batal::snap {

enum class FieldType : std::uint8_t {
  String,        // at most length_max code points
  Digits,        // ASCII digits, at most length_max
  PaddedDigits,  // exactly length_max characters: spaces, then at least one digit
  Timestamp,     // RFC 3339 as in time.h; length_max is for the reference pages only
  Amount,        // "10000.00": digits with two decimals
  LooseAmount,   // "1500" or "1500.00"
  Currency,      // three letters
  Object,
  Array,  // at most length_max elements
  Any,    // kept, not looked into
};

enum class Presence : std::uint8_t {
  Mandatory,    // M
  Optional,     // O
  OneOf,        // C: at least one of the fields so marked in the table
  WithParent,   // M as soon as the object it stands in is given and not empty
  Conditional,  // C in an answer: sent when the case calls for it; requests are not checked for it
};

struct Field {
  std::string_view path = {};  // dotted: additionalInfo.merchantId
  FieldType type = FieldType::String;
  std::uint16_t length_max = 0;  // 0: no limit
  Presence presence = Presence::Optional;
  std::string_view meaning = {};              // one line for the reference pages
  std::array<std::string_view, 2> aliases{};  // other spellings that are taken as this field
};

// null, "" and {} count as absent, wherever a field is asked for.
bool is_absent(const JsonValue& value);

// The fields of one request after the checks. A view of the Document.
class Fields {
 public:
  Fields(std::span<const Field> table, const Document& document)
      : table_(table), document_(document) {}

  // The value of a declared field under whichever spelling it came; null pointer if absent. JSON
  // null, "" and {} count as absent.
  const JsonValue* find(std::string_view path) const;
  std::string_view text(std::string_view path) const;  // empty if absent

 private:
  std::span<const Field> table_;
  const Document& document_;
};

// Steps 10 and 11: first every mandatory and conditional field in table order
// (InvalidMandatoryField with the dotted path; for OneOf the first so marked), then every format in
// table order, two spellings of one field with different values included (InvalidFieldFormat with
// the path).
std::expected<Fields, Problem> check_fields(std::span<const Field> table, const Document& document);

// Unicode code points of valid UTF-8.
std::size_t code_points(std::string_view text);

}  // namespace batal::snap
