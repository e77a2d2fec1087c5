#include "ledger/embedded/keeping/checkpoint.h"

#include <gtest/gtest.h>

#include "ledger/commands.h"
#include "ledger/embedded/keeping/sealed_segment.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/simulated_disk.h"
#include "ledger/test_key.h"

namespace batal::ledger {
namespace {

const Path kFolder = "/ledger";
const Path kFile = kFolder / "checkpoints";
constexpr LedgerId kLedger{9};

Digest digest(std::uint8_t byte) {
  Digest digest;
  digest.fill(byte);
  return digest;
}

Checkpoint checkpoint(std::uint32_t segment, std::uint64_t sequence) {
  return {.ledger = kLedger,
          .sequence = sequence,
          .segment = segment,
          .first_sequence = 10 * segment,
          .end = 4096 + sequence,
          .chain = digest(static_cast<std::uint8_t>(segment)),
          .digest = digest(static_cast<std::uint8_t>(sequence)),
          .at = kNoon + std::chrono::seconds(sequence)};
}

class CheckpointTest : public ::testing::Test {
 protected:
  std::vector<Checkpoint> read() {
    return read_checkpoints(disk, kFolder, key.public_key(), kLedger);
  }
  std::string text() {
    const Bytes content = disk.content(kFile);
    return {content.begin(), content.end()};
  }
  std::string line(std::uint32_t segment, std::uint64_t sequence) {
    return to_line(checkpoint(segment, sequence), key);
  }
  static void add(CheckpointFile& file, const Checkpoint& checkpoint) {
    file.add(checkpoint);
    file.write();
  }
  std::string refusal() {
    try {
      read();
    } catch (const LedgerError& error) {
      return error.what();
    }
    return "none";
  }

  const AuditKey key = test_key();
  SimulatedDisk disk;
};

TEST_F(CheckpointTest, IsGivenBackByItsLine) {
  const auto read = read_checkpoint(line(3, 35), key.public_key());
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(*read, checkpoint(3, 35));
  EXPECT_EQ(read_checkpoint(line(3, 35), std::nullopt).value(), checkpoint(3, 35));
}

TEST_F(CheckpointTest, NoticesEveryChangedCharacter) {
  const std::string whole = line(3, 35);
  for (std::size_t at = 0; at + 1 < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    disk.put(kFile, line(1, 11) + changed + line(3, 36));
    EXPECT_TRUE(refusal().ends_with(", at line 2")) << at << ": " << refusal();
  }
}

TEST_F(CheckpointTest, IsNoOtherSignedLine) {
  std::string other = line(3, 35);
  EXPECT_EQ(read_checkpoint("batal-pruned" + other.substr(other.find(' ')), std::nullopt).error(),
            "is no line of batal-checkpoint");
  disk.put(kFile, line(1, 11) + "\n" + line(1, 12));
  EXPECT_EQ(refusal(), "/ledger/checkpoints is no line of batal-checkpoint, at line 2");
  disk.put(kFile, to_line(checkpoint(1, 11), AuditKey(AuditKey::Secret{})));
  EXPECT_EQ(refusal(), "/ledger/checkpoints is signed by another audit key, at line 1");
}

// The same key may have made both.
TEST_F(CheckpointTest, IsOfThisLedger) {
  Checkpoint foreign = checkpoint(1, 11);
  foreign.ledger = {8};
  disk.put(kFile, to_line(foreign, key) + line(1, 12));
  const std::string refused =
      "/ledger/checkpoints holds a checkpoint of another ledger than /ledger";
  EXPECT_EQ(refusal(), refused);
  EXPECT_THROW(CheckpointFile(disk, kFolder, key, kLedger), LedgerError);
  disk.put(kFile, line(1, 11) + to_line(foreign, key));
  EXPECT_EQ(refusal(), refused) << "it is whole, not torn";
}

TEST_F(CheckpointTest, ReadsNothingWhereThereIsNothing) {
  EXPECT_EQ(read(), std::vector<Checkpoint>{});
  EXPECT_EQ(CheckpointFile(disk, kFolder, key, kLedger).last(), std::nullopt);
  disk.put(kFile, "");
  EXPECT_EQ(read(), std::vector<Checkpoint>{});
}

TEST_F(CheckpointTest, LeavesOutATornLastLine) {
  const std::string last = line(2, 22);
  for (std::size_t length = 0; length < last.size(); ++length) {
    disk.put(kFile, line(1, 11) + last.substr(0, length));
    EXPECT_EQ(read(), std::vector{checkpoint(1, 11)}) << length;
    CheckpointFile file(disk, kFolder, key, kLedger);
    EXPECT_EQ(file.last(), checkpoint(1, 11)) << length;
    add(file, checkpoint(1, 12));
    EXPECT_EQ(read(), (std::vector{checkpoint(1, 11), checkpoint(1, 12)})) << length;
  }
}

// A power cut keeps the pages of an append in any order: its newline may be there, and what came
// before it not.
TEST_F(CheckpointTest, LeavesOutALastLineOfWhichAPartIsMissing) {
  const std::string last = line(2, 22);
  for (std::size_t from = 0; from + 1 < last.size(); ++from) {
    for (const std::size_t to : {from + 1, last.size() - 1}) {
      std::string torn = last;
      std::fill(torn.begin() + std::ptrdiff_t(from), torn.begin() + std::ptrdiff_t(to), '\0');
      disk.put(kFile, line(1, 11) + torn);
      EXPECT_EQ(read(), std::vector{checkpoint(1, 11)}) << from << " to " << to;
      EXPECT_EQ(newest_checkpoint_line(disk, kFolder) + "\n", line(1, 11));
    }
  }
  disk.put(kFile, line(1, 11) + line(2, 22).replace(0, 1, 1, '\0') + line(2, 23));
  EXPECT_EQ(refusal(), "/ledger/checkpoints is no line of batal-checkpoint, at line 2");
}

TEST_F(CheckpointTest, KeepsOnlyTheLastOfASegmentThatIsLeft) {
  {
    CheckpointFile file(disk, kFolder, key, kLedger);
    for (const std::uint64_t sequence : {11U, 12U, 13U}) add(file, checkpoint(1, sequence));
    EXPECT_EQ(text(), line(1, 11) + line(1, 12) + line(1, 13));
    for (const std::uint64_t sequence : {21U, 22U}) add(file, checkpoint(2, sequence));
    EXPECT_EQ(text(), line(1, 13) + line(2, 21) + line(2, 22));
    EXPECT_EQ(file.last(), checkpoint(2, 22));
  }
  CheckpointFile again(disk, kFolder, key, kLedger);
  EXPECT_EQ(again.last(), checkpoint(2, 22));
  add(again, checkpoint(2, 23));
  EXPECT_EQ(text(), line(1, 13) + line(2, 21) + line(2, 22) + line(2, 23));
  add(again, checkpoint(4, 41));
  EXPECT_EQ(text(), line(1, 13) + line(2, 23) + line(4, 41));
}

TEST_F(CheckpointTest, IsDurableOnceItIsAdded) {
  for (std::uint64_t seed = 0; seed < 16; ++seed) {
    SimulatedDisk fragile(seed);
    {
      CheckpointFile file(fragile, kFolder, key, kLedger);
      for (const std::uint64_t sequence : {11U, 12U}) add(file, checkpoint(1, sequence));
      add(file, checkpoint(2, 21));
    }
    fragile.crash();
    EXPECT_EQ(read_checkpoints(fragile, kFolder, key.public_key(), kLedger),
              (std::vector{checkpoint(1, 12), checkpoint(2, 21)}))
        << "seed " << seed;
  }
}

// Wherever a call fails, and where the power fails then, the file reads as before or as after.
TEST_F(CheckpointTest, MakesUpForAFailedWrite) {
  using Checkpoints = std::vector<Checkpoint>;
  for (const std::uint32_t segment : {1U, 2U}) {
    const auto next = checkpoint(segment, 21);
    const Checkpoints before{checkpoint(1, 11), checkpoint(1, 12)};
    const Checkpoints after =
        segment == 1 ? Checkpoints{before[0], before[1], next} : Checkpoints{before[1], next};
    bool finished = false;
    for (std::uint64_t step = 1; !finished; ++step) {
      SCOPED_TRACE(fmt::format("segment {}, step {}", segment, step));
      SimulatedDisk failing(step);
      const auto read = [&] {
        return read_checkpoints(failing, kFolder, key.public_key(), kLedger);
      };
      CheckpointFile file(failing, kFolder, key, kLedger);
      add(file, before[0]);
      add(file, before[1]);
      failing.fail_at(step);
      try {
        add(file, next);
        finished = true;
      } catch (const LedgerError&) {
      }
      failing.heal();
      EXPECT_TRUE(read() == before || read() == after);
      add(file, checkpoint(segment, 22));
      EXPECT_EQ(read().back(), checkpoint(segment, 22));
      failing.crash();
      EXPECT_EQ(read().back(), checkpoint(segment, 22));
      ASSERT_LT(step, 20U);
    }
  }
}

TEST(Chain, DependsOnEveryFactThatItVouchesFor) {
  const SegmentFacts facts{.number = 3,
                           .first_sequence = 30,
                           .records = 5,
                           .end = 5000,
                           .last_at = {},
                           .last_expiry = {},
                           .last_end = {},
                           .last_word = {},
                           .digest = digest(7)};
  const Digest chain = chained(digest(1), facts);
  EXPECT_EQ(chained(digest(1), facts), chain);
  EXPECT_NE(chained(digest(2), facts), chain);
  const auto with = [&facts](auto change) {
    SegmentFacts other = facts;
    change(other);
    return chained(digest(1), other);
  };
  EXPECT_NE(with([](auto& other) { other.number = 4; }), chain);
  EXPECT_NE(with([](auto& other) { other.first_sequence = 31; }), chain);
  EXPECT_NE(with([](auto& other) { other.records = 6; }), chain);
  EXPECT_NE(with([](auto& other) { other.end = 5008; }), chain);
  EXPECT_NE(with([](auto& other) { other.digest[31] = 8; }), chain);
}

// As a checker in another language would compute it.
TEST(Chain, KeepsItsForm) {
  const SegmentFacts facts{.number = 2,
                           .first_sequence = 258,
                           .records = 3,
                           .end = 4224,
                           .last_at = {},
                           .last_expiry = {},
                           .last_end = {},
                           .last_word = {},
                           .digest = digest(7)};
  Bytes text(32, 1);
  const Bytes numbers{2, 0, 0, 0, 0, 0, 0, 0, 2,    1,    0, 0, 0, 0, 0, 0,
                      3, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x10, 0, 0, 0, 0, 0, 0};
  text.insert(text.end(), numbers.begin(), numbers.end());
  text.insert(text.end(), 32, 7);
  EXPECT_EQ(chained(digest(1), facts), digest_of(text));
}

}  // namespace
}  // namespace batal::ledger
