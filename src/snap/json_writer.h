// Writes JSON objects straight into a string: no tree, no allocation but the string's own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace batal::snap {

// Members appear in the order of the calls. Text is escaped as little as JSON allows: quote,
// backslash and control characters; it must be valid UTF-8. Begin and end must pair.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object();  // the document, or an element of an array
  JsonWriter& begin_object(std::string_view key);
  JsonWriter& end_object();
  JsonWriter& begin_array(std::string_view key);
  JsonWriter& end_array();

  JsonWriter& member(std::string_view key, std::string_view text);
  JsonWriter& known(std::string_view key, std::string_view text);  // left out when empty
  JsonWriter& raw(std::string_view key, std::string_view json);    // json is written as it is
  JsonWriter& number(std::string_view key, std::int64_t value);
  JsonWriter& element(std::string_view text);  // of an array

 private:
  void separate();
  void write_key(std::string_view key);
  void write_text(std::string_view text);

  std::string& out_;
  bool first_ = true;
};

}  // namespace batal::snap
