// Plans to write and read in tests.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/plan/plan.h"

namespace penstock {

/// A directory of its own for each test, gone afterwards.
class PlanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    directory_ = std::filesystem::temp_directory_path() /
                 (std::string("penstock-") + info->test_suite_name() + "-" + info->name() + "-" +
                  std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string Path(const std::string& name = "p.plan") const { return directory_ / name; }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& item : std::filesystem::directory_iterator(directory_))
      names.push_back(item.path().filename());
    return names;
  }

  std::filesystem::path directory_;
};

inline PlanHeader SampleHeader() {
  PlanHeader header;
  header.integration = "contacts";
  header.environment = "default";
  header.account = "123";
  header.object = "contacts";
  header.connector = "hubspot";
  header.connector_version = "0.1.0";
  header.model_digest = "aa";
  header.mapping_digest = "bb";
  header.schema_digest = "cc";
  header.options = R"({"b": "\u00e9"})";
  header.mode = Mode::kMirror;
  header.lineage = "L1";
  header.last_outcome = 41;
  header.fields = {
      {"email",
       sdk::FieldType::kString,
       true,
       true,
       true,
       NullPolicy::kClear,
       {sdk::Normaliser::kTrim, sdk::Normaliser::kLower}},
      {"seen", sdk::FieldType::kTimestamp, false, false, false, NullPolicy::kLeave, {}}};
  header.key_field = 0;
  header.counts.read = 10;
  header.counts.unchanged = 7;
  header.counts.invalid = 1;
  header.counts.row_changes = 2;
  header.counts.insert = 1;
  header.counts.update = 1;
  header.counts.remove = 1;
  header.counts.entries = 1ULL << 60;
  header.counts.invalid_by_code = {{"WRONG_TYPE", 1}};
  header.counts.fields = {{"seen", 1}};
  header.created_us = 1'700'000'000'000'000;
  header.expires_us = 1'700'086'400'000'000;
  header.seconds = 1.5;
  return header;
}

inline Change SampleChange(uint64_t n, Op op) {
  Change change;
  change.op = op;
  change.reason = op == Op::kDelete ? Reason::kDeparted : Reason::kChanged;
  change.key_hash = {n, n * 7};
  change.key = "key" + std::to_string(n);
  change.key_text = "key " + std::to_string(n);
  change.destination_id = n % 3 == 0 ? "" : "id" + std::to_string(n);
  change.fingerprint = {n * 3, ~n};
  change.has_absent = n % 2 == 0;
  change.sparse = n % 5 == 0;
  change.shared_id = op == Op::kDelete && n % 7 == 0;
  change.origin = n % 2 == 0 ? Origin::kCreated : Origin::kAdopted;
  if (op != Op::kDelete) {
    change.changed = {1};
    change.fields = {static_cast<uint32_t>(n), kFieldAbsent};
  }
  change.payload = std::string(n % 300, static_cast<char>('a' + n % 26)) + std::string("\0x", 2);
  return change;
}

inline MarkedKey SampleMark(uint64_t n) {
  MarkedKey marked;
  marked.mark = n % 2 == 0 ? Mark::kDeparted : Mark::kRefingerprint;
  marked.key_hash = {n, 5};
  marked.key = "entry" + std::to_string(n);
  marked.fingerprint = {n, n};
  marked.has_absent = n % 3 == 0;
  marked.fields = {7, 8, static_cast<uint32_t>(n)};
  return marked;
}

inline InvalidRow SampleInvalid(uint64_t n) {
  return {n, "key " + std::to_string(n), "email", "WRONG_TYPE", "is no number"};
}

/// A plan with `n` changes, of which a fifth are deletes, and some marks and invalid rows.
inline PlanHeader WriteSample(const std::string& path, uint64_t n) {
  PlanHeader header = SampleHeader();
  auto writer = PlanWriter::Create(path);
  EXPECT_TRUE(writer.ok()) << writer.error().message;
  for (uint64_t i = 0; i < n; ++i) {
    Change change = SampleChange(i, i < n - n / 5 ? Op::kUpsert : Op::kDelete);
    EXPECT_TRUE((*writer)->Add(&change).ok());
    EXPECT_EQ(change.seq, i + 1);
    if (i % 10 == 0) {
      EXPECT_TRUE((*writer)->AddMark(SampleMark(i)).ok());
      EXPECT_TRUE((*writer)->AddInvalid(SampleInvalid(i + 1)).ok());
    }
  }
  const Status finished = (*writer)->Finish(&header);
  EXPECT_TRUE(finished.ok()) << finished.error().message;
  return header;
}

}  // namespace penstock
