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

// RFC 3339: yyyy-MM-ddTHH:mm:ss, a fraction of 1 to 9 digits or none, then Z or an offset. Digits
// beyond the microsecond are cut. Nothing if the text is anything else (lower-case t or z, a point
// without digits), names no instant of the clock (30 February, 24:00, a 60th second), or one whose
// year is not 0000 to 9999 in UTC and in +07:00, so that every result can be written back.
std::optional<Time> parse_timestamp(std::string_view text);

// All of these take instants of the years 0000 to 9999 only, before and after the shift.
//
// Appends yyyy-MM-ddTHH:mm:ss+07:00, 25 characters; fractions of a second are cut.
void append_timestamp(std::string& out, Time time);
std::string timestamp(Time time);

std::string compact_local(Time time);  // yyyyMMddHHmmss, UTC+7: transactionDate
std::string compact_utc(Time time);    // yyyyMMddHHmmss, UTC: the middle of a reference number

}  // namespace batal::snap
