// A ledger's folder as a test writes it by hand: a format file and segments of such records as it
// wants, each sealed onto the last one of its transaction.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ledger/commands.h"
#include "ledger/embedded/log/log.h"
#include "ledger/model.h"
#include "ledger/simulated_disk.h"
#include "ledger/test_key.h"

namespace batal::ledger {

inline const Path kLedgerFolder = "/ledger";

inline Path segment_path(std::uint32_t number) {
  return kLedgerFolder / segment_name(number);
}

class GrownLog {
 public:
  struct Entry {
    payment::Record record;
    Link link;
  };

  explicit GrownLog(SimulatedDisk& disk) : disk_(disk) {
    format.id.fill(0x5A);
    format.audit_key = key.id();
    write_format(disk_, kLedgerFolder, format);
    begin(1);
  }

  // Each record is on the disk at once, and durable.
  Link add(const payment::Record& record) {
    Link& previous = newest_[name_of(record)];
    const Position position{header_.number, static_cast<std::uint32_t>(segment_.size())};
    const Mac mac = append_frame(
        segment_, record,
        {.sequence = ++sequence_, .synced_up_to = sequence_ - 1, .previous = previous}, macs_);
    const Link link{position, mac};
    if (std::holds_alternative<payment::EventPtr>(record)) previous = link;
    entries.push_back({record, link});
    put();
    return link;
  }

  // Decides a command, and adds its event where it is accepted.
  payment::EventPtr run(const payment::Command& command, payment::Time now = kNoon) {
    const auto outcome = model_.run(command, now);
    if (outcome.result != payment::Outcome::Result::Accepted) return nullptr;
    add(outcome.event);
    return outcome.event;
  }

  // What comes next stands in the next segment.
  void seal() { begin(header_.number + 1); }

  LogEnd end() const {
    return {.segment = header_.number,
            .first_sequence = header_.first_sequence,
            .sequence = sequence_,
            .offset = segment_.size()};
  }

  ExpectedHeader expected(std::uint32_t number) const {
    return {.mode = format.mode,
            .ledger = format.id,
            .number = number,
            .first_sequence = first_sequences_.at(number)};
  }

  // The folder as a start finds it.
  OpenedFolder opened() const {
    return {.lock = nullptr,
            .format = format,
            .files = log_files(disk_.list(kLedgerFolder).value(), kLedgerFolder),
            .is_new = false};
  }

  // The link of a transaction's newest event.
  Link newest(const payment::EventPtr& event) { return newest_[name_of(event)]; }

  const AuditKey key = test_key();
  Format format;
  std::vector<Entry> entries;  // all records, in order

 private:
  static std::string name_of(const payment::Record& record) {
    const auto* const event = std::get_if<payment::EventPtr>(&record);
    return event == nullptr ? "" : (*event)->transaction->reference_no;
  }

  void begin(std::uint32_t number) {
    header_ = {.mode = format.mode,
               .ledger = format.id,
               .number = number,
               .bytes = kSegmentHeaderBytes,
               .first_sequence = sequence_ + 1};
    first_sequences_[number] = header_.first_sequence;
    segment_.assign(kSegmentHeaderBytes, 0);
    put();
  }

  // With some zeros behind the frames, as segments are made.
  void put() {
    constexpr std::size_t kZeros = 512;
    Bytes whole = segment_;
    whole.resize(whole.size() + kZeros);
    header_.bytes = static_cast<std::uint32_t>(whole.size());
    std::ranges::copy(encode(header_), whole.begin());
    disk_.put(segment_path(header_.number), std::move(whole));
  }

  SimulatedDisk& disk_;
  Macs macs_{key};
  Model model_;
  SegmentHeader header_;
  Bytes segment_;  // up to the end of its frames
  std::uint64_t sequence_ = 0;
  std::map<std::uint32_t, std::uint64_t> first_sequences_;
  std::map<std::string, Link> newest_;  // by reference number
};

}  // namespace batal::ledger
