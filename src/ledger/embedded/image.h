// What the log says, in memory: where the newest record under each key stands, and the live
// transactions themselves.
//
// A key is kept as a 64-bit hash only. Whatever the hash finds is confirmed by reading the record;
// where another key sits on the hash, the search goes on with the key's next hash (tweak 1, 2,
// ...), so that a collision costs a read and never an answer. The lowest two bits say what the key
// is by, so that two keys of one record, of which no two are by the same, cannot be taken for each
// other.
//
// A cancel of a live transaction by its reference number under an unseen identity touches memory
// only. Finished transactions and earlier events are read back from the log.
//
// Belongs to the ledger's thread.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <vector>

#include "ledger/embedded/segment.h"
#include "payment/decide.h"
#include "payment/keys.h"

namespace batal::ledger {

using KeyHash = std::function<std::uint64_t(const payment::Key& key, std::uint32_t tweak)>;

// SipHash under a key drawn at random: a caller who chooses identifiers cannot choose collisions.
KeyHash random_key_hash();

// The record at a position that apply() was given. Throws LedgerError.
using ReadRecord = std::function<payment::Record(Position)>;

class Image {
 public:
  Image(ReadRecord read, KeyHash hash);

  // The record is the newest of all. It must be readable at its position from now on.
  void apply(const payment::Record& record, Position position);

  // What stands behind a command's keys. May read the log: throws LedgerError.
  payment::View view(const payment::Command& command) const;

  payment::Time last_record_at() const { return last_record_at_; }

  // The expiry that comes first; it may be of a transaction that is no longer live.
  std::optional<payment::Time> next_expiry() const;

  // One step of a sweep: the live transaction whose expiry has come and came first. Null where the
  // step only forgot one that is no longer live; nothing where none is due. A transaction is
  // returned until an event has ended its life.
  std::optional<payment::TransactionPtr> due(payment::Time now);

 private:
  struct Live {
    std::uint64_t hash;  // of the transaction's reference key, tweak 0
    payment::TransactionPtr transaction;
  };
  struct Expiry {
    payment::Time at;
    std::uint64_t hash;  // as in Live

    bool operator>(const Expiry& other) const { return at > other.at; }
  };
  struct Named {
    std::uint64_t hash;
    const payment::Key& reference;
  };
  struct LiveHash {
    using is_transparent = void;
    template <class T>
    std::size_t operator()(const T& of) const {
      return of.hash;
    }
  };
  struct SameLive {
    using is_transparent = void;
    bool operator()(const Live& a, const Live& b) const;
    bool operator()(const Named& name, const Live& live) const;
    bool operator()(const Expiry& expiry, const Live& live) const;
    template <class T>
    bool operator()(const Live& live, const T& other) const {
      return (*this)(other, live);
    }
  };
  struct Found {
    Position position;
    payment::Record record;
  };

  void apply_event(const payment::EventPtr& event, Position position);
  std::uint64_t slot(const payment::Key& key, std::uint32_t tweak) const;
  void put(const payment::Key& key, Position position);
  std::optional<Found> find(const payment::Key& key) const;
  payment::TransactionPtr live(const payment::Key& reference) const;
  payment::Standing standing(const payment::Key& key) const;
  payment::TransactionPtr present(const payment::EventPtr& event, Position position) const;

  ReadRecord read_;
  KeyHash hash_;
  boost::unordered_flat_map<std::uint64_t, Position> index_;
  boost::unordered_flat_set<Live, LiveHash, SameLive> live_;
  std::priority_queue<Expiry, std::vector<Expiry>, std::greater<>> expiries_;
  payment::Time last_record_at_{};
};

}  // namespace batal::ledger
