#include "ledger/archive/chain_check.h"

#include <fmt/format.h>

#include "ledger/archive/finding.h"

namespace batal::ledger {
namespace {

using payment::EventPtr;

std::string place(Position position) {
  return fmt::format("byte {} of segment {}", position.offset, position.segment);
}

}  // namespace

ChainCheck::ChainCheck(FileDoor& door, const Path& folder, const LedgerId& ledger,
                       std::size_t newest)
    : door_(door), folder_(folder), frames_(door, folder, ledger), newest_(newest) {}

std::optional<Mac> ChainCheck::follow(const Reader& reader, const Reader::Entry& entry) {
  const auto* const event = std::get_if<EventPtr>(&entry.stored.record);
  if (event == nullptr || (*event)->action == payment::Action::Create) {
    check_is_first(entry);
    if (event != nullptr) remember(entry, (*event)->transaction);
    return Mac{};
  }
  const auto previous = previous_of(reader, entry);
  note_named(entry);
  remember(entry, (*event)->transaction);
  if (!previous) {
    ++links_into_pruned_;
    return std::nullopt;
  }
  check_is_of(*previous, entry);
  return previous->mac;
}

void ChainCheck::check_is_first(const Reader::Entry& entry) const {
  if (entry.stored.previous != Position{})
    fail_at(folder_, entry,
            fmt::format("names a record before it, at {}, where none can be: it was changed",
                        place(entry.stored.previous)));
}

std::optional<ChainCheck::Known> ChainCheck::previous_of(const Reader& reader,
                                                         const Reader::Entry& entry) {
  const Position previous = entry.stored.previous;
  if (previous == Position{})
    fail_at(folder_, entry, "names no record of its transaction before it: it was changed");
  if (previous >= entry.position)
    fail_at(folder_, entry,
            fmt::format("names {} as the record of its transaction before it, which is not before "
                        "it: it was changed or reordered",
                        place(previous)));
  const Known& known = place_of(previous);
  return known.position == previous ? known : read(reader, entry);
}

std::optional<ChainCheck::Known> ChainCheck::read(const Reader& reader,
                                                  const Reader::Entry& entry) {
  const Position previous = entry.stored.previous;
  const bool is_near = previous.segment == entry.position.segment;
  if (!is_near && is_pruned(previous.segment)) return std::nullopt;
  try {
    const StoredRecord stored =
        is_near ? frames_.read(reader.segment_bytes().subspan(previous.offset), previous)
                : frames_.read(previous);
    const auto* const event = std::get_if<EventPtr>(&stored.record);
    return Known{.position = previous,
                 .sequence = stored.sequence,
                 .mac = stored.mac,
                 .transaction = event == nullptr ? nullptr : (*event)->transaction};
  } catch (const LedgerError& error) {
    if (is_pruned(previous.segment)) return std::nullopt;
    fail_at(folder_, entry,
            fmt::format("names {} as the record of its transaction before it, and {}",
                        place(previous), error.what()));
  }
}

bool ChainCheck::is_pruned(std::uint32_t segment) const {
  return door_.open(folder_ / pruned_name(segment), OpenFor::Reading).has_value();
}

void ChainCheck::check_is_of(const Known& previous, const Reader::Entry& entry) const {
  const auto& transaction = *std::get<EventPtr>(entry.stored.record)->transaction;
  if (previous.transaction && previous.sequence < entry.stored.sequence &&
      previous.transaction->reference_no == transaction.reference_no &&
      previous.transaction->partner == transaction.partner)
    return;
  fail_at(folder_, entry,
          fmt::format("names record {} at {} as the one of its transaction before it, which is of "
                      "another: it was changed",
                      previous.sequence, place(previous.position)));
}

// Frames are longer than their header: no two of them share a bit.
void ChainCheck::note_named(const Reader::Entry& entry) {
  const auto [segment, offset] = entry.stored.previous;
  if (named_.size() <= segment) named_.resize(segment + 1);
  std::vector<bool>& bits = named_[segment];
  const std::size_t bit = offset / kFrameHeaderBytes;
  if (bits.size() <= bit) bits.resize(std::max(bit + 1, bits.size() * 2));
  if (bits[bit])
    fail_at(folder_, entry,
            fmt::format("names the record at {} as the one of its transaction before it, as an "
                        "earlier one does: it was inserted, or one between them was left out",
                        place(entry.stored.previous)));
  bits[bit] = true;
}

void ChainCheck::remember(const Reader::Entry& entry, const payment::TransactionPtr& transaction) {
  place_of(entry.position) = {.position = entry.position,
                              .sequence = entry.stored.sequence,
                              .mac = entry.stored.mac,
                              .transaction = transaction};
}

ChainCheck::Known& ChainCheck::place_of(Position position) {
  constexpr std::uint64_t kSpread = 0x9E37'79B9'7F4A'7C15;  // the golden ratio's digits
  const std::uint64_t mixed = (std::uint64_t{position.segment} << 32 | position.offset) * kSpread;
  return newest_[(mixed >> 32) % newest_.size()];
}

}  // namespace batal::ledger
