#include "app/ledger_command.h"

#include <cstdio>

#include <fmt/format.h>

#include "ledger/embedded/reader.h"
#include "snap/amount.h"
#include "snap/json_writer.h"
#include "snap/signature.h"
#include "snap/time.h"

namespace batal::app {
namespace {

using payment::Event;
using payment::Transaction;
using snap::JsonWriter;

void write_transaction(JsonWriter& json, const Transaction& transaction) {
  std::string amount;
  snap::append_amount(amount, transaction.amount.hundredths);
  json.begin_object("transaction")
      .member("referenceNo", transaction.reference_no)
      .member("kind", payment::name_of(transaction.kind))
      .member("state", payment::name_of(transaction.state))
      .member("externalId", transaction.external_id)
      .known("partnerReferenceNo", transaction.partner_reference_no)
      .known("merchantId", transaction.merchant_id)
      .member("amount", amount)
      .member("currency", transaction.amount.currency)
      .member("createdAt", instant(transaction.created_at))
      .member("expiresAt", instant(transaction.expires_at))
      .known("trxId", transaction.trx_id)
      .known("partnerServiceId", transaction.partner_service_id)
      .known("customerNo", transaction.customer_no)
      .known("virtualAccountNo", transaction.virtual_account_no)
      .known("virtualAccountName", transaction.virtual_account_name);
  if (transaction.paid_at) json.member("paidAt", instant(*transaction.paid_at));
  if (transaction.refunded_at) json.member("refundedAt", instant(*transaction.refunded_at));
  json.known("refundNo", transaction.refund_no).end_object();
}

void write_record(JsonWriter& json, const payment::EventPtr& event) {
  std::string fingerprint;
  snap::append_hex(fingerprint, event->call.fingerprint);
  json.member("record", "event")
      .member("action", payment::name_of(event->action))
      .member("partner", event->transaction->partner)
      .number("service", event->call.service)
      .known("externalId", event->call.external_id)
      .member("fingerprint", fingerprint)
      .known("actionNo", event->action_no)
      .known("partnerActionNo", event->partner_action_no)
      .number("rendering", event->rendering);
  if (!event->call.request.empty()) json.raw("request", event->call.request);
  write_transaction(json, *event->transaction);
}

void write_record(JsonWriter& json, const payment::NotFoundYet& not_found) {
  json.member("record", "notFoundYet")
      .member("partner", not_found.partner)
      .number("service", not_found.service)
      .known("externalId", not_found.external_id)
      .known("trxId", not_found.trx_id)
      .member("until", instant(not_found.until));
}

void write_record(JsonWriter& json, const payment::TimeMark&) {
  json.member("record", "timeMark");
}

}  // namespace

std::string instant(payment::Time time) {
  const auto micros = time.time_since_epoch().count();
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const std::string whole = snap::compact_utc(second);
  return fmt::format("{}-{}-{}T{}:{}:{}.{:06}Z", whole.substr(0, 4), whole.substr(4, 2),
                     whole.substr(6, 2), whole.substr(8, 2), whole.substr(10, 2),
                     whole.substr(12, 2), ((micros % 1'000'000) + 1'000'000) % 1'000'000);
}

std::string json_line(std::uint64_t sequence, const payment::Record& record) {
  std::string line;
  JsonWriter json(line);
  json.begin_object()
      .number("sequence", static_cast<std::int64_t>(sequence))
      .member("at", instant(payment::time_of(record)));
  std::visit([&json](const auto& kind) { write_record(json, kind); }, record);
  json.end_object();
  return line;
}

int show_ledger(const std::filesystem::path& folder) {
  ledger::Reader reader(folder);
  while (const auto entry = reader.next()) {
    fmt::print("{}\n", json_line(entry->stored.sequence, entry->stored.record));
  }
  if (const auto& torn = reader.torn()) {
    fmt::print(
        stderr,
        "batal: {} bytes of a torn tail, or of a batch just being written, at byte {} of {}\n",
        torn->bytes, torn->offset, (folder / ledger::segment_name(torn->segment)).string());
  }
  return EXIT_SUCCESS;
}

}  // namespace batal::app
