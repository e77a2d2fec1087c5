#include "ledger/embedded/image/image.h"

#include <algorithm>
#include <limits>
#include <ranges>
#include <utility>

#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/log/record_codec.h"

namespace batal::ledger {
namespace {

using payment::Event;
using payment::EventPtr;
using payment::Key;
using payment::Standing;
using payment::Transaction;
using payment::TransactionPtr;

Key reference_of(const Transaction& transaction) {
  return {.by = Key::By::Reference, .partner = transaction.partner, .id = transaction.reference_no};
}

bool is_of(const Transaction& transaction, const Transaction& other) {
  return reference_of(transaction) == reference_of(other);
}

}  // namespace

CommandKeys all_keys(const payment::Command& command) {
  const payment::Keys keys = keys_of(command);
  CommandKeys all;
  if (keys.identity) all.push_back(*keys.identity);
  all.insert(all.end(), keys.transaction.begin(), keys.transaction.end());
  if (keys.trx_id) all.push_back(*keys.trx_id);
  if (keys.va_number) all.push_back(*keys.va_number);
  return all;
}

Image::Image(ReadRecord read, KeyHash hash)
    : read_(std::move(read)), hash_(hash), live_(std::move(hash)) {}

void Image::apply(const payment::Record& record, const Link& at) {
  load_time(time_of(record));
  if (tables_.empty() || tables_.back().segment != at.position.segment)
    tables_.push_back(
        {at.position.segment, KeyTable(tables_.empty() ? 0 : tables_.back().keys.size())});
  const auto* const event = std::get_if<EventPtr>(&record);
  const bool lives = event != nullptr && apply_to_live(**event, at);
  for (const Key& key : keys_of(record))
    if (!lives || key.by != Key::By::Reference) put(key, at.position);
}

void Image::apply_sealed(const payment::Record& record, const Link& at) {
  load_time(time_of(record));
  if (const auto* const event = std::get_if<EventPtr>(&record)) apply_to_live(**event, at);
}

// Whether the event leaves its transaction live.
bool Image::apply_to_live(const Event& event, const Link& at) {
  const Transaction& transaction = *event.transaction;
  live_.erase(reference_of(transaction));
  if (!is_live(transaction.state)) return false;
  encoded_.clear();
  encode(transaction, encoded_);
  live_.insert(transaction, encoded_, at);
  return true;
}

void Image::load_live(std::span<const std::uint8_t> encoded, const Link& newest) {
  const auto transaction = decode_transaction(encoded);
  if (!transaction)
    throw LedgerError("the snapshot holds a broken transaction: " + transaction.error());
  live_.insert(**transaction, encoded, newest);
}

void Image::load_time(payment::Time last_record_at) {
  last_record_at_ = std::max(last_record_at_, last_record_at);
}

void Image::drop_tables(std::uint32_t through) {
  while (!tables_.empty() && tables_.front().segment <= through) tables_.pop_front();
}

std::uint32_t Image::first_table() const {
  return tables_.empty() ? std::numeric_limits<std::uint32_t>::max() : tables_.front().segment;
}

void Image::put(const Key& key, Position position) {
  tables_.back().keys.put(slot_of(hash_, key), position.offset, [&](std::uint32_t offset) {
    return bears({position.segment, offset}, key);
  });
}

bool Image::bears(Position position, const Key& key) const {
  const StoredRecord stored = read_(position);
  const auto keys = keys_of(stored.record);
  return std::ranges::find(keys, key) != keys.end();
}

std::optional<Image::Found> Image::find(const Key& key, std::uint64_t hash) const {
  for (const Table& table : tables_ | std::views::reverse) {
    for (const std::uint32_t offset : table.keys.find(hash)) {
      const Position position{table.segment, offset};
      StoredRecord stored = read_(position);
      const auto keys = keys_of(stored.record);
      if (std::ranges::find(keys, key) != keys.end()) return Found{position, std::move(stored)};
    }
  }
  return std::nullopt;
}

TransactionPtr Image::live(const Key& reference) const {
  const auto found = live_.find(reference);
  if (!found) return nullptr;
  if (found->transaction) return found->transaction;
  return std::get<EventPtr>(read_(found->link.position).record)->transaction;
}

// As memory tells it; null where it knows nothing newer than sealed segments do.
TransactionPtr Image::present(const Transaction& transaction) const {
  const Key reference = reference_of(transaction);
  if (auto is_live = live(reference)) return is_live;
  const auto latest = find(reference, slot_of(hash_, reference));
  return latest ? std::get<EventPtr>(latest->stored.record)->transaction : nullptr;
}

struct Image::Look {
  const Image& image;
  std::optional<std::span<const LookedUp>> known;
  bool is_whole = true;

  Standing operator()(const Key& key) {
    Standing standing;
    if (key.by == Key::By::Reference) standing.transaction = image.live(key);
    if (standing.transaction) return standing;
    const std::uint64_t hash = slot_of(image.hash_, key);
    if (const auto found = image.find(key, hash)) return told_by(found->stored.record);
    if (known) return told_by(*known, key);
    if (image.sealed_->may_contain(hash)) is_whole = false;
    return standing;
  }

  Standing told_by(std::span<const LookedUp> sealed, const Key& key) const {
    const auto found = std::ranges::find(sealed, key, &LookedUp::key);
    return found == sealed.end() ? Standing{} : up_to_date(found->standing);
  }

  Standing told_by(const payment::Record& record) const {
    Standing standing;
    if (const auto* event = std::get_if<EventPtr>(&record)) {
      standing.event = *event;
      standing.transaction = (*event)->transaction;
      return up_to_date(std::move(standing));
    }
    standing.not_found_yet = std::get<payment::NotFoundYet>(record);
    return standing;
  }

  Standing up_to_date(Standing standing) const {
    if (!standing.transaction) return standing;
    if (auto now = image.present(*standing.transaction)) standing.transaction = std::move(now);
    return standing;
  }
};

Image::Seen Image::see(const payment::Command& command) const {
  Look look{.image = *this, .known = std::nullopt};
  payment::View seen = view(command, look);
  return {std::move(seen), look.is_whole};
}

payment::View Image::see(const payment::Command& command, std::span<const LookedUp> known) const {
  Look look{.image = *this, .known = known};
  return view(command, look);
}

CommandKeys Image::may_be_sealed(const payment::Command& command) const {
  CommandKeys keys = all_keys(command);
  const auto is_not = [this](const Key& key) { return !sealed_->may_contain(slot_of(hash_, key)); };
  keys.erase(std::remove_if(keys.begin(), keys.end(), is_not), keys.end());
  return keys;
}

payment::View Image::view(const payment::Command& command, Look& look) const {
  const auto keys = keys_of(command);
  payment::View view;
  view.last_record_at = last_record_at_;
  if (keys.identity) view.identity = look(*keys.identity);
  for (const Key& key : keys.transaction) view.transaction.push_back(look(key));
  if (keys.trx_id) view.trx_id = look(*keys.trx_id);
  if (keys.va_number) view.va_number = look(*keys.va_number);
  return view;
}

Link Image::link_of(const Transaction& transaction, std::span<const LookedUp> known) const {
  const Key reference = reference_of(transaction);
  if (const auto link = live_.link_of(reference)) return *link;
  if (const auto found = find(reference, slot_of(hash_, reference)))
    return {found->position, found->stored.mac};
  for (const LookedUp& looked_up : known) {
    const TransactionPtr& other = looked_up.standing.transaction;
    if (other && is_of(*other, transaction)) return looked_up.latest;
  }
  return {};
}

std::optional<TransactionPtr> Image::due(payment::Time now) {
  const auto step = live_.due(now);
  if (!step) return std::nullopt;
  if (step->transaction || step->link.position.segment == 0) return step->transaction;
  return std::get<EventPtr>(read_(step->link.position).record)->transaction;
}

}  // namespace batal::ledger
