// The store ended by kill or power loss at every write, sync and removal of SQLite: what was said
// to be done is there afterwards, and the store opens.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "host/store/store.h"
#include "tests/support/crash.h"

namespace penstock::store {
namespace {

namespace fs = std::filesystem;
using test::Crash;
using test::CrashOptions;
using test::ForEachCrashPoint;
using test::RunResult;

constexpr int kRuns = 3;

class StoreCrashTest : public ::testing::TestWithParam<Crash> {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() / ("store-crash-" + std::to_string(::getpid()));
    done_ = static_cast<int*>(test::SharedMemory(sizeof(int)));
    Clear();
  }
  void TearDown() override { fs::remove_all(directory_); }
  void Clear() {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    *done_ = 0;
  }
  StoreOptions Options() const {
    StoreOptions options;
    options.path = (directory_ / "store.db").string();
    options.changelog_path = (directory_ / "changelog.jsonl").string();
    options.actor = "test";
    return options;
  }
  // Counts a run only once everything about it was said to be done.
  Status Work() const {
    PENSTOCK_ASSIGN_OR_RETURN(const auto store, Store::Open(Options()));
    for (int i = 1; i <= kRuns; ++i) {
      RunRecord record;
      record.integration = "contacts";
      PENSTOCK_RETURN_IF_ERROR(store->BeginRun(&record));
      PENSTOCK_RETURN_IF_ERROR(store->SaveAnchor("contacts", {"l", 1, static_cast<uint64_t>(i)}));
      record.status = "succeeded";
      PENSTOCK_RETURN_IF_ERROR(store->FinishRun(record));
      PENSTOCK_RETURN_IF_ERROR(store->Log("run.finished", "contacts", "{}"));
      *done_ = i;
    }
    return {};
  }
  void Verify(const RunResult& result) const {
    auto store = Store::Open(Options());
    ASSERT_TRUE(store.ok()) << store.error().message;
    const auto runs = (*store)->Runs("contacts", 0);
    ASSERT_TRUE(runs.ok()) << runs.error().message;
    int finished = 0;
    for (const RunRecord& run : *runs) finished += run.status == "succeeded" ? 1 : 0;
    EXPECT_GE(finished, *done_) << "after operation " << result.operations;
    EXPECT_GE((*store)->Anchor("contacts")->last_outcome, static_cast<uint64_t>(*done_));
    const auto head = (*store)->Head();
    ASSERT_TRUE(head.ok());
    const auto proof = VerifyChangelog(Options().changelog_path, *head);
    ASSERT_TRUE(proof.ok()) << proof.error().message;
    EXPECT_GE(proof->lines, *done_ == 0 ? 0u : static_cast<uint64_t>(*done_) + 1);
    ASSERT_TRUE((*store)->Log("after", "", "{}").ok());
    EXPECT_TRUE(VerifyChangelog(Options().changelog_path, *(*store)->Head()).ok());
  }

  fs::path directory_;
  int* done_ = nullptr;
};

TEST_P(StoreCrashTest, WhatWasDoneStays) {
  CrashOptions options;
  options.kind = GetParam();
  const uint64_t points = ForEachCrashPoint(
      options, [this] { Clear(); }, [this] { return Work(); },
      [this](const RunResult& result) { Verify(result); });
  EXPECT_GT(points, 30u);
}

INSTANTIATE_TEST_SUITE_P(Kinds, StoreCrashTest,
                         ::testing::Values(Crash::kKill, Crash::kPowerLoss, Crash::kFail),
                         [](const auto& param) {
                           return param.param == Crash::kKill        ? "Kill"
                                  : param.param == Crash::kPowerLoss ? "PowerLoss"
                                                                     : "Fail";
                         });

}  // namespace
}  // namespace penstock::store
