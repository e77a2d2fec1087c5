#include "snap/document.h"

#include <algorithm>
#include <utility>

#include <simdjson.h>

namespace batal::snap {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::string_view kWhiteSpace = " \t\n\r";
constexpr std::size_t kFewMembers = 16;  // up to here comparing all pairs beats sorting

std::string_view trim_end(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kWhiteSpace) + 1);
}

std::string_view trim(std::string_view text) {
  text = trim_end(text);
  return text.substr(std::min(text.find_first_not_of(kWhiteSpace), text.size()));
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  return at;
}

// -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
bool is_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = at;
  at = skip_digits(text, at);
  if (at == whole || (text[whole] == '0' && at > whole + 1)) return false;
  if (at < text.size() && text[at] == '.') {
    const std::size_t decimals = at + 1;
    at = skip_digits(text, decimals);
    if (at == decimals) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = at;
    at = skip_digits(text, exponent);
    if (at == exponent) return false;
  }
  return at == text.size();
}

bool all_different(std::vector<std::string_view>::iterator begin,
                   std::vector<std::string_view>::iterator end) {
  if (static_cast<std::size_t>(end - begin) > kFewMembers) {
    std::sort(begin, end);
    return std::adjacent_find(begin, end) == end;
  }
  for (auto key = begin; key != end; ++key) {
    if (std::find(begin, key, *key) != key) return false;
  }
  return true;
}

const JsonValue* child(const JsonValue* root, const JsonValue* parent, std::string_view key) {
  // The first element of an array stands right behind it.
  while (parent->kind == JsonKind::Array && parent->children > 0) ++parent;
  if (parent->kind != JsonKind::Object) return nullptr;
  const auto self = static_cast<std::uint32_t>(parent - root);
  std::uint32_t left = parent->children;
  for (const JsonValue* value = parent + 1; left > 0; ++value) {
    if (value->parent != self) continue;
    if (value->key == key) return value;
    --left;
  }
  return nullptr;
}

}  // namespace

// simdjson checks UTF-8, brackets, commas, colons and strings (their control characters, escapes
// and surrogates) on the way, but nothing of a value it is not asked for; so the walk asks for
// every value. Numbers and words it checks itself: simdjson would refuse the largest numbers.
struct Document::Parser {
  bool parse(std::string_view json, std::vector<JsonValue>& into);

 private:
  bool walk_object(ondemand::object object, std::uint32_t self, std::size_t depth);
  bool walk_array(ondemand::array array, std::uint32_t self, std::size_t depth);
  bool visit(ondemand::value value, std::string_view key, std::uint32_t parent, std::size_t depth);
  bool visit_container(ondemand::value& value, std::uint32_t self, std::size_t depth);
  std::uint32_t add(JsonKind kind, std::uint32_t parent, std::string_view key,
                    std::string_view text);

  ondemand::parser simdjson_;
  ondemand::document document_;
  std::string padded_;
  std::vector<std::string_view> keys_;  // of all objects that are open, innermost last
  std::vector<JsonValue>* values_ = nullptr;
};

bool Document::Parser::parse(std::string_view json, std::vector<JsonValue>& into) {
  padded_.assign(json);
  padded_.append(simdjson::SIMDJSON_PADDING, '\0');
  keys_.clear();
  values_ = &into;
  const simdjson::padded_string_view text(padded_.data(), json.size(), padded_.size());
  ondemand::object root;
  if (simdjson_.iterate(text).get(document_) || document_.get_object().get(root)) return false;
  const std::string_view own(padded_.data(), json.size());
  into.push_back({.kind = JsonKind::Object, .text = trim(own)});
  return walk_object(root, 0, 1) && document_.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

bool Document::Parser::walk_object(ondemand::object object, std::uint32_t self, std::size_t depth) {
  const auto mark = static_cast<std::ptrdiff_t>(keys_.size());
  for (auto member : object) {
    ondemand::field field;
    std::string_view key;
    if (std::move(member).get(field) || field.unescaped_key().get(key)) return false;
    if (!visit(field.value(), key, self, depth)) return false;
    keys_.push_back(key);
  }
  if (!all_different(keys_.begin() + mark, keys_.end())) return false;
  keys_.resize(static_cast<std::size_t>(mark));
  return true;
}

bool Document::Parser::walk_array(ondemand::array array, std::uint32_t self, std::size_t depth) {
  for (auto element : array) {
    ondemand::value value;
    if (element.get(value) || !visit(value, {}, self, depth)) return false;
  }
  return true;
}

bool Document::Parser::visit(ondemand::value value, std::string_view key, std::uint32_t parent,
                             std::size_t depth) {
  ondemand::json_type type;
  if (value.type().get(type)) return false;
  const std::string_view token = trim_end(value.raw_json_token());
  switch (type) {
    case ondemand::json_type::object:
      return visit_container(value, add(JsonKind::Object, parent, key, token), depth + 1);
    case ondemand::json_type::array:
      return visit_container(value, add(JsonKind::Array, parent, key, token), depth + 1);
    case ondemand::json_type::string:
      return !value.get_string().get((*values_)[add(JsonKind::String, parent, key, token)].text);
    case ondemand::json_type::number:
      add(JsonKind::Number, parent, key, token);
      return is_number(token);
    case ondemand::json_type::boolean:
      add(JsonKind::Boolean, parent, key, token);
      return token == "true" || token == "false";
    case ondemand::json_type::null:
      add(JsonKind::Null, parent, key, token);
      return token == "null";
  }
  return false;
}

bool Document::Parser::visit_container(ondemand::value& value, std::uint32_t self,
                                       std::size_t depth) {
  if (depth > kDepthMax) return false;
  if ((*values_)[self].kind == JsonKind::Object) {
    ondemand::object object;
    if (value.get_object().get(object) || !walk_object(object, self, depth)) return false;
  } else {
    ondemand::array array;
    if (value.get_array().get(array) || !walk_array(array, self, depth)) return false;
  }
  const char* next = nullptr;
  if (document_.current_location().get(next)) return false;
  auto& text = (*values_)[self].text;
  text = trim_end({text.data(), static_cast<std::size_t>(next - text.data())});
  return true;
}

std::uint32_t Document::Parser::add(JsonKind kind, std::uint32_t parent, std::string_view key,
                                    std::string_view text) {
  ++(*values_)[parent].children;
  values_->push_back({.kind = kind, .parent = parent, .key = key, .text = text});
  return static_cast<std::uint32_t>(values_->size() - 1);
}

Document::Document() : parser_(std::make_unique<Parser>()) {}
Document::~Document() = default;

bool Document::parse(std::string_view json) {
  values_.clear();
  const bool acceptable = parser_->parse(json, values_);
  if (!acceptable) values_.clear();
  return acceptable;
}

const JsonValue* Document::find(std::string_view path) const {
  const JsonValue* value = values_.empty() ? nullptr : values_.data();
  while (value != nullptr) {
    const auto point = path.find('.');
    value = child(values_.data(), value, path.substr(0, point));
    if (point == std::string_view::npos) break;
    path.remove_prefix(point + 1);
  }
  return value;
}

bool is_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace batal::snap
