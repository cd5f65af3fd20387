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

/// Numbers as rows.
class Numbers : public RowReader {
 public:
  explicit Numbers(uint64_t n) : n_(n), columns_{{"key", "int"}} {}
  const std::vector<Column>& columns() const override { return columns_; }
  Result<std::span<const Value>> Next() override {
    if (next_ == n_) return std::span<const Value>();
    value_ = IntValue(static_cast<int64_t>(next_++));
    return std::span<const Value>(&value_, 1);
  }

 private:
  uint64_t n_, next_ = 0;
  std::vector<Column> columns_;
  Value value_;
};

/// Puts all keys into the last partition, in an order that is not the rows', with long payloads.
class Skewed : public Mapper {
 public:
  Skewed() {
    fields_.resize(2);
    fields_[0].name = "key";
    fields_[0].key = true;
    fields_[1].name = "name";
  }
  const std::vector<MappedField>& fields() const override { return fields_; }
  size_t key_field() const override { return 0; }
  const Record& Map(std::span<const Value> row) override {
    const auto number = static_cast<uint64_t>(row[0].v.i64);
    record_.key_hash = {~uint64_t{0} << 54 | (number * 0x9E3779B97F4A7C15u) >> 10, number};
    record_.fingerprint = {number, 1};
    payload_.clear();
    EncodeValue(row[0], &payload_);
    const size_t key_size = payload_.size();
    EncodeValue(StringValue("name of " + std::to_string(number) + std::string(60, '.')), &payload_);
    record_.payload = payload_;
    record_.key = std::string_view(payload_).substr(0, key_size);
    return record_;
  }

 private:
  std::vector<MappedField> fields_;
  std::string payload_;
  Record record_;
};

TEST(DiffLimits, APartitionLargerThanTheMemory) {
  constexpr uint64_t kRows = 150'000;  // 14 MB of rows with their tables, 12 MB of payloads
  World world("skewed");
  const auto view = world.View();
  Skewed mapper;
  world.context.clear_ours = {true, true};
  auto writer = PlanWriter::Create(world.PlanPath());
  ASSERT_TRUE(writer.ok());
  Numbers rows(kRows);
  PlanHeader header;
  header.fields = mapper.fields();
  Status status = Diff(&rows, &mapper, world.hasher, view.get(), world.context, world.options,
                       writer->get(), &header);
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(header.counts.insert, kRows);
  status = (*writer)->Finish(&header);
  ASSERT_TRUE(status.ok()) << status.error().message;
  const auto plan = PlanReader::Open(world.PlanPath());
  ASSERT_TRUE(plan.ok());
  Hash128 last;
  Arena arena;
  uint64_t seen = 0;
  status = (*plan)->Changes(1, [&](const Change& change) -> Status {
    EXPECT_LT(last, change.key_hash);
    last = change.key_hash;
    std::string_view payload = change.payload;
    const auto key = DecodeValue(&payload, &arena);
    EXPECT_EQ(static_cast<uint64_t>(key->v.i64), change.key_hash.lo);
    EXPECT_NE(payload.find("name of " + std::to_string(key->v.i64) + "."), std::string::npos);
    ++seen;
    return {};
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(seen, kRows);
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
