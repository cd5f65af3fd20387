// Large inputs in little memory, and everything that ends a diff early.
#include <gtest/gtest.h>

#include "core/file/file.h"
#include "tests/diff/world.h"

namespace penstock {
namespace {

std::vector<TextRow> ManyRows(size_t n, const std::string& filler) {
  std::vector<TextRow> rows;
  for (size_t i = 0; i < n; ++i) rows.push_back({"k" + std::to_string(i), filler + "x"});
  return rows;
}

TEST(DiffLimits, MoreThanTheMemoryHolds) {
  World world("large");
  world.mode = Mode::kMirror;
  constexpr size_t kRows = 60'000;
  std::vector<TextRow> rows = ManyRows(kRows, std::string(400, 'p'));  // 24 MB in 8 MiB
  ASSERT_TRUE(world.Plan(rows).ok());
  EXPECT_EQ(world.header.counts.insert, kRows);
  world.Apply({});
  world.Compact();
  for (size_t i = 0; i < kRows; i += 100) rows[i][1] = "changed";
  rows.resize(kRows - 50);
  rows.push_back({"new", "n"});
  const Status status = world.Plan(rows);
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(world.header.counts.update, kRows / 100);
  EXPECT_EQ(world.header.counts.insert, 1u);
  EXPECT_EQ(world.header.counts.remove, 50u);
  EXPECT_EQ(world.header.counts.unchanged, kRows - 50 - kRows / 100);
  const std::vector<std::string> lines = world.Lines();
  EXPECT_EQ(lines.size(), kRows / 100 + 51);
  // Other memory, other pieces, the same plan.
  const std::string hash = world.header.hash;
  world.options.memory_bytes = 256u << 20;
  ASSERT_TRUE(world.Plan(rows).ok());
  EXPECT_EQ(world.header.hash, hash);
}

TEST(DiffLimits, ASourceThatFailsInMidReadLeavesNoPlan) {
  World world("source");
  const std::vector<TextRow> rows = ManyRows(10, "");
  world.fail_after = 5;
  const Status status = world.Plan(rows);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, "PS-SRC-QUERY");
  EXPECT_FALSE(file::Exists(world.PlanPath()));
}

TEST(DiffLimits, CancelledWhileReading) {
  World world("cancelled");
  uint64_t told = 0;
  world.options.progress = [&](uint64_t rows) { told = rows; };
  world.options.cancelled = [&] { return told >= 16384; };
  const Status status = world.Plan(ManyRows(30'000, ""));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, "PS-RUN-CANCELLED");
  EXPECT_EQ(status.error().exit, ExitCode::kCancelled);
  EXPECT_EQ(told, 16384u);
  EXPECT_FALSE(file::Exists(world.PlanPath()));
}

TEST(DiffLimits, CancelledWhileMatching) {
  World world("cancelled-late");
  int calls = 0;
  world.options.cancelled = [&] { return ++calls > 3; };  // three times while reading 30,000 rows
  const Status status = world.Plan(ManyRows(30'000, ""));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, "PS-RUN-CANCELLED");
}

/// Every write of a scratch file or plan fails from the n-th on.
class FullDisk : public file::Hooks {
 public:
  explicit FullDisk(int writes) : left_(writes) { file::SetHooks(this); }
  ~FullDisk() override { file::SetHooks(nullptr); }
  int Before(file::Op op, const std::string&, std::string_view, uint64_t) override {
    return op == file::Op::kWrite && left_-- <= 0 ? ENOSPC : 0;
  }
  void After(file::Op, const std::string&, const std::string&) override {}

 private:
  int left_;
};

TEST(DiffLimits, AFullDiskLeavesNoPlan) {
  World world("full");
  const std::vector<TextRow> rows = ManyRows(30'000, std::string(400, 'p'));
  for (const int writes : {0, 1, 5, 20, 60}) {
    FullDisk disk(writes);
    const Status status = world.Plan(rows);
    ASSERT_FALSE(status.ok()) << writes;
    EXPECT_TRUE(status.error().code == "PS-FILE-FULL" || status.error().code == "PS-PLAN-WRITE")
        << status.error().code;
    EXPECT_FALSE(file::Exists(world.PlanPath()));
  }
  EXPECT_TRUE(world.Plan(rows).ok());
}

TEST(DiffLimits, AFalseHitIsNoticed) {
  World world("again");
  std::vector<TextRow> rows = ManyRows(5000, "");
  ASSERT_TRUE(world.Plan(rows).ok());
  world.Apply({});
  for (TextRow& row : rows) row[1] = "changed";
  world.options.known_bits = 1;  // half of the changed rows look like acknowledged ones
  const Status status = world.Plan(rows);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, "PS-DIFF-AGAIN");
  world.options.known_bits = 40;
  ASSERT_TRUE(world.Plan(rows).ok());
  EXPECT_EQ(world.header.counts.update, 5000u);
}

}  // namespace
}  // namespace penstock
