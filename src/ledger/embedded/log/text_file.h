// Small files of text: read whole, and made whole before they take their name.
//
// Any thread; a file is its caller's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ledger/embedded/log/file.h"

namespace batal::ledger {

inline std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The file's first bytes, as many as it has of them. Throws LedgerError where it cannot be read.
std::string read_text(const File& file, std::size_t bytes_max, const Path& path);
std::string read_text(FileDoor& door, std::size_t bytes_max, const Path& path);

// Makes a file that is durable but for its name, in the place of what an earlier call left there.
// Throws LedgerError where the disk refuses; something may be left then.
FilePtr write_text(FileDoor& door, const Path& temporary, std::string_view text);

}  // namespace batal::ledger
