#include "ledger/embedded/keeping/pruned.h"

#include <gtest/gtest.h>

#include "ledger/commands.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/simulated_disk.h"
#include "ledger/test_key.h"

namespace batal::ledger {
namespace {

using payment::Time;
using std::chrono::hours;

constexpr std::chrono::microseconds kTick{1};
const Path kFolder = "/ledger";

SegmentFacts facts() {
  return {.number = 7,
          .first_sequence = 1'000,
          .records = 44,
          .end = 65'536,
          .last_at = kNoon,
          .last_expiry = kNoon + hours(3),
          .last_end = kNoon + hours(4),
          .last_word = kNoon + hours(2),
          .digest = {1, 2, 3}};
}

TEST(Pruned, IsOnlyWhatNothingDependsOnAnyMore) {
  struct Case {
    const char* what;
    hours identity, transaction;
    Time last_word, least;  // the last instant at which the segment must stay
  };
  const Case cases[] = {
      {"the transactions", hours(24), hours(240), kNoon, kNoon + hours(244)},
      {"the identities", hours(240), hours(24), kNoon, kNoon + hours(240)},
      {"a word of a cancel", hours(24), hours(24), kNoon + hours(500), kNoon + hours(500)},
  };
  for (const auto& [what, identity, transaction, last_word, least] : cases) {
    SegmentFacts segment = facts();
    segment.last_word = last_word;
    const Keeping keeping{.identity = identity, .transaction = transaction};
    EXPECT_FALSE(is_past_keeping(segment, keeping, least - kTick, Time::max())) << what;
    EXPECT_FALSE(is_past_keeping(segment, keeping, least, Time::max())) << what;
    EXPECT_TRUE(is_past_keeping(segment, keeping, least + kTick, Time::max())) << what;
  }
}

// One that has expired, but whose Expire event is still to be written, is live.
TEST(Pruned, IsNoSegmentThatALiveTransactionMayStandIn) {
  const Keeping keeping{.identity = hours(24), .transaction = hours(24)};
  const Time late = kNoon + hours(10'000);
  EXPECT_FALSE(is_past_keeping(facts(), keeping, late, facts().last_expiry - kTick));
  EXPECT_FALSE(is_past_keeping(facts(), keeping, late, facts().last_expiry));
  EXPECT_TRUE(is_past_keeping(facts(), keeping, late, facts().last_expiry + kTick));
}

class AttestationTest : public ::testing::Test {
 protected:
  Attestation attestation() {
    return {.ledger = ledger, .facts = facts(), .pruned_at = kNoon + hours(900)};
  }
  std::string refusal(std::uint32_t segment, const LedgerId& of,
                      const std::optional<PublicKey>& by) {
    try {
      read_attestation(disk, kFolder, segment, of, by);
    } catch (const LedgerError& error) {
      return error.what();
    }
    return "none";
  }

  const AuditKey key = test_key();
  const LedgerId ledger{5};
  const Path file = kFolder / "0000000007.pruned";
  SimulatedDisk disk;
};

TEST_F(AttestationTest, GivesBackWhatItSays) {
  write_attestation(disk, kFolder, attestation(), key);
  EXPECT_EQ(read_attestation(disk, kFolder, 7, ledger, key.public_key()), attestation());
  EXPECT_EQ(read_attestation(disk, kFolder, 7, ledger, std::nullopt), attestation());
}

TEST_F(AttestationTest, IsDurableAndReplacesOneThatWasHalfDone) {
  for (std::uint64_t seed = 0; seed < 16; ++seed) {
    SimulatedDisk fragile(seed);
    fragile.put(file.string() + ".tmp", "half");
    write_attestation(fragile, kFolder, attestation(), key);
    fragile.crash();
    EXPECT_EQ(read_attestation(fragile, kFolder, 7, ledger, key.public_key()), attestation())
        << "seed " << seed;
  }
}

TEST_F(AttestationTest, NoticesEveryChangedCharacter) {
  write_attestation(disk, kFolder, attestation(), key);
  const Bytes whole = disk.content(file);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Bytes changed = whole;
    changed[at] ^= 1;
    disk.put(file, changed);
    EXPECT_NE(refusal(7, ledger, key.public_key()), "none") << at;
  }
  for (std::size_t length = 0; length + 1 < whole.size(); ++length) {
    disk.put(file, Bytes(whole.begin(), whole.begin() + std::ptrdiff_t(length)));
    EXPECT_NE(refusal(7, ledger, key.public_key()), "none") << length;
  }
}

TEST_F(AttestationTest, IsOfThisLedgerThisSegmentAndThisKey) {
  write_attestation(disk, kFolder, attestation(), key);
  EXPECT_EQ(refusal(7, LedgerId{6}, key.public_key()),
            "/ledger/0000000007.pruned is of another ledger than its folder");
  EXPECT_EQ(refusal(7, ledger, AuditKey(AuditKey::Secret{}).public_key()),
            "/ledger/0000000007.pruned is signed by another audit key");
  disk.put(kFolder / "0000000008.pruned", disk.content(file));
  EXPECT_EQ(refusal(8, ledger, key.public_key()),
            "/ledger/0000000008.pruned is of another segment than its name");
  EXPECT_EQ(refusal(9, ledger, key.public_key()),
            "cannot open /ledger/0000000009.pruned: No such file or directory");
}

class LeftoverTest : public AttestationTest {
 protected:
  LeftoverTest() {
    disk.put(segment, "records");
    disk.put(kFolder / segment_name(8), "more");
  }
  std::string removal(const LedgerId& of) {
    LogFiles files;
    files.segments = {8};
    files.pruned = files.leftover = {7};
    try {
      remove_pruned_segments(disk, kFolder, of, files, key.public_key());
    } catch (const LedgerError& error) {
      return error.what();
    }
    return "none";
  }

  const Path segment = kFolder / segment_name(7);
};

TEST_F(LeftoverTest, GoesWhereItsAttestationHolds) {
  write_attestation(disk, kFolder, attestation(), key);
  EXPECT_EQ(removal(ledger), "none");
  EXPECT_FALSE(disk.has(segment));
  EXPECT_TRUE(disk.has(kFolder / segment_name(8)));
}

TEST_F(LeftoverTest, StaysWhereItsAttestationDoesNotHold) {
  disk.put(file, "");
  EXPECT_EQ(removal(ledger), "/ledger/0000000007.pruned is no line of batal-pruned");
  write_attestation(disk, kFolder, attestation(), key);
  EXPECT_EQ(removal(LedgerId{6}), "/ledger/0000000007.pruned is of another ledger than its folder");
  write_attestation(disk, kFolder, attestation(), AuditKey(AuditKey::Secret{}));
  EXPECT_EQ(removal(ledger), "/ledger/0000000007.pruned is signed by another audit key");
  EXPECT_TRUE(disk.has(segment));
}

}  // namespace
}  // namespace batal::ledger
