#include "ledger/embedded/keeping/sealed_segment.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include "ledger/embedded/log/ledger_error.h"
#include "ledger/grown_log.h"

namespace batal::ledger {
namespace {

using payment::Action;
using payment::Key;
using std::chrono::hours;
using std::chrono::minutes;

class SealedSegmentTest : public ::testing::Test {
 protected:
  SealedSegment read(std::uint32_t segment) {
    return read_sealed(disk, kLedgerFolder, log.expected(segment), hash);
  }
  SealedSegment read(std::uint32_t segment, const KeyHash& by) {
    return read_sealed(disk, kLedgerFolder, log.expected(segment), by);
  }

  // Where the keys' newest records stand, as the index would tell.
  std::vector<Position> positions(const SealedSegment& sealed, const Key& key) {
    std::vector<Position> found;
    for (const IndexEntry& entry : sealed.keys.sorted(sealed.facts.number))
      if (entry.hash == slot_of(hash, key)) found.push_back(entry.position);
    return found;
  }

  std::string refusal(std::uint32_t segment) {
    try {
      read(segment);
    } catch (const LedgerError& error) {
      return error.what();
    }
    return "none";
  }

  SimulatedDisk disk;
  GrownLog log{disk};
  const KeyHash hash = key_hash(log.key.key_hash_secret());
};

TEST_F(SealedSegmentTest, TellsItsFacts) {
  log.run(create(1));
  log.seal();
  payment::Command longest = create(2);
  longest.valid_until = kNoon + hours(5);
  log.run(longest);
  log.run(create(3), kNoon + minutes(2));
  log.run(cancel(3), kNoon + minutes(7));
  log.add(payment::NotFoundYet{kNoon + minutes(8), kNoon + hours(9), "P1", 54, "x", ""});
  log.add(payment::NotFoundYet{kNoon + minutes(9), kNoon + hours(8), "P1", 54, "y", ""});
  log.add(payment::TimeMark{kNoon + minutes(10)});
  const LogEnd end = log.end();
  log.seal();
  const SegmentFacts facts = read(2).facts;
  EXPECT_EQ(facts.number, 2U);
  EXPECT_EQ(facts.first_sequence, 2U);
  EXPECT_EQ(facts.records, 6U);
  EXPECT_EQ(facts.end, end.offset);
  EXPECT_EQ(facts.last_at, kNoon + minutes(10));
  EXPECT_EQ(facts.last_expiry, kNoon + hours(5));
  EXPECT_EQ(facts.last_end, kNoon + hours(5));
  EXPECT_EQ(facts.last_word, kNoon + hours(9));
  const Bytes segment = disk.content(segment_path(2));
  Digest digest;
  SHA256(&segment[kSegmentHeaderBytes], facts.end - kSegmentHeaderBytes, digest.data());
  EXPECT_EQ(facts.digest, digest);
}

// What ended counts from its end, and a refund does not move that.
TEST_F(SealedSegmentTest, TellsTheLatestEnd) {
  log.run(create(1));
  log.seal();
  log.run(provider(Action::Pay, 1, "pay"), kNoon + minutes(3));
  log.run(provider(Action::Refund, 1, "refund"), kNoon + hours(50));
  log.seal();
  const SegmentFacts facts = read(2).facts;
  EXPECT_EQ(facts.last_end, kNoon + minutes(3));
  EXPECT_EQ(facts.last_expiry, payment::Time{});
  EXPECT_EQ(facts.last_at, kNoon + hours(50));
}

TEST_F(SealedSegmentTest, MayHoldNoRecord) {
  log.run(create(1));
  log.seal();
  log.seal();
  const SealedSegment sealed = read(2);
  EXPECT_EQ(sealed.facts.first_sequence, 2U);
  EXPECT_EQ(sealed.facts.records, 0U);
  EXPECT_EQ(sealed.facts.end, kSegmentHeaderBytes);
  EXPECT_EQ(sealed.facts.digest, digest_of({}));
  EXPECT_EQ(sealed.keys.size(), 0U);
}

TEST_F(SealedSegmentTest, FindsTheNewestRecordUnderEachKey) {
  log.add(payment::NotFoundYet{kNoon, kNoon, "P1", 54, "create-1", ""});
  const Link creation = log.add(created(1));
  log.run(create(2));
  const auto paid = log.run(provider(Action::Pay, 2, "pay"));
  const Link payment = log.newest(paid);
  log.run(provider(Action::Refund, 2, "refund"));
  const Link refund = log.newest(paid);
  log.seal();
  const SealedSegment sealed = read(1);
  EXPECT_EQ(positions(sealed, by_call(54, "create-1")), std::vector{creation.position});
  EXPECT_EQ(positions(sealed, by_call(0, "pay")), std::vector{payment.position});
  EXPECT_EQ(positions(sealed, by_reference(reference_no(2))), std::vector{refund.position});
  EXPECT_EQ(positions(sealed, by_call(54, "create-9")), std::vector<Position>{});
}

// Memory has it by that name, until it ends.
TEST_F(SealedSegmentTest, LeavesOutTheReferenceNumbersOfWhatItLeavesLive) {
  log.run(create(1));
  log.run(create(2));
  log.run(cancel(2));
  log.seal();
  const SealedSegment sealed = read(1);
  EXPECT_EQ(positions(sealed, by_reference(reference_no(1))), std::vector<Position>{});
  EXPECT_EQ(positions(sealed, by_reference(reference_no(2))).size(), 1U);
}

TEST_F(SealedSegmentTest, LosesNoKeyToACollision) {
  for (int number = 0; number < 30; ++number) log.run(create(number));
  for (int number = 0; number < 30; ++number) log.run(cancel(number));
  log.seal();
  const KeyHash poor = [](const Key& key) { return std::hash<std::string_view>{}(key.id) % 3; };
  // A creation's external id, a cancel's, and a reference number for each.
  EXPECT_EQ(read(1, hash).keys.size(), 90U);
  EXPECT_EQ(read(1, poor).keys.size(), 90U);
  EXPECT_EQ(read(1, poor).facts, read(1, hash).facts);
}

TEST_F(SealedSegmentTest, VisitsItsRecordsInOrder) {
  log.run(create(1));
  log.run(cancel(1));
  log.add(payment::TimeMark{kNoon});
  log.seal();
  std::vector<Link> links;
  std::vector<Position> previous;
  visit_sealed(disk, kLedgerFolder, log.expected(1),
               [&](const StoredRecord& stored, Position position) {
                 links.push_back({position, stored.mac});
                 previous.push_back(stored.previous);
               });
  EXPECT_EQ(links, (std::vector{log.entries[0].link, log.entries[1].link, log.entries[2].link}));
  EXPECT_EQ(previous, (std::vector{Position{}, links[0].position, Position{}}));
}

TEST_F(SealedSegmentTest, RefusesWhatIsBroken) {
  log.run(create(1));
  log.run(create(2));
  log.seal();
  const std::uint32_t second = log.entries[1].link.position.offset;
  Bytes segment = disk.content(segment_path(1));
  segment[second + kFrameHeaderBytes] ^= 1;
  disk.put(segment_path(1), segment);
  const auto broken = fmt::format(
      "/ledger/0000000001.segment is corrupt: record 2 at byte {} is broken, and a later segment "
      "says that it was whole",
      second);
  EXPECT_EQ(refusal(1), broken);
  try {
    visit_sealed(disk, kLedgerFolder, log.expected(1), [](const StoredRecord&, Position) {});
    ADD_FAILURE();
  } catch (const LedgerError& error) {
    EXPECT_EQ(error.what(), broken);
  }
}

TEST_F(SealedSegmentTest, RefusesAnotherSegment) {
  log.run(create(1));
  log.seal();
  ExpectedHeader other = log.expected(1);
  other.ledger.fill(1);
  EXPECT_THROW(read_sealed(disk, kLedgerFolder, other, hash), LedgerError);
  other = log.expected(1);
  other.first_sequence = 2;
  EXPECT_THROW(read_sealed(disk, kLedgerFolder, other, hash), LedgerError);
}

}  // namespace
}  // namespace batal::ledger
