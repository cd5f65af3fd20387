// A table of ten rows, an account, and runs over them.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "core/plan/plan.h"
#include "tests/property/world.h"

namespace penstock::testing {

class RunTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = MakeScratch("run");
    Start(Mode::kMirror);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void Start(Mode mode) {
    std::filesystem::remove_all(directory_ + "/w");
    std::filesystem::create_directories(directory_ + "/w");
    world_ = std::make_unique<World>(directory_ + "/w", mode);
    for (int i = 0; i < 10; ++i) {
      world_->source.rows.push_back({"k" + std::to_string(i) + "@x", "1", "ann", std::nullopt});
    }
  }
  PlannedRun MakePlan() {
    FakeDestination destination(&world_->account, {});
    auto planned = Plan(world_->Environment(&destination), {});
    EXPECT_TRUE(planned.ok());
    EXPECT_TRUE(destination.sent().empty());
    return planned.ok() ? *planned : PlannedRun();
  }
  RunRecord ApplyPlan(const std::string& path, const SyncOptions& options = {}) {
    FakeDestination destination(&world_->account, {});
    destination.set_account_id(world_->account_id);
    auto record = Apply(world_->Environment(&destination), path, options);
    EXPECT_TRUE(record.ok()) << record.error().message;
    sent_ = destination.sent().size();
    return record.ok() ? *record : RunRecord();
  }
  RunRecord SyncOnce(const SyncOptions& options = {}, const FaultSettings& faults = {}) {
    FakeDestination destination(&world_->account, faults);
    destination.set_account_id(world_->account_id);
    auto record = Sync(world_->Environment(&destination), options);
    EXPECT_TRUE(record.ok()) << record.error().message;
    sent_ = destination.sent().size();
    return record.ok() ? *record : RunRecord();
  }
  TableRow& Row(size_t i) { return world_->source.rows[i]; }
  std::map<std::string, HeldRecord> Records() { return world_->account.Records(); }
  /// Every answer is lost, of requests that were applied.
  static FaultSettings Losing() {
    FaultSettings faults;
    faults.lose_answers = true;
    return faults;
  }
  std::string CodeOf(const RunRecord& record) const {
    return record.error ? record.error->code : "";
  }

  std::string directory_;
  std::unique_ptr<World> world_;
  size_t sent_ = 0;
};

}  // namespace penstock::testing
