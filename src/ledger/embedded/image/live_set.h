// The live transactions, in memory: their decision data, and who of them expires next.
//
// A transaction is kept as its encoded bytes (record_codec.h). One of more than kBytesMax is left
// in the log, and only its names are kept: whoever asks for it reads its record. So a transaction
// takes at most 500 bytes, whatever its details.
//
// One thread at a time.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ledger/embedded/image/key_hash.h"
#include "ledger/embedded/log/segment.h"

namespace batal::ledger {

class LiveSet {
 public:
  static constexpr std::size_t kBytesMax = 300;

  explicit LiveSet(KeyHash hash) : hash_(std::move(hash)) {}

  struct Found {
    Link link;                            // of its newest event
    payment::TransactionPtr transaction;  // null: read the record at the link's position
  };

  // `bytes` is the encoded transaction.
  void insert(const payment::Transaction& transaction, std::span<const std::uint8_t> bytes,
              const Link& link);
  void erase(const payment::Key& reference);
  std::optional<Found> find(const payment::Key& reference) const;
  std::optional<Link> link_of(const payment::Key& reference) const;  // of its newest event
  std::size_t size() const { return set_.size(); }

  // The expiry that comes first; it may be of a transaction that is no longer live.
  std::optional<payment::Time> next_expiry() const;

  // One step of a sweep: the live transaction whose expiry has come and came first. Its
  // `transaction` and position are empty where the step only forgot one that is no longer live;
  // nothing where none is due. A transaction is returned until it is erased.
  std::optional<Found> due(payment::Time now);

  // Forgets the expiry that is due first; its transaction stays.
  void pass_over_due();

 private:
  // One allocation each: this head and the bytes behind it.
  struct Entry {
    Link link;
    payment::Time expires_at;
    std::uint32_t names_bytes;  // of the encoded reference number and partner, which come first
    std::uint32_t bytes;
    bool is_whole;

    std::span<const std::uint8_t> data() const {
      return {reinterpret_cast<const std::uint8_t*>(this + 1), bytes};
    }
  };
  struct Free {
    void operator()(Entry* entry) const { ::operator delete(entry); }
  };
  struct Slot {
    std::uint64_t hash;  // of the reference key
    std::unique_ptr<Entry, Free> entry;
  };
  struct Name {  // what a transaction is looked for by
    std::uint64_t hash;
    std::span<const std::uint8_t> names;
  };
  struct Expiry {
    payment::Time at;
    std::uint64_t hash;

    bool operator>(const Expiry& other) const { return at > other.at; }
  };
  struct SlotHash {
    using is_transparent = void;
    template <class T>
    std::size_t operator()(const T& of) const {
      return of.hash;
    }
  };
  struct SameSlot {
    using is_transparent = void;
    bool operator()(const Slot& a, const Slot& b) const;
    bool operator()(const Name& name, const Slot& slot) const;
    bool operator()(const Expiry& expiry, const Slot& slot) const;
    template <class T>
    bool operator()(const Slot& slot, const T& other) const {
      return (*this)(other, slot);
    }
  };

  Name name_of(const payment::Key& reference) const;
  Found found(const Slot& slot) const;
  void compact();

  KeyHash hash_;
  boost::unordered_flat_set<Slot, SlotHash, SameSlot> set_;
  std::vector<Expiry> expiries_;  // a heap, the first on top; at most about two for each live one
  mutable Bytes names_;           // of the last name_of()
};

}  // namespace batal::ledger
