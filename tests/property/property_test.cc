// 2,000 random histories against the model of world.cc. A failure prints its seed and the shortest
// history found.
//   PENSTOCK_SEED=n       only that history
//   PENSTOCK_HISTORIES=n  how many (default 2,000)
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>

#include "tests/property/history.h"

namespace penstock::testing {
namespace {

uint32_t Setting(const char* name, uint32_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<uint32_t>(std::strtoul(text, nullptr, 10));
}

class Property : public ::testing::Test {
 protected:
  void SetUp() override { directory_ = MakeScratch("property"); }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string directory_;
};

TEST_F(Property, RandomHistoriesAgreeWithTheModel) {
  const bool single = std::getenv("PENSTOCK_SEED") != nullptr;
  const uint32_t first = single ? Setting("PENSTOCK_SEED", 0) : std::random_device()();
  const uint32_t histories = single ? 1 : Setting("PENSTOCK_HISTORIES", 2000);
  std::cout << "first seed " << first << ", " << histories << " histories" << std::endl;
  for (uint32_t i = 0; i < histories; ++i) {
    const uint32_t seed = first + i;
    const History history = MakeHistory(seed);
    const std::string wrong = RunHistory(history, directory_ + "/h");
    if (wrong.empty()) continue;
    const Shrunk shrunk = Shrink(history, wrong, directory_ + "/h");
    FAIL() << "PENSTOCK_SEED=" << seed << ": " << wrong << "\nshrunk to "
           << shrunk.history.steps.size() << " steps: " << Describe(shrunk.history) << "\n  "
           << shrunk.failure;
  }
}

}  // namespace
}  // namespace penstock::testing
