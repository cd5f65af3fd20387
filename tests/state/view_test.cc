// Random histories against a plain map, through reopening and compaction at random moments.
#include <gtest/gtest.h>

#include "tests/state/history.h"

namespace penstock::test {
namespace {

class RandomHistories : public ::testing::TestWithParam<uint64_t> {};

TEST_P(RandomHistories, StateIsWhatTheOutcomesSay) {
  const TemporaryDirectory directory;
  std::mt19937_64 random(GetParam());
  const uint64_t keys = GetParam() % 2 == 0 ? 40 : 3000;
  History history(directory.path(), GetParam() * 77, keys);
  for (int step = 0; step < 12; ++step) {
    SCOPED_TRACE(step);
    const bool close = random() % 3 != 0;
    ASSERT_NO_FATAL_FAILURE(history.Run(random() % 600, close));
    if (random() % 2 == 0 || !close) {
      const auto view = history.Open();
      ASSERT_NE(view, nullptr);
      ASSERT_NO_FATAL_FAILURE(ExpectSame(view.get(), history.model()));
      EXPECT_EQ(view->open_journals().size(), close ? 0u : 1u);
      EXPECT_EQ(view->last_run(), history.last_run());
    }
    if (!close) {
      ASSERT_NO_FATAL_FAILURE(history.Settle());
    }
    if (random() % 3 == 0) {
      ASSERT_NO_FATAL_FAILURE(history.Compact());
    }
    const auto view = history.Open();
    ASSERT_NE(view, nullptr);
    ASSERT_NO_FATAL_FAILURE(ExpectSame(view.get(), history.model()));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomHistories, ::testing::Range<uint64_t>(1, 11));

}  // namespace
}  // namespace penstock::test
