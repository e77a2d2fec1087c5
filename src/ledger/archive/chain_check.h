// Whether each event names the one before it of its transaction: an earlier one, of the same
// transaction, that no other event has named. Then none was left out, and none stands between.
//
// In memory: the newest events, and a bit for each 64 bytes of log. What is older is read again, as
// long as it has not been pruned; a link to what has been cannot be checked.
//
// One thread at a time.
#pragma once

#include <optional>
#include <vector>

#include "ledger/embedded/log/frame_reader.h"
#include "ledger/embedded/reader.h"

namespace batal::ledger {

class ChainCheck {
 public:
  static constexpr std::size_t kNewest = 1 << 14;  // events remembered

  ChainCheck(FileDoor& door, const Path& folder, const LedgerId& ledger,
             std::size_t newest = kNewest);

  // Takes the log's next record and returns the MAC that it is sealed onto: zeros for the first of
  // a chain, nothing where the record before it was pruned. Throws LedgerError that names the
  // record and what is wrong with its link.
  std::optional<Mac> follow(const Reader& reader, const Reader::Entry& entry);

  std::uint64_t links_into_pruned() const { return links_into_pruned_; }

 private:
  struct Known {
    Position position;
    std::uint64_t sequence = 0;
    Mac mac{};
    payment::TransactionPtr transaction;
  };

  void check_is_first(const Reader::Entry& entry) const;
  std::optional<Known> previous_of(const Reader& reader, const Reader::Entry& entry);
  std::optional<Known> read(const Reader& reader, const Reader::Entry& entry);
  bool is_pruned(std::uint32_t segment) const;
  void check_is_of(const Known& previous, const Reader::Entry& entry) const;
  void note_named(const Reader::Entry& entry);
  void remember(const Reader::Entry& entry, const payment::TransactionPtr& transaction);
  Known& place_of(Position position);

  FileDoor& door_;
  const Path folder_;
  FrameReader frames_;
  std::vector<Known> newest_;             // each in its place_of()
  std::vector<std::vector<bool>> named_;  // by segment, then by offset / kFrameHeaderBytes
  std::uint64_t links_into_pruned_ = 0;
};

}  // namespace batal::ledger
