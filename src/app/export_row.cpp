#include "app/export_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "app/ledger_command.h"
#include "snap/amount.h"
#include "snap/signature.h"

namespace batal::app {
namespace {

consteval std::size_t column(std::string_view name) {
  const auto found = std::ranges::find(kExportColumns, name, &ExportColumn::name);
  if (found == kExportColumns.end()) throw std::invalid_argument("no such column");
  return static_cast<std::size_t>(found - kExportColumns.begin());
}

Cell known(const std::string& text) {
  return text.empty() ? Cell{} : Cell{text};
}

Cell known(const std::optional<payment::Time>& time) {
  return time ? Cell{instant(*time)} : Cell{};
}

Cell text(std::string_view text) {
  return std::string(text);
}

void fill(ExportRow& row, const payment::Transaction& transaction) {
  std::string amount;
  snap::append_amount(amount, transaction.amount.hundredths);
  row[column("reference_no")] = transaction.reference_no;
  row[column("kind")] = text(payment::name_of(transaction.kind));
  row[column("state")] = text(payment::name_of(transaction.state));
  row[column("creation_external_id")] = transaction.external_id;
  row[column("partner_reference_no")] = known(transaction.partner_reference_no);
  row[column("merchant_id")] = known(transaction.merchant_id);
  row[column("amount")] = amount;
  row[column("amount_hundredths")] = transaction.amount.hundredths;
  row[column("currency")] = transaction.amount.currency;
  row[column("created_at")] = instant(transaction.created_at);
  row[column("expires_at")] = instant(transaction.expires_at);
  row[column("paid_at")] = known(transaction.paid_at);
  row[column("refunded_at")] = known(transaction.refunded_at);
  row[column("refund_no")] = known(transaction.refund_no);
  row[column("trx_id")] = known(transaction.trx_id);
  row[column("partner_service_id")] = known(transaction.partner_service_id);
  row[column("customer_no")] = known(transaction.customer_no);
  row[column("virtual_account_no")] = known(transaction.virtual_account_no);
  row[column("virtual_account_name")] = known(transaction.virtual_account_name);
}

void fill(ExportRow& row, const payment::EventPtr& event) {
  std::string fingerprint;
  snap::append_hex(fingerprint, event->call.fingerprint);
  row[column("record")] = text("event");
  row[column("action")] = text(payment::name_of(event->action));
  row[column("partner")] = event->transaction->partner;
  row[column("service")] = std::int64_t{event->call.service};
  row[column("external_id")] = known(event->call.external_id);
  row[column("fingerprint")] = fingerprint;
  row[column("action_no")] = known(event->action_no);
  row[column("partner_action_no")] = known(event->partner_action_no);
  row[column("rendering")] = std::int64_t{event->rendering};
  row[column("request")] = known(event->call.request);
  fill(row, *event->transaction);
}

void fill(ExportRow& row, const payment::NotFoundYet& word) {
  row[column("record")] = text("notFoundYet");
  row[column("partner")] = word.partner;
  row[column("service")] = std::int64_t{word.service};
  row[column("external_id")] = known(word.external_id);
  row[column("trx_id")] = known(word.trx_id);
  row[column("until")] = instant(word.until);
}

void fill(ExportRow& row, const payment::TimeMark&) {
  row[column("record")] = text("timeMark");
}

std::string csv_text(const Cell& cell) {
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return std::to_string(*number);
  const auto* const text = std::get_if<std::string>(&cell);
  if (text == nullptr) return "";
  if (text->find_first_of("\",\r\n") == std::string::npos) return *text;
  std::string quoted = "\"";
  for (const char c : *text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

}  // namespace

ExportRow export_row(std::uint64_t sequence, const payment::Record& record) {
  ExportRow row;
  row[column("sequence")] = static_cast<std::int64_t>(sequence);
  row[column("at")] = instant(payment::time_of(record));
  std::visit([&row](const auto& kind) { fill(row, kind); }, record);
  return row;
}

std::string csv_line(const ExportRow& row) {
  std::string line;
  for (const Cell& cell : row) {
    if (&cell != row.data()) line += ',';
    line += csv_text(cell);
  }
  return line + "\r\n";
}

std::string csv_header() {
  std::string line;
  for (const ExportColumn& column : kExportColumns) {
    if (!line.empty()) line += ',';
    line += column.name;
  }
  return line + "\r\n";
}

}  // namespace batal::app
