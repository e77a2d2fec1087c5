// Reads single records of the log by their position. Keeps some segments open.
//
// A file that is no segment of this ledger, or not the one that it is named after, gives no record:
// what stands at a position there is another, and would be taken for "no such record".
//
// One thread at a time.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>

#include "ledger/embedded/log/file.h"
#include "ledger/embedded/log/segment.h"
#include "payment/record.h"

namespace batal::ledger {

// A record as it stands in the log.
struct StoredRecord {
  payment::Record record;
  std::uint64_t sequence = 0;
  Position previous;  // segment 0: the first of its chain
  Mac mac{};
};

// The record of a whole frame. Throws LedgerError, naming file and offset, where it cannot be
// decoded.
StoredRecord stored(const Frame& frame, const Path& path, std::uint64_t offset);

class FrameReader {
 public:
  FrameReader(FileDoor& door, Path folder, const LedgerId& ledger)
      : door_(door), folder_(std::move(folder)), ledger_(ledger) {}

  // Throws LedgerError where the frame cannot be read, is broken, or its record cannot be decoded.
  StoredRecord read(Position position);

  // The same from a segment that the caller has open.
  StoredRecord read(const File& segment, Position position);

  // The same from the frame's bytes. The position is for the error's text.
  StoredRecord read(std::span<const std::uint8_t> frame, Position position) const;

 private:
  const File& file_of(std::uint32_t segment);
  void check(const File& file, std::uint32_t segment) const;
  Path path_of(std::uint32_t segment) const { return folder_ / segment_name(segment); }

  FileDoor& door_;
  const Path folder_;
  const LedgerId ledger_;
  boost::unordered_flat_map<std::uint32_t, FilePtr> open_;
  Bytes buffer_;
};

}  // namespace batal::ledger
