// What must have been done to a log where it does not go on as it should.
#pragma once

#include <string>

#include "ledger/audit_key.h"
#include "ledger/embedded/reader.h"

namespace batal::ledger {

// Whether a whole frame stands where the reader has stopped, though not the one that comes next.
bool is_whole(const Reader& reader);

// Throws LedgerError that says what stands where the reader has stopped: the record that comes next
// was changed, removed or reordered, or another one inserted.
[[noreturn]] void fail_at_break(const Path& folder, const Reader& reader);

// Why the MAC of the record that the reader has just given does not fit: it fits another sequence,
// or none, and then the record was changed. `previous` is what the record is sealed onto.
std::string misfit(Macs& macs, const Reader& reader, const Reader::Entry& entry,
                   const Mac& previous);

}  // namespace batal::ledger
