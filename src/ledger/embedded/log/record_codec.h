// Records as bytes: what stands inside the frames of the log.
//
// A record is: u8 format (1) · u8 type (1 event, 2 not found yet, 3 time mark) · its fields, one
// after the other, in the order of record_codec.cpp, where each list serves both directions:
//
//   number     u8, or i64 little-endian
//   time       i64, microseconds since 1970-01-01 UTC
//   text       its length in bytes as LEB128, then the bytes
//   optional   u8, 0 or 1; after a 1 the value
//   choice     u8, the enumerator's number; an enumerator never changes its number
//
// An event holds its transaction as it stands after it. Nothing else is written, no padding and no
// names, and each record has exactly one form: decode() takes no other.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "payment/record.h"

namespace batal::ledger {

inline constexpr std::uint8_t kRecordFormat = 1;

// Appends the record to `out`. An event's transaction must not be null.
void encode(const payment::Record& record, std::vector<std::uint8_t>& out);

// A text as it stands in a record.
void append_text(std::string_view text, std::vector<std::uint8_t>& out);

// A transaction alone, as it stands in an event. It begins with its reference number and partner.
void encode(const payment::Transaction& transaction, std::vector<std::uint8_t>& out);

// Any bytes at all are safe to give, here and below. The error says which field, at which byte, is
// wrong and how.
std::expected<payment::Record, std::string> decode(std::span<const std::uint8_t> bytes);
std::expected<payment::TransactionPtr, std::string> decode_transaction(
    std::span<const std::uint8_t> bytes);

}  // namespace batal::ledger
