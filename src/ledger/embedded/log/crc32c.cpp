#include "ledger/embedded/log/crc32c.h"

#include <isa-l/crc.h>

#include <array>
#include <boost/endian/conversion.hpp>

namespace batal::ledger {

std::uint32_t crc32c(std::span<const std::uint8_t> bytes, std::uint32_t before) {
  auto* const data = const_cast<std::uint8_t*>(bytes.data());  // isa-l only reads
  return ~crc32_iscsi(data, static_cast<int>(bytes.size()), ~before);
}

std::uint32_t crc32c(std::initializer_list<std::uint64_t> numbers, std::uint32_t before) {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes;
  for (const std::uint64_t number : numbers) {
    boost::endian::store_little_u64(bytes.data(), number);
    before = crc32c(bytes, before);
  }
  return before;
}

}  // namespace batal::ledger
