#include "ledger/archive/chain_check.h"

#include <gtest/gtest.h>

#include "ledger/eventful_door.h"
#include "ledger/written_log.h"
#include "support/temp_folder.h"

namespace batal::ledger {
namespace {

// Remembers next to nothing, so that what stands before is read again.
constexpr std::size_t kNewest = 1;

class ChainCheckTest : public ::testing::Test {
 protected:
  // What each record is sealed onto; zeros where the record before it was pruned.
  std::vector<Mac> walk() {
    Reader reader(log.folder, door);
    ChainCheck chain(door, log.folder, log.format.id, kNewest);
    std::vector<Mac> found;
    while (const auto entry = reader.next())
      found.push_back(chain.follow(reader, *entry).value_or(Mac{}));
    links_into_pruned = chain.links_into_pruned();
    return found;
  }

  Mac mac_of(std::size_t segment, std::size_t frame) const {
    return frame_at(log.segments.at(segment - 1).frames.at(frame)).value().mac;
  }

  testing::TempFolder temp;
  const WrittenLog log = ten_records(temp / "ledger");
  EventfulDoor door;
  std::uint64_t links_into_pruned = 0;
};

TEST_F(ChainCheckTest, ReadsAgainWhatItHasForgotten) {
  const auto sealed_onto = walk();
  EXPECT_EQ(sealed_onto.at(0), Mac{});
  EXPECT_EQ(sealed_onto.at(2), mac_of(1, 0)) << "the cancel of 1";
  EXPECT_EQ(sealed_onto.at(3), Mac{}) << "the time mark";
  EXPECT_EQ(sealed_onto.at(6), mac_of(2, 0)) << "the cancel of 3";
  EXPECT_EQ(sealed_onto.at(7), mac_of(1, 1)) << "the cancel of 2, over segments";
  EXPECT_EQ(links_into_pruned, 0U);
}

TEST_F(ChainCheckTest, CountsALinkIntoASegmentThatIsPrunedMeanwhile) {
  // Twice: before the look for its attestation, and between that and its opening.
  for (const bool after_the_look : {false, true}) {
    ten_records(log.folder);
    std::filesystem::remove(log.folder / "0000000001.pruned");
    bool is_second = false;  // being read
    door.before_open = [&](const Path& path, OpenFor) {
      const bool is_due = path == (after_the_look ? log.path(1) : log.folder / "0000000001.pruned");
      if (is_second && is_due && std::filesystem::exists(log.path(1))) log.prune(1);
      is_second |= path == log.path(2);
    };
    EXPECT_EQ(walk().at(7), Mac{});
    EXPECT_EQ(links_into_pruned, 1U);
    EXPECT_FALSE(std::filesystem::exists(log.path(1)));
  }
}

}  // namespace
}  // namespace batal::ledger
