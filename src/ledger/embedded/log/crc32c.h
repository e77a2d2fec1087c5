// CRC32C (Castagnoli): what the log's frames and the index's rows are checked by.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

namespace batal::ledger {

// Of some bytes; or, given the CRC of what stands before them, of both together.
std::uint32_t crc32c(std::span<const std::uint8_t> bytes, std::uint32_t before = 0);

// Of numbers as little-endian u64.
std::uint32_t crc32c(std::initializer_list<std::uint64_t> numbers, std::uint32_t before = 0);

}  // namespace batal::ledger
