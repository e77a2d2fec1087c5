// A request body as JSON: one object, strictly valid, flat and ready for look-ups by path.
//
// Source: order of checks, step 9. Refused: anything but one JSON object in valid UTF-8, duplicate
// keys (compared after unescaping, at every depth), lone surrogates, more than 16 levels.
// Numbers are checked for their grammar and kept as text: none is too large to be ignored.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace batal::snap {

bool is_utf8(std::string_view text);

enum class JsonKind : std::uint8_t { Null, Boolean, Number, String, Object, Array };

// One value. Its views point into the Document's own memory: they live until its next parse() or
// its end, survive a move of the Document, and do not need the text that was parsed.
struct JsonValue {
  JsonKind kind = JsonKind::Null;
  std::uint32_t parent = 0;    // index of the object or array it stands in; the root's is 0
  std::uint32_t children = 0;  // members of an object, elements of an array
  std::string_view key = {};   // unescaped; empty in arrays
  std::string_view text = {};  // String: unescaped. All others: the JSON as it came
};

// A parser with its memory, reused from request to request. Not thread-safe: one per event loop.
class Document {
 public:
  static constexpr std::size_t kDepthMax = 16;

  Document();
  ~Document();

  // Parses `json`, replacing what was parsed before. False if it is not acceptable; the document is
  // empty then. `json` need not be padded; it is copied. Time is linear in its size, but for
  // sorting the keys of large objects.
  bool parse(std::string_view json);

  // The value at a dotted path ("additionalInfo.merchantId"); an array on the way stands for its
  // first element. Null pointer if absent. JSON null is returned as it is.
  const JsonValue* find(std::string_view path) const;

  const std::vector<JsonValue>& values() const { return values_; }

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  std::vector<JsonValue> values_;  // in the order of the text; the root first
};

}  // namespace batal::snap
