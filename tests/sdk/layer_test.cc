// The C++ layer and the host's services, from a connector's side and back.
#include <gtest/gtest.h>

#include "sdk/runtime/worker.h"
#include "tests/sdk/scripted_host.h"

namespace penstock::sdk {
namespace {

// Blobs in memory.
class BlobHost : public ScriptedHost {
 public:
  bool HasBlobs() const override { return has_blobs; }
  Result<penstock_blob> CreateBlob(const ServiceCall&) override { return penstock_blob{7}; }
  Status AppendBlob(penstock_blob, std::string_view bytes) override {
    content += bytes;
    return {};
  }
  Result<size_t> ReadBlob(penstock_blob, uint64_t offset, std::span<char> bytes) override {
    return content.copy(bytes.data(), bytes.size(), offset);
  }
  uint64_t BlobSize(penstock_blob) override { return content.size(); }
  void DiscardBlob(penstock_blob) override { ++discarded; }

  bool has_blobs = true;
  std::string content;
  int discarded = 0;
};

/// Everything here holds in process and in a worker alike.
class LayerTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override { Open(); }
  void Open() {
    instance_.reset();
    Result<const ConnectorLibrary*> library = LoadConnector(TEST_CONNECTORS, "polite");
    ASSERT_TRUE(library.ok()) << library.failure().message;
    library_ = *library;
    WorkerOptions worker;
    worker.program = FindWorkerProgram();
    Result<std::unique_ptr<ConnectorInstance>> instance =
        GetParam() ? OpenInWorker(library_->sidecar(), &host_, "{}", worker)
                   : ConnectorInstance::Open(*library_, &host_, "{}");
    ASSERT_TRUE(instance.ok()) << instance.failure().message;
    instance_ = *std::move(instance);
  }

  std::unique_ptr<ConnectorWriter> Begin(std::span<const OpenNote> notes = {}) {
    Assignment assignment;
    assignment.object = "things";
    assignment.operation = "upsert";
    assignment.identifier = {"order"};
    assignment.fields = {{"order", FieldType::kString, true}};
    assignment.options = R"({"all":true})";
    Result<std::unique_ptr<ConnectorWriter>> writer = instance_->Begin(assignment, notes, context_);
    if (!writer.ok()) {
      ADD_FAILURE() << writer.failure().message;
      return nullptr;
    }
    return *std::move(writer);
  }
  Status Obey(const std::string& order) {
    TestBatch batch(1);
    batch.Add(1, {batch.Text(order)});
    return Begin()->Write(batch.c(), [this](const penstock_outcome& o) { outcome_ = Keep(o); });
  }

  BlobHost host_;
  CallContext context_;
  const ConnectorLibrary* library_ = nullptr;
  std::unique_ptr<ConnectorInstance> instance_;
  KeptOutcome outcome_;
};

TEST_P(LayerTest, EmbedsItsManifestByteForByte) {
  EXPECT_EQ(instance_->manifest().name, "Polite: \"quotes\" and ünïcode survive");
  EXPECT_EQ(library_->sidecar().manifest_json, library_->entry().manifest_json);
}

TEST_P(LayerTest, CarriesDocumentsBothWays) {
  EXPECT_EQ(instance_->Check({})->account_id, "scripted");
  const Result<Catalog> catalog = instance_->Discover({"b", "a"}, {});
  ASSERT_TRUE(catalog.ok());
  EXPECT_EQ(catalog->objects.size(), 2u);
  EXPECT_FALSE(instance_->has_lookup());
}

TEST_P(LayerTest, ExceptionsEndTheCallWithTheirWords) {
  Status status = Obey("throw");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().status, PENSTOCK_E_INTERNAL);
  // A worker's exception is a crash, and names the connector before them.
  EXPECT_TRUE(status.failure().message.ends_with("thrown by the writer"));
  status = Obey("throw in response");
  ASSERT_FALSE(status.ok());
  EXPECT_TRUE(status.failure().message.ends_with("thrown in the answer"));
}

TEST_P(LayerTest, RequestsKnowOnWhoseBehalfTheyAre) {
  int marker = 0;
  context_.user = &marker;
  host_.answer = [](const SentRequest&) { return Reply{200, "body"}; };
  EXPECT_TRUE(Obey("request").ok());
  EXPECT_EQ(outcome_.id, "body");
  EXPECT_EQ(host_.user, &marker);
  EXPECT_EQ(host_.sent[0].limiter, "default");
}

TEST_P(LayerTest, AHostThatCannotWorkEndsTheCall) {
  host_.perform_status = Failure{PENSTOCK_E_CANCELLED, "TEST", "cancelled", 0};
  const Status status = Obey("request");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().status, PENSTOCK_E_CANCELLED);
}

TEST_P(LayerTest, CancellationAndDeadlineArrive) {
  context_.cancelled = [] { return true; };
  EXPECT_EQ(Obey("sleep").failure().status, PENSTOCK_E_CANCELLED);
  context_.cancelled = nullptr;
  const Status slept = Obey("sleep");
  EXPECT_TRUE(slept.ok()) << slept.failure().message;
  context_.timeout_ms = 2;
  EXPECT_TRUE(Obey("clock").ok());
  EXPECT_EQ(outcome_.id, std::to_string(5000 + 5000 + 2000));  // now, and the deadline
}

TEST_P(LayerTest, NotesAreDurableAndComeBack) {
  EXPECT_TRUE(Obey("note").ok());
  EXPECT_EQ(host_.notes, std::vector<std::string>{"job-1"});
  TestBatch records(1);
  records.Add(41, {TestBatch::Absent()}).Add(42, {TestBatch::Absent()});
  const OpenNote note{"job-1", &records.c()};
  auto writer = Begin({&note, 1});
  EXPECT_EQ(writer->Outstanding(), (std::vector<uint64_t>{41, 42}));
  std::vector<KeptOutcome> outcomes;
  EXPECT_TRUE(writer->Finish([&](const penstock_outcome& o) { outcomes.push_back(Keep(o)); }).ok());
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[1].seq, 42u);
  EXPECT_EQ(outcomes[1].id, "job-1");
}

TEST_P(LayerTest, UnknownLogLevelsAreErrors) {
  EXPECT_TRUE(Obey("log").ok());
  EXPECT_EQ(host_.logs, std::vector<std::string>{"3 unknown level"});
}

TEST_P(LayerTest, BlobsRoundTripWhereTheHostHasThem) {
  EXPECT_TRUE(Obey("blob").ok());
  EXPECT_EQ(outcome_.id, "ello");
  EXPECT_EQ(host_.discarded, 1);
  host_.has_blobs = false;
  Open();
  EXPECT_TRUE(Obey("blob").ok());
  EXPECT_EQ(outcome_.id, "no blobs");
}

INSTANTIATE_TEST_SUITE_P(Isolation, LayerTest, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Worker" : "InProcess"; });

}  // namespace
}  // namespace penstock::sdk
