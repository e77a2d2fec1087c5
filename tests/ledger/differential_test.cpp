// Some stories (story.h) of the running ledger against the model. A failure names its seed;
// --gtest_random_seed=N tells the stories from seed N on. Many more are told by tests/proofs.
#include <gtest/gtest.h>

#include <random>

#include "ledger/story.h"

namespace batal::ledger {
namespace {

// Tells stories from some seed on, up to the first that goes wrong.
void tell(const std::function<void(Story&)>& story) {
  constexpr std::uint64_t kStories = 40;
  const int wanted = ::testing::UnitTest::GetInstance()->random_seed();
  const std::uint64_t begin =
      wanted != 0 ? static_cast<std::uint64_t>(wanted) : std::random_device{}() % 90'000 + 1;
  for (std::uint64_t seed = begin; seed < begin + kStories; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Story told(seed, [](const std::string& complaint) { ADD_FAILURE() << complaint; });
    story(told);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Differential, AnswersAsTheModelDoes) {
  tell([](Story& story) {
    for (int step = 0; step < 30; ++step) story.step();
  });
}

TEST(Differential, AnswersAsTheModelDoesAfterEveryFault) {
  tell([](Story& story) {
    for (int step = 0; step < 5; ++step) {
      story.step();
      story.step_with_some_fault();
    }
    story.step();
  });
}

}  // namespace
}  // namespace batal::ledger
