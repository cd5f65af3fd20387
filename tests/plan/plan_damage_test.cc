// A damaged plan is refused as a whole, and a plan that cannot be written leaves nothing.
#include <fstream>
#include <iterator>

#include "core/file/file.h"
#include "tests/plan/plan_fixture.h"

namespace penstock {
namespace {

std::string Slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void Spit(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void ExpectCorrupt(const std::string& path, const std::string& what) {
  const auto reader = PlanReader::Open(path);
  ASSERT_FALSE(reader.ok()) << what;
  EXPECT_EQ(reader.error().code, "PS-PLAN-CORRUPT") << what;
  EXPECT_NE(reader.error().message.find(path), std::string::npos);
}

TEST_F(PlanTest, AFlippedBitAnywhereIsFound) {
  WriteSample(Path(), 30);
  const std::string good = Slurp(Path());
  ASSERT_LT(good.size(), 1u << 20);
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
    Spit(Path("bad"), bad);
    ExpectCorrupt(Path("bad"), "byte " + std::to_string(at));
  }
}

TEST_F(PlanTest, AFlippedBitInALargePlanIsFound) {
  WriteSample(Path(), 6000);
  const std::string good = Slurp(Path());
  for (size_t at = 0; at < good.size(); at += 997) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    Spit(Path("bad"), bad);
    ExpectCorrupt(Path("bad"), "byte " + std::to_string(at));
  }
}

TEST_F(PlanTest, APlanOfAnotherVersionIsCalledThat) {
  WriteSample(Path(), 6);
  std::string other = Slurp(Path());
  ASSERT_TRUE(other.starts_with("penstock plan 2\n"));
  other.replace(0, 16, "penstock plan 1\n");
  Spit(Path("bad"), other);
  const auto reader = PlanReader::Open(Path("bad"));
  ASSERT_FALSE(reader.ok());
  EXPECT_EQ(reader.error().code, "PS-PLAN-CORRUPT");
  EXPECT_NE(reader.error().message.find("another one wrote it"), std::string::npos)
      << reader.error().message;
}

TEST_F(PlanTest, ATruncatedOrExtendedFileIsFound) {
  WriteSample(Path(), 60);
  const std::string good = Slurp(Path());
  for (size_t size = 0; size < good.size(); size += 7) {
    Spit(Path("bad"), good.substr(0, size));
    ExpectCorrupt(Path("bad"), "cut at " + std::to_string(size));
  }
  Spit(Path("bad"), good + "x");
  ExpectCorrupt(Path("bad"), "one byte more");
  Spit(Path("bad"), good + good);
  ExpectCorrupt(Path("bad"), "twice");
}

TEST_F(PlanTest, AMissingPlanIsSaid) {
  const auto reader = PlanReader::Open(Path());
  ASSERT_FALSE(reader.ok());
  EXPECT_EQ(reader.error().code, "PS-PLAN-MISSING");
}

/// Fails the n-th operation with ENOSPC.
class FailingHooks : public file::Hooks {
 public:
  explicit FailingHooks(int nth) : left_(nth) { file::SetHooks(this); }
  ~FailingHooks() override { file::SetHooks(nullptr); }
  int Before(file::Op op, const std::string&, std::string_view, uint64_t) override {
    if (op == file::Op::kRemove) return 0;  // cleaning up is not what is tested
    return left_-- == 0 ? ENOSPC : 0;
  }
  void After(file::Op, const std::string&, const std::string&) override {}
  bool fired() const { return left_ < 0; }

 private:
  int left_;
};

Status WriteWithFullDisk(const std::string& path) {
  auto writer = PlanWriter::Create(path);
  if (!writer.ok()) return writer.status();
  Status first;
  for (uint64_t i = 0; i < 3000; ++i) {
    Change change = SampleChange(i, Op::kUpsert);
    change.payload.append(200, static_cast<char>(i));
    Status status = (*writer)->Add(&change);
    if (status.ok()) status = (*writer)->AddMark(SampleMark(i));
    if (status.ok()) status = (*writer)->AddInvalid(SampleInvalid(i));
    if (!status.ok() && first.ok()) first = status;
  }
  PlanHeader header = SampleHeader();
  const Status finished = (*writer)->Finish(&header);
  EXPECT_TRUE(first.ok() || !finished.ok()) << "a failed plan was finished";
  return finished;
}

TEST_F(PlanTest, AFullDiskAtAnyOperationDropsThePlan) {
  bool fired = true;
  int nth = 0;
  for (; fired; ++nth) {
    Status status;
    {
      FailingHooks hooks(nth);
      status = WriteWithFullDisk(Path());
      fired = hooks.fired();
    }
    if (!fired) {
      EXPECT_TRUE(status.ok());
      break;
    }
    ASSERT_FALSE(status.ok()) << nth;
    EXPECT_EQ(status.error().code, "PS-PLAN-WRITE");
    EXPECT_NE(status.error().message.find("Nothing was sent"), std::string::npos);
    EXPECT_TRUE(Names().empty()) << nth;
  }
  EXPECT_GT(nth, 8);
}

}  // namespace
}  // namespace penstock
