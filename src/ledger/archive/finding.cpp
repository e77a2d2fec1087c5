#include "ledger/archive/finding.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace batal::ledger {
namespace {

std::string description(const payment::EventPtr& event) {
  return fmt::format("{} of {}", payment::name_of(event->action), event->transaction->reference_no);
}

std::string description(const payment::NotFoundYet& word) {
  return fmt::format("word that {} was not found",
                     word.external_id.empty() ? word.trx_id : word.external_id);
}

std::string description(const payment::TimeMark&) {
  return "time mark";
}

}  // namespace

std::string description(const payment::Record& record) {
  return std::visit([](const auto& kind) { return description(kind); }, record);
}

std::string name_of(const Path& folder, const Reader::Entry& entry) {
  return fmt::format(
      "{} at byte {}: record {} ({})", (folder / segment_name(entry.position.segment)).string(),
      entry.position.offset, entry.stored.sequence, description(entry.stored.record));
}

void fail_at(const Path& folder, const Reader::Entry& entry, std::string_view what) {
  throw LedgerError(fmt::format("{} {}", name_of(folder, entry), what));
}

std::string text_of(payment::Time time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%FT%TZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(second)));
}

}  // namespace batal::ledger
