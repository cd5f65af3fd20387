// PartitionSpill against plain strings, with budgets that spill never, sometimes and always.
#include "core/spill/spill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

namespace penstock {
namespace {

using ::testing::HasSubstr;

struct Case {
  uint32_t partitions;
  uint64_t memory;
  size_t appends;
  size_t longest;
};

class SpillTest : public ::testing::TestWithParam<Case> {};

TEST_P(SpillTest, ReadsBackWhatWasAppended) {
  const Case c = GetParam();
  auto spill = PartitionSpill::Create(::testing::TempDir(), c.partitions, c.memory);
  ASSERT_TRUE(spill.ok());
  std::vector<std::string> model(c.partitions);
  std::mt19937_64 random(c.appends);
  std::string bytes, buffer;
  for (size_t i = 0; i < c.appends; ++i) {
    bytes.assign(random() % (c.longest + 1), static_cast<char>('a' + i % 26));
    const uint32_t p = static_cast<uint32_t>(random() % c.partitions);
    ASSERT_EQ((*spill)->Bytes(p), model[p].size());
    ASSERT_TRUE((*spill)->Append(p, bytes).ok());
    model[p] += bytes;
    if (i % 97 == 0) {
      auto read = (*spill)->Read(p, &buffer);
      ASSERT_TRUE(read.ok());
      ASSERT_EQ(*read, model[p]);
    }
    if (i % 13 == 0 && !model[p].empty()) {
      const size_t from = random() % model[p].size();
      const size_t n = random() % (model[p].size() - from + 1);
      ASSERT_TRUE((*spill)->ReadAt(p, from, n, &buffer).ok());
      ASSERT_EQ(buffer, model[p].substr(from, n));
    }
  }
  for (uint32_t p = 0; p < c.partitions; ++p) {
    auto read = (*spill)->Read(p, &buffer);
    ASSERT_TRUE(read.ok());
    ASSERT_EQ(*read, model[p]);
  }
}

INSTANTIATE_TEST_SUITE_P(Budgets, SpillTest,
                         ::testing::Values(Case{1024, 64 << 20, 5000, 60},   //
                                           Case{64, 64 << 10, 20000, 60},    //
                                           Case{64, 0, 3000, 60},            //
                                           Case{1, 300 << 10, 3000, 3000},   //
                                           Case{3, 2 << 20, 300, 300000}));  //

TEST(Spill, SmallInputsNeverTouchTheDisk) {
  auto spill = PartitionSpill::Create("/nonexistent", 16, 1 << 20);
  ASSERT_TRUE(spill.ok());
  for (uint32_t i = 0; i < 1000; ++i) ASSERT_TRUE((*spill)->Append(i % 16, "abcdef").ok());
  EXPECT_EQ((*spill)->spilled_bytes(), 0u);
}

TEST(Spill, SaysWhereItCannotSpill) {
  auto spill = PartitionSpill::Create("/nonexistent", 16, 0);
  ASSERT_TRUE(spill.ok());
  Status status;
  for (uint32_t i = 0; i < 1000 && status.ok(); ++i) status = (*spill)->Append(i % 16, "abcdef");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, "PS-FILE-CREATE");
  EXPECT_THAT(status.error().message, HasSubstr("/nonexistent"));
}

/// Turns over one bit of a write.
class BitFlipper : public file::Hooks {
 public:
  int Before(file::Op op, const std::string&, std::string_view bytes, uint64_t) override {
    if (op == file::Op::kWrite && bytes.size() > 100) {
      const_cast<char*>(bytes.data())[bytes.size() / 2] ^= 4;
    }
    return 0;
  }
  void After(file::Op, const std::string&, const std::string&) override {}
};

TEST(Spill, NoticesADiskThatForgets) {
  BitFlipper flipper;
  file::SetHooks(&flipper);
  auto spill = PartitionSpill::Create(::testing::TempDir(), 1, 0);
  ASSERT_TRUE(spill.ok());
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE((*spill)->Append(0, "abcdef").ok());
  file::SetHooks(nullptr);
  std::string buffer;
  auto read = (*spill)->Read(0, &buffer);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, "PS-FILE-CORRUPT");
  EXPECT_EQ((*spill)->ReadAt(0, 0, 600, &buffer).error().code, "PS-FILE-CORRUPT");
}

}  // namespace
}  // namespace penstock
