// A record as a row of a table, for `batal ledger export`: its columns are for ever, new ones come
// last.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "payment/record.h"

namespace batal::app {

// What a record does not say is not there: an empty cell, or NULL.
using Cell = std::variant<std::monostate, std::int64_t, std::string>;

struct ExportColumn {
  std::string_view name;
  std::string_view sql_type;
};

// Times are texts like 2026-01-02T03:04:05.000006Z, which sort as they follow each other.
inline constexpr auto kExportColumns = std::to_array<ExportColumn>({
    {"sequence", "INTEGER PRIMARY KEY"},
    {"at", "TEXT"},
    {"record", "TEXT"},  // event, notFoundYet, timeMark
    {"action", "TEXT"},
    {"partner", "TEXT"},
    {"service", "INTEGER"},
    {"external_id", "TEXT"},
    {"fingerprint", "TEXT"},
    {"action_no", "TEXT"},
    {"partner_action_no", "TEXT"},
    {"rendering", "INTEGER"},
    {"request", "TEXT"},
    {"until", "TEXT"},  // of a notFoundYet
    {"reference_no", "TEXT"},
    {"kind", "TEXT"},
    {"state", "TEXT"},
    {"creation_external_id", "TEXT"},
    {"partner_reference_no", "TEXT"},
    {"merchant_id", "TEXT"},
    {"amount", "TEXT"},
    {"amount_hundredths", "INTEGER"},
    {"currency", "TEXT"},
    {"created_at", "TEXT"},
    {"expires_at", "TEXT"},
    {"paid_at", "TEXT"},
    {"refunded_at", "TEXT"},
    {"refund_no", "TEXT"},
    {"trx_id", "TEXT"},
    {"partner_service_id", "TEXT"},
    {"customer_no", "TEXT"},
    {"virtual_account_no", "TEXT"},
    {"virtual_account_name", "TEXT"},
});

using ExportRow = std::array<Cell, kExportColumns.size()>;

ExportRow export_row(std::uint64_t sequence, const payment::Record& record);

// RFC 4180: the row, or the columns' names, with its CR and LF.
std::string csv_line(const ExportRow& row);
std::string csv_header();

}  // namespace batal::app
