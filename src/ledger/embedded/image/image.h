// What the log says, in memory: the live transactions, and the keys of segments that no index holds
// yet. What stands behind the keys of sealed segments is the look-up's to find (lookup.h); here is
// only the filter that knows most absent keys.
//
// Whatever a hash finds is confirmed by reading the record, so that a collision costs a read and
// never an answer.
//
// A cancel of a live transaction by its reference number under an unseen identity touches memory
// only. Finished transactions and earlier events are read back from the log.
//
// Belongs to the ledger's thread.
#pragma once

#include <boost/container/static_vector.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>

#include "ledger/embedded/image/key_hash.h"
#include "ledger/embedded/image/key_table.h"
#include "ledger/embedded/image/live_set.h"
#include "ledger/embedded/index/index.h"
#include "ledger/embedded/log/frame_reader.h"
#include "payment/decide.h"
#include "payment/keys.h"

namespace batal::ledger {

// The record at a position that apply() was given, or that a live transaction came with. Throws
// LedgerError.
using ReadRecord = std::function<StoredRecord(Position)>;

// What sealed segments hold under a key.
struct LookedUp {
  payment::Key key;            // of a command that is still there
  payment::Standing standing;  // as those segments tell it
  Link latest;                 // the newest record there of the standing's transaction
};
inline constexpr std::size_t kCommandKeysMax = 7;
using LookedUpKeys = boost::container::static_vector<LookedUp, kCommandKeysMax>;
using CommandKeys = boost::container::static_vector<payment::Key, kCommandKeysMax>;

// All keys of a command.
CommandKeys all_keys(const payment::Command& command);

class Image {
 public:
  Image(ReadRecord read, KeyHash hash);

  // The record is the newest of all. It must be readable at its position from now on.
  void apply(const payment::Record& record, const Link& at);

  // The same for a record of a segment that the index holds: only what it makes of live
  // transactions is taken over.
  void apply_sealed(const payment::Record& record, const Link& at);

  // A live transaction as a snapshot kept it, and how late it was then. What cannot be decoded is a
  // LedgerError.
  void load_live(std::span<const std::uint8_t> encoded, const Link& newest);
  void load_time(payment::Time last_record_at);
  void forget_live() { live_ = LiveSet(hash_); }

  // From now on the index answers for the segments of `sealed`. Their tables stay until they are
  // dropped, for look-ups under way were made without them.
  void use(SealedPtr sealed) { sealed_ = std::move(sealed); }
  const Sealed& sealed() const { return *sealed_; }
  void drop_tables(std::uint32_t through);

  // The first segment that a table is kept of; where there is none, one that will never be.
  std::uint32_t first_table() const;

  // What stands behind a command's keys. Where sealed segments may have something under a key of
  // which memory knows nothing, the view is not to be used: it can be seen again when what those
  // segments have under may_be_sealed() is `known`. May read the log: throws LedgerError.
  struct Seen {
    payment::View view;
    bool is_whole = true;
  };
  Seen see(const payment::Command& command) const;
  payment::View see(const payment::Command& command, std::span<const LookedUp> known) const;

  // The keys of a command that sealed segments may have, also where memory has something newer: the
  // table that has it may be dropped before the command is seen again.
  CommandKeys may_be_sealed(const payment::Command& command) const;

  // What the next event of a transaction is sealed onto. `known` as for see().
  Link link_of(const payment::Transaction& transaction, std::span<const LookedUp> known = {}) const;

  payment::Time last_record_at() const { return last_record_at_; }
  std::optional<payment::Time> next_expiry() const { return live_.next_expiry(); }

  // One step of a sweep (LiveSet::due). Null where the step only forgot one that is no longer live.
  // Throws LedgerError where its record cannot be read; then it comes again, or is passed over.
  std::optional<payment::TransactionPtr> due(payment::Time now);
  void pass_over_due() { live_.pass_over_due(); }

  std::size_t live_count() const { return live_.size(); }

 private:
  struct Table {
    std::uint32_t segment;
    KeyTable keys;
  };
  struct Found {
    Position position;
    StoredRecord stored;
  };
  struct Look;  // one see()
  payment::View view(const payment::Command& command, Look& look) const;

  bool apply_to_live(const payment::Event& event, const Link& at);
  void put(const payment::Key& key, Position position);
  bool bears(Position position, const payment::Key& key) const;
  std::optional<Found> find(const payment::Key& key, std::uint64_t hash) const;
  payment::TransactionPtr live(const payment::Key& reference) const;
  payment::TransactionPtr present(const payment::Transaction& transaction) const;

  ReadRecord read_;
  KeyHash hash_;
  LiveSet live_;
  std::deque<Table> tables_;  // by segment, the newest last
  SealedPtr sealed_ = std::make_shared<const Sealed>();
  payment::Time last_record_at_{};
  Bytes encoded_;
};

}  // namespace batal::ledger
