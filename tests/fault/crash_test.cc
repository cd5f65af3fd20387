// A run killed, or cut off by a power loss, at every write, fsync, rename and removal it makes.
// Afterwards: nothing that the journal acknowledges is sent again, everything sent stands in the
// journal, counts add up, and the account comes to agree with the model.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>

#include "core/file/file.h"
#include "tests/property/world.h"
#include "tests/support/crash.h"

namespace penstock::testing {
namespace {

using test::Crash;
using test::CrashOptions;
using test::ForEachCrashPoint;
using test::RunResult;

TableRow Row(const std::string& email, const std::string& score, const std::string& name) {
  return {email, score, name, std::nullopt};
}

/// What stood in the table before, and what the killed run has to do.
struct Scenario {
  const char* name;
  Mode mode;
  bool first_run;
};

void FillBefore(World* world) {
  for (int i = 0; i < 10; ++i) {
    world->source.rows.push_back(Row("k" + std::to_string(i) + "@x", std::to_string(i), "ann"));
  }
}

/// New rows, changed ones, a rejected one, departed ones.
void Edit(World* world) {
  world->source.rows.erase(world->source.rows.begin(), world->source.rows.begin() + 2);
  for (int i = 0; i < 4; ++i) world->source.rows[static_cast<size_t>(i)].score = "77";
  world->source.rows[5].name = "bad";
  for (int i = 0; i < 3; ++i)
    world->source.rows.push_back(Row("new" + std::to_string(i) + "@x", "5", "bob"));
}

class CrashTest : public ::testing::TestWithParam<std::tuple<Scenario, Crash>> {
 protected:
  void SetUp() override { directory_ = MakeScratch("crash"); }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void MakeWorld(const Scenario& scenario) {
    std::filesystem::remove_all(directory_ + "/w");
    std::filesystem::create_directories(directory_ + "/w");
    world_ = std::make_unique<World>(directory_ + "/w", scenario.mode);
    FillBefore(world_.get());
    if (!scenario.first_run) {
      ASSERT_EQ(world_->Sync({}), "");
      Edit(world_.get());
    }
    ASSERT_EQ(world_->BeforeCrash(), "");
  }

  void Verify(const RunResult& result) {
    SCOPED_TRACE("operations before the end: " + std::to_string(result.operations));
    ASSERT_EQ(world_->AfterCrash(), "");
    ASSERT_EQ(world_->Sync({}), "");
    ASSERT_EQ(world_->Converge(), "");
  }

  std::string directory_;
  std::unique_ptr<World> world_;
};

TEST_P(CrashTest, EveryOperation) {
  const auto& [scenario, kind] = GetParam();
  CrashOptions options;
  options.kind = kind;
  const uint64_t points = ForEachCrashPoint(
      options, [&] { MakeWorld(scenario); },
      [&]() -> Status {
        auto record = world_->BareSync({});
        return record.ok() ? Status() : record.status();
      },
      [&](const RunResult& result) { Verify(result); });
  RecordProperty("crash_points", static_cast<int>(points));
  EXPECT_GT(points, 10u);
}

std::string Name(const ::testing::TestParamInfo<std::tuple<Scenario, Crash>>& info) {
  const Crash kind = std::get<1>(info.param);
  return std::string(std::get<0>(info.param).name) +
         (kind == Crash::kKill ? "_kill" : "_power_loss");
}

INSTANTIATE_TEST_SUITE_P(
    Runs, CrashTest,
    ::testing::Combine(::testing::Values(Scenario{"first_upsert", Mode::kUpsert, true},
                                         Scenario{"mirror", Mode::kMirror, false},
                                         Scenario{"insert_only", Mode::kInsertOnly, false}),
                       ::testing::Values(Crash::kKill, Crash::kPowerLoss)),
    Name);

/// Every single operation fails in turn (and goes on failing: a full disk): one clear error,
/// nothing lost.
class FailTest : public CrashTest {};

TEST_P(FailTest, EveryOperation) {
  const auto& [scenario, kind] = GetParam();
  CrashOptions options;
  options.kind = kind;
  options.error = ENOSPC;
  options.go_on = true;
  ForEachCrashPoint(
      options, [&] { MakeWorld(scenario); },
      [&]() -> Status {
        auto record = world_->BareSync({});
        if (!record.ok()) return record.status();
        return record->error ? Status(*record->error) : Status();
      },
      [&](const RunResult& result) {
        EXPECT_FALSE(result.crashed);
        EXPECT_FALSE(result.reached && result.ok) << "the disk was full and nobody said so";
        Verify(result);
      });
}

INSTANTIATE_TEST_SUITE_P(Runs, FailTest,
                         ::testing::Combine(::testing::Values(Scenario{"mirror", Mode::kMirror,
                                                                       false}),
                                            ::testing::Values(Crash::kFail)),
                         [](const auto&) { return std::string("full_disk"); });

}  // namespace
}  // namespace penstock::testing
