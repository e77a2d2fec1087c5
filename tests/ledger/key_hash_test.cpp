#include "ledger/embedded/image/key_hash.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

#include "ledger/test_key.h"

namespace batal::ledger {
namespace {

using payment::Key;

// Keys that differ in one part only, the empty one among them.
const std::vector<Key> kKeys = {
    {},
    {Key::By::Reference, 0, "P1", "id"},
    {Key::By::TrxId, 0, "P1", "id"},
    {Key::By::Reference, 57, "P1", "id"},
    {Key::By::Reference, 0, "P2", "id"},
    {Key::By::Reference, 0, "P1", "other"},
    {Key::By::Reference, 0, "P1i", "d"},
};

TEST(KeyHash, DiffersWhereAnyPartDoes) {
  const KeyHash hash = key_hash(test_key().key_hash_secret());
  for (const Key& one : kKeys)
    for (const Key& other : kKeys) EXPECT_EQ(hash(one) == hash(other), one == other);
}

TEST(RememberingKeyHash, IsTheSameInWhateverOrderItIsAsked) {
  const KeyHash hash = key_hash(test_key().key_hash_secret());
  ASSERT_TRUE(rc::check([&] {
    const KeyHash remembers = remembering(hash);
    const auto asked = *rc::gen::container<std::vector<std::size_t>>(
        rc::gen::inRange<std::size_t>(0, kKeys.size()));
    for (const std::size_t number : asked)
      RC_ASSERT(remembers(kKeys[number]) == hash(kKeys[number]));
  }));
}

TEST(RememberingKeyHash, ComputesTheKeysOfOneCommandOnce) {
  int computed = 0;
  const KeyHash remembers =
      remembering([&computed](const Key&) { return static_cast<std::uint64_t>(++computed); });
  const KeyHash copy = remembers;
  std::string id = "id";
  for (int again = 0; again < 3; ++again) {
    EXPECT_EQ(remembers({Key::By::Call, 57, "P1", id}), 1U);
    EXPECT_EQ(copy({Key::By::Reference, 0, "P1", id}), 2U);
  }
  id = "di";  // in the same place
  EXPECT_EQ(remembers({Key::By::Call, 57, "P1", id}), 3U);
  EXPECT_EQ(computed, 3);
}

}  // namespace
}  // namespace batal::ledger
