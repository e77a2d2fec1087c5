// An answer as bytes.
#pragma once

#include <string>
#include <string_view>

#include "http/server.h"

namespace batal::http {

struct Framing {
  bool http_1_0 = false;  // an HTTP/1.0 client must be told that the connection stays open
  bool close = false;
  bool head_only = false;  // to HEAD: the length of the body, but not the body
};

// Appends status line, Date, Content-Type, Content-Length, the answer's own lines, Connection and
// body to `out`. `date` as http_date() gives it.
void write_answer(std::string& out, const Answer& answer, const Framing& framing,
                  std::string_view date);

// The present time as "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date();

}  // namespace batal::http
