// Fuzzed: the bytes of a record of the log, as they stand inside a frame.
//
// Asserted: bytes that are decoded are the one form of what they say: encoded again they are the
// same bytes. Bytes that are not are refused with a reason.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fuzz/require.h"
#include "ledger/embedded/log/record_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace batal;
  const std::span bytes(data, size);
  const auto record = ledger::decode(bytes);
  if (!record) {
    fuzz::require(!record.error().empty(), "a refusal says why");
    return 0;
  }
  std::vector<std::uint8_t> again;
  ledger::encode(*record, again);
  fuzz::require(std::ranges::equal(again, bytes), "a record has one form");
  return 0;
}
