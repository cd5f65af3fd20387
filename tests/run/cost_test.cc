// What a plan is said to cost, from the catalog alone.
#include "core/push/cost.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

constexpr char kBulk[] = R"({"required": ["way"], "properties": {"way": {"enum": ["jobs"]}}})";
constexpr char kAuto[] =
    R"({"properties": {"way": {"enum": ["auto"]}, "slow": {"enum": [false]}}})";

sdk::Object Things() {
  sdk::Object object;
  object.name = "things";
  object.operations = {{"upsert", {}}, {"update", {}}, {"delete", {}}};
  object.limits = {1000, 200, 2};
  object.options_schema = R"({"properties": {"most": {"type": "integer", "default": 2000}}})";
  object.jobs = {{kBulk, "", 50'000, 8}, {kAuto, "most", 50'000, 8}};
  return object;
}

PlanCounts Counts(uint64_t insert, uint64_t update = 0, uint64_t remove = 0) {
  PlanCounts counts;
  counts.insert = insert;
  counts.update = update;
  counts.row_changes = insert + update;
  counts.remove = remove;
  return counts;
}

struct Case {
  const char* options;
  PlanCounts counts;
  uint64_t requests, jobs;
};

TEST(CostTest, JobsAreCountedWhereTheOptionsLeadToThem) {
  const Case cases[] = {
      {"", Counts(0), 0, 0},
      {"", Counts(1), 1, 0},
      {"{}", Counts(2000), 10, 0},
      {"{}", Counts(2001), 16, 2},
      {R"({"way": "auto"})", Counts(2001), 16, 2},
      {R"({"most": 5000})", Counts(2001), 11, 0},
      {R"({"most": 5000})", Counts(5001), 16, 2},
      {R"({"slow": true})", Counts(2001), 11, 0},
      {R"({"way": "requests"})", Counts(1'000'000), 5000, 0},
      {R"({"way": "jobs"})", Counts(1), 8, 1},
      {R"({"way": "jobs"})", Counts(200), 8, 1},   // one batch, so one writer
      {R"({"way": "jobs"})", Counts(201), 16, 2},  // two of them
      {R"({"way": "jobs", "slow": true})", Counts(201), 16, 2},
      {"{}", Counts(100'000), 16, 2},
      {"{}", Counts(100'001), 24, 3},
      {"{}", Counts(1'000'000), 160, 20},
      {"{}", Counts(3000, 300, 10), 16 + 2 + 1, 2},  // each operation for itself
      {"{}", Counts(1500, 1500, 2500), 8 + 8 + 16, 2},
  };
  for (const Case& a_case : cases) {
    SCOPED_TRACE(std::string(a_case.options) + " " + std::to_string(a_case.counts.row_changes));
    const PlanCost cost = EstimateCost(a_case.counts, Things(), a_case.options);
    EXPECT_EQ(cost.requests, a_case.requests);
    EXPECT_EQ(cost.jobs, a_case.jobs);
  }
}

TEST(CostTest, WhatIsUpsertedTogetherIsOneOperation) {
  sdk::Object object = Things();
  object.operations.erase("update");
  EXPECT_EQ(EstimateCost(Counts(1500, 1500), object, "").jobs, 2u);
  EXPECT_EQ(EstimateCost(Counts(100, 100), object, "").requests, 1u);
}

TEST(CostTest, ABatchFillsRequestsAndLeavesWorkForAllWriters) {
  const sdk::ObjectLimits limits = {1000, 200, 2};
  EXPECT_EQ(BatchRecords(limits, 0), 200u);
  EXPECT_EQ(BatchRecords(limits, 399), 200u);
  EXPECT_EQ(BatchRecords(limits, 402), 400u);
  EXPECT_EQ(BatchRecords(limits, 1'000'000), 1000u);
  EXPECT_EQ(BatchRecords({100, 200, 2}, 1000), 1u);
  EXPECT_EQ(BatchRecords({0, 0, 0}, 1000), 1u);
}

}  // namespace
}  // namespace penstock
