#include "app/progress.h"

#include <gtest/gtest.h>

namespace batal::app {
namespace {

using std::chrono::seconds;

TEST(ProgressLine, SaysBytesShareAndRate) {
  EXPECT_EQ(progress_line("verify", 1'500'000, 6'000'000, seconds(3)),
            "verify: 1.5 of 6.0 MB, 25 %, 0.5 MB/s");
}

TEST(ProgressLine, OfNothingIsAllDone) {
  EXPECT_EQ(progress_line("verify", 0, 0, seconds(0)), "verify: 0.0 of 0.0 MB, 100 %, 0.0 MB/s");
}

TEST(ProgressLine, NeverPassesTheEndOfALogThatGrows) {
  EXPECT_EQ(progress_line("backup", 3'000'000, 2'000'000, seconds(1)),
            "backup: 3.0 of 3.0 MB, 100 %, 3.0 MB/s");
}

}  // namespace
}  // namespace batal::app
