// The two byte-level forms of a JSON body that a signature may be made over.
//
// Neither parses nor re-serialises: key order, numbers and escapes stay as they came, and input
// that is not JSON passes through without harm (it is refused later, as JSON).
#pragma once

#include <string>
#include <string_view>

namespace batal::snap {

// Writes `json` without the white space (space, tab, line feed, carriage return) outside strings.
// Replaces what was in `out`. Text with an unclosed string is copied as it is.
void minify(std::string_view json, std::string& out);

// The second form, which one official client signs while it sends the first: inside strings "\/"
// becomes "/" and \uXXXX from U+0080 up becomes UTF-8 (surrogates only as pairs; U+2028 and U+2029
// stay escaped). Nothing else: an escaped quote, backslash or control character is never undone,
// for that would let a signed text be restructured. Takes a minified body, replaces `out`, and
// says whether the form differs from the first.
bool unescape(std::string_view minified, std::string& out);

}  // namespace batal::snap
