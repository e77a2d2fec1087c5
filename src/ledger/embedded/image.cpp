#include "ledger/embedded/image.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <boost/container/small_vector.hpp>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace batal::ledger {
namespace {

using payment::EventPtr;
using payment::Key;
using payment::Standing;
using payment::Time;
using payment::TransactionPtr;

Key reference_of(const payment::Transaction& transaction) {
  return {.by = Key::By::Reference, .partner = transaction.partner, .id = transaction.reference_no};
}

bool bears(const payment::Record& record, const Key& key) {
  const auto keys = keys_of(record);
  return std::ranges::find(keys, key) != keys.end();
}

}  // namespace

KeyHash random_key_hash() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium finds no source of random numbers");
  std::array<unsigned char, crypto_shorthash_KEYBYTES> secret;
  crypto_shorthash_keygen(secret.data());
  return [secret](const Key& key, std::uint32_t tweak) {
    const auto partner_bytes = static_cast<std::uint32_t>(key.partner.size());
    std::array<unsigned char, 2 + sizeof tweak + sizeof partner_bytes> head{
        static_cast<unsigned char>(key.by), key.service};
    std::memcpy(&head[2], &tweak, sizeof tweak);
    std::memcpy(&head[2 + sizeof tweak], &partner_bytes, sizeof partner_bytes);

    constexpr std::size_t kMostKeysBytes = 192;
    boost::container::small_vector<unsigned char, kMostKeysBytes> text(head.begin(), head.end());
    text.insert(text.end(), key.partner.begin(), key.partner.end());
    text.insert(text.end(), key.id.begin(), key.id.end());
    std::uint64_t hash = 0;
    static_assert(sizeof hash == crypto_shorthash_BYTES);
    crypto_shorthash(reinterpret_cast<unsigned char*>(&hash), text.data(), text.size(),
                     secret.data());
    return hash;
  };
}

bool Image::SameLive::operator()(const Live& a, const Live& b) const {
  return a.transaction->reference_no == b.transaction->reference_no &&
         a.transaction->partner == b.transaction->partner;
}

bool Image::SameLive::operator()(const Named& name, const Live& live) const {
  return name.reference == reference_of(*live.transaction);
}

// Two with the same hash and the same expiry are due together and have an entry each.
bool Image::SameLive::operator()(const Expiry& expiry, const Live& live) const {
  return expiry.hash == live.hash && expiry.at == live.transaction->expires_at;
}

Image::Image(ReadRecord read, KeyHash hash) : read_(std::move(read)), hash_(std::move(hash)) {}

void Image::apply(const payment::Record& record, Position position) {
  last_record_at_ = std::max(last_record_at_, time_of(record));
  if (const auto* event = std::get_if<EventPtr>(&record)) return apply_event(*event, position);
  for (const Key& key : keys_of(record)) put(key, position);
}

void Image::apply_event(const EventPtr& event, Position position) {
  const TransactionPtr& transaction = event->transaction;
  const Key reference = reference_of(*transaction);
  const std::uint64_t hash = hash_(reference, 0);
  if (const auto before = live_.find(Named{hash, reference}); before != live_.end())
    live_.erase(before);
  const bool lives = is_live(transaction->state);
  if (lives) {
    live_.insert(Live{hash, transaction});
    expiries_.push({transaction->expires_at, hash});
  }
  for (const Key& key : keys_of(event))
    if (key != reference || !lives) put(key, position);
}

std::uint64_t Image::slot(const Key& key, std::uint32_t tweak) const {
  constexpr std::uint64_t kByBits = 3;
  return (hash_(key, tweak) & ~kByBits) | static_cast<std::uint64_t>(key.by);
}

void Image::put(const Key& key, Position position) {
  for (std::uint32_t tweak = 0;; ++tweak) {
    const auto [entry, is_new] = index_.try_emplace(slot(key, tweak), position);
    if (is_new) return;
    if (bears(read_(entry->second), key)) {
      entry->second = position;
      return;
    }
  }
}

std::optional<Image::Found> Image::find(const Key& key) const {
  for (std::uint32_t tweak = 0;; ++tweak) {
    const auto entry = index_.find(slot(key, tweak));
    if (entry == index_.end()) return std::nullopt;
    auto record = read_(entry->second);
    if (bears(record, key)) return Found{entry->second, std::move(record)};
  }
}

TransactionPtr Image::live(const Key& reference) const {
  const auto found = live_.find(Named{hash_(reference, 0), reference});
  return found == live_.end() ? nullptr : found->transaction;
}

Standing Image::standing(const Key& key) const {
  Standing standing;
  if (key.by == Key::By::Reference) standing.transaction = live(key);
  if (standing.transaction) return standing;
  const auto found = find(key);
  if (!found) return standing;
  if (const auto* event = std::get_if<EventPtr>(&found->record)) {
    standing.event = *event;
    standing.transaction = present(*event, found->position);
  } else {
    standing.not_found_yet = std::get<payment::NotFoundYet>(found->record);
  }
  return standing;
}

TransactionPtr Image::present(const EventPtr& event, Position position) const {
  const Key reference = reference_of(*event->transaction);
  if (auto transaction = live(reference)) return transaction;
  const auto latest = find(reference);
  if (!latest || latest->position == position) return event->transaction;
  return std::get<EventPtr>(latest->record)->transaction;
}

payment::View Image::view(const payment::Command& command) const {
  const auto keys = keys_of(command);
  payment::View view;
  view.last_record_at = last_record_at_;
  if (keys.identity) view.identity = standing(*keys.identity);
  for (const Key& key : keys.transaction) view.transaction.push_back(standing(key));
  if (keys.trx_id) view.trx_id = standing(*keys.trx_id);
  if (keys.va_number) view.va_number = standing(*keys.va_number);
  return view;
}

std::optional<Time> Image::next_expiry() const {
  if (expiries_.empty()) return std::nullopt;
  return expiries_.top().at;
}

std::optional<TransactionPtr> Image::due(Time now) {
  if (expiries_.empty() || expiries_.top().at > now) return std::nullopt;
  const auto found = live_.find(expiries_.top());
  if (found != live_.end()) return found->transaction;
  expiries_.pop();
  return nullptr;
}

}  // namespace batal::ledger
