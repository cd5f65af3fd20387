// The double itself: it must catch what it is there for. And WriteAll under it.
#include "tests/support/crash.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "core/file/file.h"

namespace penstock::test {
namespace {

class CrashTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "/crash-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    dir_ = name;
    path_ = dir_ + "/a";
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::string Content() const {
    const auto content = file::ReadAll(path_);
    return content.ok() ? *content : "(none)";
  }
  /// What is left over many power losses at the `at`-th operation of `run`.
  std::set<std::string> Left(uint64_t at, const std::function<Status()>& run) {
    std::set<std::string> left;
    for (uint64_t seed = 1; seed <= 60; ++seed) {
      std::filesystem::remove_all(path_);
      EXPECT_TRUE(file::WriteAll(path_, "old").ok());
      EXPECT_TRUE(RunToEnd({Crash::kPowerLoss, at, 0, false, seed}, run).crashed);
      left.insert(Content());
    }
    return left;
  }

  std::string dir_, path_;
};

TEST_F(CrashTest, AForgottenSyncIsCaught) {
  const auto append = [&](bool sync) {
    return [this, sync]() -> Status {
      PENSTOCK_ASSIGN_OR_RETURN(file::Writer writer, file::Writer::Append(path_));
      PENSTOCK_RETURN_IF_ERROR(writer.Write("+new"));
      if (sync) PENSTOCK_RETURN_IF_ERROR(writer.Sync());
      return writer.Write("end");
    };
  };
  const std::set<std::string> synced = Left(3, append(true));
  EXPECT_EQ(synced, std::set<std::string>{"old+new"});
  const std::set<std::string> forgotten = Left(2, append(false));
  EXPECT_TRUE(forgotten.count("old"));
  EXPECT_TRUE(forgotten.count("old+new"));
  EXPECT_GT(forgotten.size(), 2u) << "no torn write";
}

TEST_F(CrashTest, AForgottenDirectorySyncIsCaught) {
  const auto remove = [&]() -> Status {
    PENSTOCK_RETURN_IF_ERROR(file::Remove(path_));
    return file::SyncDirectory(dir_);
  };
  EXPECT_EQ(Left(2, remove), (std::set<std::string>{"(none)", "old"}));
  EXPECT_TRUE(RunToEnd({}, remove).ok);
  EXPECT_EQ(Content(), "(none)");
}

TEST_F(CrashTest, AKillLosesNothingThatWasDone) {
  const RunResult result = RunToEnd({Crash::kKill, 3, 0, false, 1}, [&]() -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(file::Writer writer, file::Writer::Create(path_));
    PENSTOCK_RETURN_IF_ERROR(writer.Write("new"));
    return writer.Sync();
  });
  EXPECT_TRUE(result.crashed);
  EXPECT_EQ(result.operations, 3u);
  EXPECT_EQ(Content(), "new");
}

TEST_F(CrashTest, WriteAllIsOldOrNewWhateverHappens) {
  for (const Crash kind : {Crash::kFail, Crash::kKill, Crash::kPowerLoss}) {
    for (uint64_t seed = 1; seed <= 10; ++seed) {
      const uint64_t points = ForEachCrashPoint(
          {kind, 0, ENOSPC, false, seed}, [&] { ASSERT_TRUE(file::WriteAll(path_, "old").ok()); },
          [&] { return file::WriteAll(path_, std::string(5000, 'n')); },
          [&](const RunResult& result) {
            const std::string content = Content();
            ASSERT_TRUE(content == "old" || content == std::string(5000, 'n')) << content;
            if (result.ok) {
              ASSERT_NE(content, "old");
            }
          });
      EXPECT_GE(points, 6u);
    }
  }
}

}  // namespace
}  // namespace penstock::test
