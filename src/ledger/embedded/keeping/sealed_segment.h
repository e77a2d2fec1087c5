// Reads a sealed segment from end to end: what the index, the snapshot and the checkpoints keep of
// it is made here, and made anew from the same bytes whenever it is lost.
//
// Pure but for the reading; any thread.
#pragma once

#include <functional>

#include "ledger/embedded/image/key_hash.h"
#include "ledger/embedded/image/key_table.h"
#include "ledger/embedded/log/file.h"
#include "ledger/embedded/log/recovery.h"

namespace batal::ledger {

struct SealedSegment {
  SegmentFacts facts;
  KeyTable keys;
};

// Throws LedgerError where the segment's header is another than expected, or a frame is broken.
SealedSegment read_sealed(FileDoor& door, const Path& folder, const ExpectedHeader& expected,
                          const KeyHash& hash);

// Calls `each` with every record in order. Throws as read_sealed() does.
void visit_sealed(FileDoor& door, const Path& folder, const ExpectedHeader& expected,
                  const EachRecord& each);

// SHA-256.
Digest digest_of(std::span<const std::uint8_t> bytes);

}  // namespace batal::ledger
