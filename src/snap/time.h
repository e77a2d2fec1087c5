// Time as the standard writes it: X-TIMESTAMP, expiries, cancelTime, transactionDate.
//
// Instants are UTC to the microsecond; what is written out is Western Indonesia time (+07:00).
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace batal::snap {

using Time = std::chrono::sys_time<std::chrono::microseconds>;

// Where "now" comes from; tests and the sandbox give their own. Called from any thread.
using Clock = std::function<Time()>;
Time system_now();

// RFC 3339: yyyy-MM-ddTHH:mm:ss, 0 to 9 fraction digits, then Z or an offset. Digits beyond the
// microsecond are cut. Nothing if the text is anything else or names no real instant.
std::optional<Time> parse_timestamp(std::string_view text);

// Appends yyyy-MM-ddTHH:mm:ss+07:00, 25 characters; fractions of a second are cut.
void append_timestamp(std::string& out, Time time);
std::string timestamp(Time time);

std::string compact_local(Time time);  // yyyyMMddHHmmss, UTC+7: transactionDate
std::string compact_utc(Time time);    // yyyyMMddHHmmss, UTC: the middle of a reference number

}  // namespace batal::snap
