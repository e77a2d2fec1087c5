// Fuzzed: a text, as it is or as a tape from which RandomJson makes JSON, through snap::minify and
// the second signature form, snap::unescape.
//
// Asserted of any text: minify only takes white space away; the second form is no longer than the
// first, differs from it exactly when it says so, and has nothing left to undo. Asserted of JSON:
// both forms are what the slow references make of it, minify finds nothing more the second time,
// and all three texts are the same value: a second form never restructures what was signed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/require.h"
#include "snap/document.h"
#include "snap/minify.h"
#include "snap/random_json.h"
#include "snap/reference_json.h"
#include "snap/reference_minify.h"

namespace batal::fuzz {
namespace {

std::string minified(std::string_view text) {
  std::string out = "what was in it before";
  snap::minify(text, out);
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out = "what was in it before";
  const bool differs = snap::unescape(text, out);
  require(differs == (out != text), "the second form says whether it differs");
  return out;
}

bool is_white(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Whether `less` is `text` with white space taken away and nothing else.
bool is_without_white_space(std::string_view less, std::string_view text) {
  std::size_t at = 0;
  for (const char c : text) {
    if (at < less.size() && less[at] == c) {
      ++at;
    } else if (!is_white(c)) {
      return false;
    }
  }
  return at == less.size();
}

bool same_value(const snap::JsonValue& one, const snap::JsonValue& other) {
  const bool nested = one.kind == snap::JsonKind::Object || one.kind == snap::JsonKind::Array;
  return one.kind == other.kind && one.parent == other.parent && one.children == other.children &&
         one.key == other.key && (nested || one.text == other.text);
}

void require_same_values(const snap::Document& one, std::string_view text) {
  snap::Document other;
  require(other.parse(text), "a form of JSON is JSON");
  require(std::ranges::equal(one.values(), other.values(), same_value),
          "a form of JSON is the same value");
}

void check_any(const std::string& text) {
  const std::string first = minified(text);
  require(is_without_white_space(first, text), "minify takes white space away and nothing else");
  const std::string second = unescaped(first);
  require(second.size() <= first.size(), "the second form is no longer");
  require_equal(unescaped(second), second, "the second form has nothing left to undo");
}

void check_json(const std::string& text) {
  snap::Document document;
  const bool is_json = snap::ReferenceJson::accepts(text);
  require(document.parse(text) == is_json, "a document takes exactly what the reference takes");
  if (!is_json) return;
  const std::string first = minified(text);
  require_equal(first, snap::slow_minify(text), "minify agrees with the reference");
  require_equal(minified(first), first, "minify finds nothing more the second time");
  const std::string second = unescaped(first);
  require_equal(second, snap::slow_unescape(first), "the second form agrees with the reference");
  require_same_values(document, first);
  require_same_values(document, second);
}

}  // namespace
}  // namespace batal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace batal;
  const std::string text(reinterpret_cast<const char*>(data), size);
  fuzz::check_any(text);
  fuzz::check_json(text);
  const std::string made = snap::RandomJson({data, data + size}).object();
  fuzz::check_any(made);
  fuzz::check_json(made);
  return 0;
}
