#include "ledger/embedded/image/live_set.h"

#include <algorithm>
#include <functional>
#include <new>
#include <stdexcept>

#include "ledger/embedded/log/record_codec.h"

namespace batal::ledger {
namespace {

using payment::Key;
using payment::Time;
using payment::Transaction;

}  // namespace

bool LiveSet::SameSlot::operator()(const Slot& a, const Slot& b) const {
  return (*this)(Name{a.hash, a.entry->data().first(a.entry->names_bytes)}, b);
}

bool LiveSet::SameSlot::operator()(const Name& name, const Slot& slot) const {
  return name.hash == slot.hash &&
         std::ranges::equal(name.names, slot.entry->data().first(slot.entry->names_bytes));
}

// Two with the same hash and the same expiry are due together and have an entry each.
bool LiveSet::SameSlot::operator()(const Expiry& expiry, const Slot& slot) const {
  return expiry.hash == slot.hash && expiry.at == slot.entry->expires_at;
}

void LiveSet::insert(const Transaction& transaction, std::span<const std::uint8_t> bytes,
                     const Link& link) {
  const Name name = name_of(
      {.by = Key::By::Reference, .partner = transaction.partner, .id = transaction.reference_no});
  const bool is_whole = bytes.size() <= kBytesMax;
  const auto kept = is_whole ? bytes : bytes.first(name.names.size());
  std::unique_ptr<Entry, Free> entry(new (::operator new(sizeof(Entry) + kept.size())) Entry{
      .link = link,
      .expires_at = transaction.expires_at,
      .names_bytes = static_cast<std::uint32_t>(name.names.size()),
      .bytes = static_cast<std::uint32_t>(kept.size()),
      .is_whole = is_whole});
  std::ranges::copy(kept, reinterpret_cast<std::uint8_t*>(entry.get() + 1));
  set_.insert(Slot{name.hash, std::move(entry)});
  expiries_.push_back({transaction.expires_at, name.hash});
  std::ranges::push_heap(expiries_, std::greater{});
  compact();
}

// What has ended stays in the heap until its expiry, or until it is the greater part of it.
void LiveSet::compact() {
  constexpr std::size_t kFewest = 1024;
  if (expiries_.size() < kFewest || expiries_.size() <= 2 * set_.size()) return;
  expiries_.clear();
  for (const Slot& slot : set_) expiries_.push_back({slot.entry->expires_at, slot.hash});
  std::ranges::make_heap(expiries_, std::greater{});
}

// As encode() begins a transaction. Good until the next call.
LiveSet::Name LiveSet::name_of(const Key& reference) const {
  names_.clear();
  append_text(reference.id, names_);
  append_text(reference.partner, names_);
  return {hash_(reference), names_};
}

void LiveSet::erase(const Key& reference) {
  const auto slot = set_.find(name_of(reference));
  if (slot != set_.end()) set_.erase(slot);
}

std::optional<LiveSet::Found> LiveSet::find(const Key& reference) const {
  const auto slot = set_.find(name_of(reference));
  if (slot == set_.end()) return std::nullopt;
  return found(*slot);
}

std::optional<Link> LiveSet::link_of(const Key& reference) const {
  const auto slot = set_.find(name_of(reference));
  if (slot == set_.end()) return std::nullopt;
  return slot->entry->link;
}

LiveSet::Found LiveSet::found(const Slot& slot) const {
  Found found{.link = slot.entry->link, .transaction = nullptr};
  if (!slot.entry->is_whole) return found;
  auto transaction = decode_transaction(slot.entry->data());
  if (!transaction) throw std::logic_error("a live transaction is broken: " + transaction.error());
  found.transaction = *std::move(transaction);
  return found;
}

std::optional<Time> LiveSet::next_expiry() const {
  if (expiries_.empty()) return std::nullopt;
  return expiries_.front().at;
}

std::optional<LiveSet::Found> LiveSet::due(Time now) {
  if (expiries_.empty() || expiries_.front().at > now) return std::nullopt;
  const auto slot = set_.find(expiries_.front());
  if (slot != set_.end()) return found(*slot);
  pass_over_due();
  return Found{};
}

void LiveSet::pass_over_due() {
  std::ranges::pop_heap(expiries_, std::greater{});
  expiries_.pop_back();
}

}  // namespace batal::ledger
