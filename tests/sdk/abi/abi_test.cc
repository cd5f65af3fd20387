// A host and connectors that were built apart: by another compiler, with a frozen header, with a
// later one. Built as three programs: by the tree's compiler, by clang, and by clang with the
// later header, so that every pair is tried.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sdk/runtime/instance.h"
#include "tests/sdk/abi/test_manifest.h"
#include "tests/sdk/scripted_host.h"

namespace penstock::sdk {
namespace {

namespace fs = std::filesystem;

// How a connector was built; its name is its file's.
struct Built {
  const char* id;
  const char* min_host_minor;
  bool grown;  // with the later header
};
constexpr Built kBuilt[] = {{"frozen_clang", "0", false}, {"frozen_gcc", "0", false},
                            {"today_clang", "0", false},  {"today_gcc", "0", false},
                            {"grown_clang", "0", true},   {"grown_gcc", "0", true},
                            {"grown_needs", "1", true}};

#if defined(PENSTOCK_GROWN)
constexpr bool kGrownHost = true;
#else
constexpr bool kGrownHost = false;
#endif

bool Runs(const Built& built) { return built.min_host_minor[0] == '0' || kGrownHost; }

std::vector<Built> ThatRun() {
  std::vector<Built> list;
  std::copy_if(std::begin(kBuilt), std::end(kBuilt), std::back_inserter(list), Runs);
  return list;
}

// One directory for all tests, since libraries stay loaded; gone at the end.
struct Home {
  Home() : path(fs::path(testing::TempDir()) / ("abi-" + std::to_string(::getpid()))) {
    fs::create_directories(path);
  }
  ~Home() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  fs::path path;
};

class AbiTest : public ::testing::TestWithParam<Built> {
 protected:
  static std::string Directory() {
    static const Home home;
    return home.path;
  }

  Result<const ConnectorLibrary*> Load() {
    const std::string id = GetParam().id;
    const fs::path library = fs::path(Directory()) / (id + ".so");
    if (!fs::exists(library)) fs::copy_file(fs::path(TEST_CONNECTORS) / (id + ".so"), library);
    std::string manifest = TEST_MANIFEST("@", "#");
    for (size_t at = manifest.find('@'); at != std::string::npos; at = manifest.find('@')) {
      manifest.replace(at, 1, id);
    }
    manifest.replace(manifest.find('#'), 1, GetParam().min_host_minor);
    std::ofstream(fs::path(Directory()) / (id + ".connector.json")) << manifest;
    return LoadConnector(Directory(), id);
  }
  void Open() {
    Result<const ConnectorLibrary*> library = Load();
    ASSERT_TRUE(library.ok()) << library.failure().message;
    Result<std::unique_ptr<ConnectorInstance>> instance =
        ConnectorInstance::Open(**library, &host_, "{}");
    ASSERT_TRUE(instance.ok()) << instance.failure().message;
    instance_ = *std::move(instance);
  }
  static Assignment Things() {
    Assignment assignment;
    assignment.object = "things";
    assignment.operation = "upsert";
    assignment.identifier = {"key"};
    assignment.fields = {{"key", FieldType::kString, true}};
    return assignment;
  }

  ScriptedHost host_;
  std::unique_ptr<ConnectorInstance> instance_;
};

class AbiLoadTest : public AbiTest {};

TEST_P(AbiLoadTest, IsRefusedOnlyIfItNeedsANewerHost) {
  Result<const ConnectorLibrary*> library = Load();
  if (Runs(GetParam())) {
    ASSERT_TRUE(library.ok()) << library.failure().message;
    EXPECT_TRUE((*library)->has_lookup());
    return;
  }
  ASSERT_FALSE(library.ok());
  EXPECT_EQ(library.failure().code, "PS-CONN-HOST");
  EXPECT_NE(library.failure().message.find("minor version 1"), std::string::npos);
}

TEST_P(AbiTest, ChecksAndDiscovers) {
  Open();
  if (HasFatalFailure()) return;
  host_.answer = [](const SentRequest& request) {
    return request.url == "/account" ? Reply{200, "portal-7"} : Reply{500, ""};
  };
  Result<CheckReport> report = instance_->Check({});
  ASSERT_TRUE(report.ok()) << report.failure().message;
  EXPECT_EQ(report->account_id, "portal-7");
  // Only a later connector in a later host sees what was added.
  const std::string grown = GetParam().grown && kGrownHost ? "1 1 1" : "0 0 0";
  EXPECT_EQ(report->account_name,
            "minor " + std::to_string(PENSTOCK_ABI_MINOR) + ", grown " + grown);
  Result<Catalog> catalog = instance_->Discover({}, {});
  ASSERT_TRUE(catalog.ok()) << catalog.failure().message;
  EXPECT_NE(catalog->FindObject("things"), nullptr);

  host_.answer = [](const SentRequest&) { return Reply{401, ""}; };
  report = instance_->Check({});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.failure().status, PENSTOCK_E_UNAUTHENTICATED);
  EXPECT_EQ(report.failure().code, "token");
  EXPECT_EQ(report.failure().retry_after_ms, 1500);
}

TEST_P(AbiTest, WritesAndReportsWhateverTheSizesAre) {
  Open();
  if (HasFatalFailure()) return;
  host_.answer = [](const SentRequest& request) {
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.body, "a;bc;d;e;f;");
    EXPECT_EQ(request.seqs, (std::vector<uint64_t>{1, 2, 3, 4, 5}));
    EXPECT_TRUE(request.idempotent);
    return Reply{200, "curss"};
  };
  TestBatch noted(1);
  noted.Add(90, {noted.Text("n")});
  const std::vector<OpenNote> notes = {{"job-1", &noted.c()}, {"job-2", &noted.c()}};
  Result<std::unique_ptr<ConnectorWriter>> writer =
      instance_->Begin(Things(), {notes.data(), 1}, {});
  ASSERT_TRUE(writer.ok()) << writer.failure().message;
  std::map<uint64_t, KeptOutcome> outcomes;
  const OutcomeCallback keep = [&](const penstock_outcome& o) { outcomes[o.seq] = Keep(o); };
  TestBatch batch(1);
  batch.Add(1, {batch.Text("a")}).Add(2, {batch.Text("bc")}, "id-2").Add(3, {batch.Text("d")});
  batch.Add(4, {batch.Text("e")}).Add(5, {batch.Text("f")});
  Status written = (*writer)->Write(batch.c(), keep);
  ASSERT_TRUE(written.ok()) << written.failure().message;
  ASSERT_TRUE((*writer)->Finish(keep).ok());
  EXPECT_TRUE((*writer)->Outstanding().empty());
  EXPECT_EQ(outcomes[1].outcome, PENSTOCK_CREATED);
  EXPECT_EQ(outcomes[2].outcome, PENSTOCK_UPDATED);
  EXPECT_EQ(outcomes[2].id, "id-2");
  EXPECT_EQ(outcomes[3].outcome, PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes[3].error_class, PENSTOCK_CLASS_CONFLICT);
  EXPECT_EQ(outcomes[3].code, "TAKEN");
  EXPECT_EQ(outcomes[3].message, "held by another");
  EXPECT_EQ(outcomes[3].field, "key");
  EXPECT_EQ(outcomes[4].outcome, PENSTOCK_SPLIT);
  EXPECT_EQ(outcomes[5].group, 7u);
  EXPECT_EQ(outcomes[90].id, "noted");
}

TEST_P(AbiTest, LooksUp) {
  Open();
  if (HasFatalFailure()) return;
  TestBatch keys(1);
  const std::vector<penstock_value> values = {keys.Text("b"), keys.Text("a")};
  std::vector<std::string> found;
  Status status = instance_->Lookup(
      Things(), values, 1,
      [&](const FoundRecord& record) {
        found.push_back(std::to_string(record.index) +
                        (record.matches == Matches::kOne ? "+" : "-") +
                        std::string(record.destination_id) + std::to_string(record.values.size()));
      },
      {});
  ASSERT_TRUE(status.ok()) << status.failure().message;
  EXPECT_EQ(found, (std::vector<std::string>{"0-0", "1+id-a1"}));
}

#if defined(TEST_LAYER)
TEST(LayerTest, FindsTheServicesOfAnOlderHost) {
  Result<const ConnectorLibrary*> library = LoadConnector(TEST_LAYER, "later");
  ASSERT_TRUE(library.ok()) << library.failure().message;
  EXPECT_EQ((*library)->entry().abi_minor, PENSTOCK_ABI_MINOR + 1);
  ScriptedHost host;
  host.answer = [](const SentRequest&) { return Reply{200, "answered"}; };
  Result<std::unique_ptr<ConnectorInstance>> instance =
      ConnectorInstance::Open(**library, &host, "{}");
  ASSERT_TRUE(instance.ok()) << instance.failure().message;
  Assignment assignment;
  assignment.object = "things";
  assignment.operation = "upsert";
  assignment.identifier = {"order"};
  assignment.fields = {{"order", FieldType::kString, true}};
  assignment.options = R"({"all":true})";
  Result<std::unique_ptr<ConnectorWriter>> writer = (*instance)->Begin(assignment, {}, {});
  ASSERT_TRUE(writer.ok()) << writer.failure().message;
  std::vector<std::string> ids;
  for (const char* order : {"request", "sleep", "note", "log"}) {
    TestBatch batch(1);
    batch.Add(ids.size() + 1, {batch.Text(order)});
    Status status = (*writer)->Write(
        batch.c(), [&](const penstock_outcome& o) { ids.push_back(Kept(o.destination_id)); });
    EXPECT_TRUE(status.ok()) << order << ": " << status.failure().message;
  }
  EXPECT_EQ(ids, (std::vector<std::string>{"answered", "sleep", "note", "log"}));
  EXPECT_EQ(host.notes.size(), 1u);
  EXPECT_EQ(host.logs.size(), 1u);
}
#endif

std::string NameOf(const ::testing::TestParamInfo<Built>& built) { return built.param.id; }

INSTANTIATE_TEST_SUITE_P(Built, AbiLoadTest, ::testing::ValuesIn(kBuilt), NameOf);
INSTANTIATE_TEST_SUITE_P(Built, AbiTest, ::testing::ValuesIn(ThatRun()), NameOf);

}  // namespace
}  // namespace penstock::sdk
