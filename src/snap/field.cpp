#include "snap/field.h"

#include <algorithm>

#include "snap/amount.h"
#include "snap/time.h"

namespace batal::snap {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

const JsonValue* find_present(const Document& document, std::string_view path) {
  const JsonValue* value = document.find(path);
  return value != nullptr && !is_absent(*value) ? value : nullptr;
}

const JsonValue* find_spelled(const Field& field, const Document& document) {
  if (const JsonValue* value = find_present(document, field.path)) return value;
  for (const auto alias : field.aliases) {
    if (alias.empty()) continue;
    if (const JsonValue* value = find_present(document, alias)) return value;
  }
  return nullptr;
}

// `value` is what find_spelled() gave; any other spelling must say the same.
bool spellings_agree(const Field& field, const Document& document, const JsonValue& value) {
  return std::ranges::all_of(field.aliases, [&](std::string_view alias) {
    const JsonValue* other = alias.empty() ? nullptr : find_present(document, alias);
    return other == nullptr || (other->kind == value.kind && other->text == value.text);
  });
}

bool parent_is_given(const Field& field, const Fields& fields, const Document& document) {
  const auto parent_path = field.path.substr(0, field.path.rfind('.'));
  const JsonValue* parent = fields.find(parent_path);
  if (parent == nullptr) parent = find_present(document, parent_path);
  if (parent == nullptr) return false;
  // As in look-ups, an array stands for its first element, which is right behind it.
  while (parent->kind == JsonKind::Array && parent->children > 0) ++parent;
  return parent->kind == JsonKind::Object && !is_absent(*parent);
}

bool is_missing(const Field& field, std::span<const Field> table, const Fields& fields,
                const Document& document) {
  if (fields.find(field.path) != nullptr) return false;
  switch (field.presence) {
    case Presence::Optional:
    case Presence::Conditional:
      return false;
    case Presence::Mandatory:
      return true;
    case Presence::WithParent:
      return parent_is_given(field, fields, document);
    case Presence::OneOf:
      return std::ranges::none_of(table, [&](const Field& other) {
        return other.presence == Presence::OneOf && fields.find(other.path) != nullptr;
      });
  }
  return false;
}

bool is_padded_digits(std::string_view text, std::size_t length) {
  const auto digits = text.substr(std::min(text.find_first_not_of(' '), text.size()));
  return text.size() == length && !digits.empty() && std::ranges::all_of(digits, is_digit);
}

// How a type is written; Any has none.
JsonKind kind_of(FieldType type) {
  if (type == FieldType::Object) return JsonKind::Object;
  return type == FieldType::Array ? JsonKind::Array : JsonKind::String;
}

bool fits(const Field& field, std::size_t length) {
  return field.length_max == 0 || length <= field.length_max;
}

bool is_well_formed(const Field& field, const JsonValue& value) {
  if (field.type == FieldType::Any) return true;
  if (value.kind != kind_of(field.type)) return false;
  const std::string_view text = value.text;
  switch (field.type) {
    case FieldType::String:
      return fits(field, code_points(text));
    case FieldType::Digits:
      return fits(field, code_points(text)) && std::ranges::all_of(text, is_digit);
    case FieldType::PaddedDigits:
      return is_padded_digits(text, field.length_max);
    case FieldType::Timestamp:
      return parse_timestamp(text).has_value();
    case FieldType::Amount:
      return parse_amount(text).has_value();
    case FieldType::LooseAmount:
      return parse_loose_amount(text).has_value();
    case FieldType::Currency:
      return text.size() == 3 && std::ranges::all_of(text, is_letter);
    case FieldType::Array:
      return fits(field, value.children);
    case FieldType::Object:
    case FieldType::Any:
      break;
  }
  return true;
}

Problem problem(Case what, const Field& field) {
  return {what, std::string(field.path)};
}

}  // namespace

bool is_absent(const JsonValue& value) {
  switch (value.kind) {
    case JsonKind::Null:
      return true;
    case JsonKind::String:
      return value.text.empty();
    case JsonKind::Object:
      return value.children == 0;
    case JsonKind::Boolean:
    case JsonKind::Number:
    case JsonKind::Array:
      return false;
  }
  return false;
}

const JsonValue* Fields::find(std::string_view path) const {
  const auto field = std::ranges::find(table_, path, &Field::path);
  return field == table_.end() ? nullptr : find_spelled(*field, document_);
}

std::string_view Fields::text(std::string_view path) const {
  const JsonValue* value = find(path);
  return value == nullptr ? std::string_view{} : value->text;
}

std::expected<Fields, Problem> check_fields(std::span<const Field> table,
                                            const Document& document) {
  const Fields fields(table, document);
  for (const Field& field : table) {
    if (is_missing(field, table, fields, document)) {
      return std::unexpected(problem(Case::InvalidMandatoryField, field));
    }
  }
  for (const Field& field : table) {
    const JsonValue* value = find_spelled(field, document);
    if (value == nullptr) continue;
    if (!is_well_formed(field, *value) || !spellings_agree(field, document, *value)) {
      return std::unexpected(problem(Case::InvalidFieldFormat, field));
    }
  }
  return fields;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

}  // namespace batal::snap
