// The changelog ended by kill or power loss at every operation: what was acknowledged is there, the
// chain holds, and the next append goes on.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "core/changelog/changelog.h"
#include "tests/support/crash.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;
using test::Crash;
using test::CrashOptions;
using test::ForEachCrashPoint;
using test::RunResult;

class ChangelogCrashTest : public ::testing::TestWithParam<Crash> {};

TEST_P(ChangelogCrashTest, WhatWasAcknowledgedStays) {
  const fs::path directory =
      fs::temp_directory_path() / ("changelog-crash-" + std::to_string(::getpid()));
  const std::string path = (directory / "changelog.jsonl").string();
  auto* acknowledged = static_cast<uint64_t*>(test::SharedMemory(sizeof(uint64_t)));
  const auto append = [&]() -> Status {
    ChangelogEntry entry;
    entry.kind = "run.finished";
    entry.actor = "test";
    entry.data = R"({"n":1})";
    PENSTOCK_ASSIGN_OR_RETURN(const ChangelogHead head, AppendChangelog(path, entry));
    *acknowledged = head.seq;
    return {};
  };
  CrashOptions options;
  options.kind = GetParam();
  const uint64_t points = ForEachCrashPoint(
      options,
      [&] {
        fs::remove_all(directory);
        fs::create_directories(directory);
        *acknowledged = 0;
      },
      [&]() -> Status {
        for (int i = 0; i < 4; ++i) PENSTOCK_RETURN_IF_ERROR(append());
        return {};
      },
      [&](const RunResult& result) {
        const auto proof = VerifyChangelog(path, std::nullopt);
        ASSERT_TRUE(proof.ok()) << proof.error().message << " at " << result.operations;
        EXPECT_GE(proof->lines, *acknowledged);
        ASSERT_TRUE(append().ok());
        const auto after = VerifyChangelog(path, std::nullopt);
        ASSERT_TRUE(after.ok());
        EXPECT_GT(after->lines, proof->lines);
        EXPECT_FALSE(after->torn);
      });
  EXPECT_GE(points, 10u);
  fs::remove_all(directory);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ChangelogCrashTest,
                         ::testing::Values(Crash::kKill, Crash::kPowerLoss, Crash::kFail),
                         [](const auto& param) {
                           return param.param == Crash::kKill        ? "Kill"
                                  : param.param == Crash::kPowerLoss ? "PowerLoss"
                                                                     : "Fail";
                         });

}  // namespace
}  // namespace penstock
