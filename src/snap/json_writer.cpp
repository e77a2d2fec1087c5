#include "snap/json_writer.h"

#include <iterator>

#include <fmt/format.h>

namespace batal::snap {
namespace {

bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\b':
      out += "\\b";
      break;
    case '\f':
      out += "\\f";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
  }
}

}  // namespace

JsonWriter& JsonWriter::begin_object() {
  separate();
  out_ += '{';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin_object(std::string_view key) {
  write_key(key);
  out_ += '{';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  out_ += '}';
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::begin_array(std::string_view key) {
  write_key(key);
  out_ += '[';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  out_ += ']';
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::member(std::string_view key, std::string_view text) {
  write_key(key);
  write_text(text);
  return *this;
}

JsonWriter& JsonWriter::known(std::string_view key, std::string_view text) {
  return text.empty() ? *this : member(key, text);
}

JsonWriter& JsonWriter::raw(std::string_view key, std::string_view json) {
  write_key(key);
  out_ += json;
  return *this;
}

JsonWriter& JsonWriter::number(std::string_view key, std::int64_t value) {
  write_key(key);
  fmt::format_to(std::back_inserter(out_), "{}", value);
  return *this;
}

JsonWriter& JsonWriter::element(std::string_view text) {
  separate();
  write_text(text);
  return *this;
}

void JsonWriter::separate() {
  if (!first_) out_ += ',';
  first_ = false;
}

void JsonWriter::write_key(std::string_view key) {
  separate();
  write_text(key);
  out_ += ':';
}

void JsonWriter::write_text(std::string_view text) {
  out_ += '"';
  std::size_t written = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!needs_escape(text[i])) continue;
    out_.append(text, written, i - written);
    append_escape(out_, text[i]);
    written = i + 1;
  }
  out_.append(text, written);
  out_ += '"';
}

}  // namespace batal::snap
