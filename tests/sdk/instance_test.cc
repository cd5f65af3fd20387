// Whatever a connector does, every record has one outcome or is known to have none.
#include "sdk/runtime/instance.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/sdk/connectors/test_manifest.h"
#include "tests/sdk/scripted_host.h"

namespace penstock::sdk {
namespace {

class InstanceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(std::string(TEST_CONNECTORS) + "/unruly.connector.json", std::ios::binary)
        << TEST_MANIFEST("unruly");
    Result<const ConnectorLibrary*> library = LoadConnector(TEST_CONNECTORS, "unruly");
    ASSERT_TRUE(library.ok()) << library.failure().message;
    library_ = *library;
    Result<std::unique_ptr<ConnectorInstance>> instance =
        ConnectorInstance::Open(*library_, &host_, "{}");
    ASSERT_TRUE(instance.ok());
    instance_ = *std::move(instance);
  }

  std::unique_ptr<ConnectorWriter> Begin(const std::string& operation = "upsert") {
    Assignment assignment;
    assignment.object = "things";
    assignment.operation = operation;
    assignment.identifier = {"order"};
    assignment.fields = {{"order", FieldType::kString, true}};
    Result<std::unique_ptr<ConnectorWriter>> writer = instance_->Begin(assignment, {}, {});
    EXPECT_TRUE(writer.ok());
    return *std::move(writer);
  }

  Status Write(ConnectorWriter* writer, const std::vector<std::string>& orders) {
    TestBatch batch(1);
    for (const std::string& order : orders) batch.Add(++seq_, {batch.Text(order)});
    return writer->Write(batch.c(),
                         [this](const penstock_outcome& o) { outcomes_.push_back(Keep(o)); });
  }
  Status Finish(ConnectorWriter* writer) {
    return writer->Finish([this](const penstock_outcome& o) { outcomes_.push_back(Keep(o)); });
  }

  ScriptedHost host_;
  const ConnectorLibrary* library_ = nullptr;
  std::unique_ptr<ConnectorInstance> instance_;
  std::vector<KeptOutcome> outcomes_;
  uint64_t seq_ = 0;
};

TEST_F(InstanceTest, PassesOutcomesOn) {
  auto writer = Begin();
  EXPECT_TRUE(Write(writer.get(), {"create", "create"}).ok());
  ASSERT_EQ(outcomes_.size(), 2u);
  EXPECT_EQ(outcomes_[1].seq, 2u);
  EXPECT_EQ(outcomes_[1].outcome, PENSTOCK_CREATED);
  EXPECT_TRUE(Finish(writer.get()).ok());
}

TEST_F(InstanceTest, NamesRecordsReportedTwiceOrUnknown) {
  auto writer = Begin();
  const Status status = Write(writer.get(), {"twice", "create", "unknown"});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().code, "PS-CONN-OUTCOMES");
  EXPECT_NE(status.failure().message.find("1, 1000003"), std::string::npos)
      << status.failure().message;
  ASSERT_EQ(outcomes_.size(), 2u);  // the first report of 1, and 2
  EXPECT_EQ(outcomes_[0].outcome, PENSTOCK_CREATED);
  EXPECT_EQ(writer->Outstanding(), std::vector<uint64_t>{3});
}

TEST_F(InstanceTest, NamesRecordsWithoutAnOutcomeAtTheEnd) {
  auto writer = Begin();
  EXPECT_TRUE(Write(writer.get(), {"nothing", "create", "nothing"}).ok());
  const Status status = Finish(writer.get());
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.failure().message.find("records 1, 3"), std::string::npos);
  EXPECT_EQ(writer->Outstanding(), (std::vector<uint64_t>{1, 3}));
}

TEST_F(InstanceTest, ReadsWhatCannotBeAsInDoubt) {
  auto writer = Begin();
  EXPECT_TRUE(Write(writer.get(), {"enumerator", "impossible"}).ok());
  ASSERT_EQ(outcomes_.size(), 2u);
  for (const KeptOutcome& outcome : outcomes_) EXPECT_EQ(outcome.outcome, PENSTOCK_IN_DOUBT);
}

TEST_F(InstanceTest, ReadsAnUnknownClassAsData) {
  auto writer = Begin();
  EXPECT_TRUE(Write(writer.get(), {"reject"}).ok());
  EXPECT_EQ(outcomes_.at(0).error_class, PENSTOCK_CLASS_DATA);
}

TEST_F(InstanceTest, NeverSplitsASingleRecord) {
  auto writer = Begin();
  EXPECT_TRUE(Write(writer.get(), {"split", "split2", "split2"}).ok());
  ASSERT_EQ(outcomes_.size(), 3u);
  EXPECT_EQ(outcomes_[0].outcome, PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[1].outcome, PENSTOCK_SPLIT);
  EXPECT_EQ(outcomes_[2].group, 2u);
}

TEST_F(InstanceTest, ContainsExceptions) {
  auto writer = Begin();
  const Status status = Write(writer.get(), {"create", "throw", "create"});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().status, PENSTOCK_E_INTERNAL);
  EXPECT_EQ(outcomes_.size(), 1u);
  EXPECT_EQ(writer->Outstanding(), (std::vector<uint64_t>{2, 3}));
  EXPECT_FALSE(instance_->Discover({}, {}).ok());
}

TEST_F(InstanceTest, NamesSilentAndImpossibleStatuses) {
  auto writer = Begin();
  Status status = Write(writer.get(), {"silent failure"});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().status, PENSTOCK_E_UNAVAILABLE);
  EXPECT_NE(status.failure().message.find("did not say why"), std::string::npos);
  status = Write(writer.get(), {"no status"});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().status, PENSTOCK_E_INTERNAL);
  status = Write(writer.get(), {"fail and ok"});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().code, "PS-CONN-CONTRACT");
}

TEST_F(InstanceTest, PassesTheConnectorsErrorOn) {
  const auto refused = ConnectorInstance::Open(*library_, &host_, R"({"refuse": 1})");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.failure().code, "unruly.NO");
  EXPECT_EQ(refused.failure().message, "the configuration says no");
}

TEST_F(InstanceTest, RefusesADocumentThatIsNone) {
  const Result<CheckReport> report = instance_->Check({});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.failure().status, PENSTOCK_E_INTERNAL);
  EXPECT_NE(report.failure().message.find("not valid JSON"), std::string::npos);
}

TEST_F(InstanceTest, SaysThatItCannotLookUp) {
  const Status status = instance_->Lookup({}, {}, 1, [](const FoundRecord&) {}, {});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().status, PENSTOCK_E_UNSUPPORTED);
}

}  // namespace
}  // namespace penstock::sdk
