// What a project file is read as.
#include "host/project/project.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace penstock::project {
namespace {

namespace fs = std::filesystem;

class ProjectTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() / ("project-" + std::to_string(::getpid()));
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }
  void Write(const std::string& name, const std::string& text) {
    fs::create_directories((directory_ / name).parent_path());
    std::ofstream(directory_ / name) << text;
  }
  LoadedProject Load(const std::string& environment = "default") {
    LoadOptions options;
    options.directory = directory_.string();
    options.environment = environment;
    auto loaded = LoadProject(options);
    EXPECT_TRUE(loaded.ok()) << (loaded.ok() ? "" : loaded.error().message);
    if (!loaded.ok()) return {};
    for (const Error& e : loaded->errors) ADD_FAILURE() << e.code << " " << e.message;
    return *std::move(loaded);
  }
  fs::path directory_;
};

constexpr char kEnds[] = R"(
sources:
  warehouse: {type: postgres, url: "${env:URL}", time_zone: Europe/Berlin}
destinations:
  crm: {connector: hubspot, config: {access_token: "${env:TOKEN}"}, timeout: 30s,
        ca_file: ca.pem, limits: {daily_share: 50%}}
environments:
  staging:
    destinations:
      crm: {base_url: "http://127.0.0.1:4010", config: {access_token: "${env:STAGING_TOKEN}"}}
)";

constexpr char kIntegration[] = R"(
source: warehouse
model: {file: models/contacts.sql}
destination: crm
object: contacts
mode: mirror
key: {email: email}
mapping:
  firstname: first_name
  lifecyclestage: {column: stage}
  source_system: {const: warehouse}
  price: {const: 1.10}
  gone: {const: null}
  ran: {variable: run_id}
  phone: {column: phone, null: leave, sensitive: true}
options: {trace: true}
guard: {deletes: {share: 10%, floor: 5}, updates: {share: 50%}, first_run: hold}
tolerate: {rejected: 3}
delete: created
retry_rejected: on_change
memory: 128MiB
trigger: {every: 15m}
)";

TEST_F(ProjectTest, ReadsEverything) {
  Write("penstock.yaml", kEnds);
  Write("integrations/contacts.yaml", kIntegration);
  Write("models/contacts.sql", "SELECT * FROM c");
  const LoadedProject loaded = Load();
  const Project& p = loaded.project;
  EXPECT_EQ(p.sources.at("warehouse").url, "${env:URL}");
  const DestinationSettings& crm = p.destinations.at("crm");
  EXPECT_EQ(crm.config, R"({"access_token":"${env:TOKEN}"})");
  EXPECT_EQ(crm.timeout_ms, 30000);
  EXPECT_DOUBLE_EQ(crm.daily_share, 0.5);
  EXPECT_EQ(crm.ca_file, (directory_ / "ca.pem").string());
  ASSERT_TRUE(p.integrations.contains("contacts"));
  const Integration& it = p.integrations.at("contacts").integration;
  EXPECT_EQ(it.sql, "SELECT * FROM c");
  EXPECT_EQ(it.mode, Mode::kMirror);
  EXPECT_EQ(it.key.field, "email");
  ASSERT_EQ(it.mapping.size(), 7u);
  EXPECT_EQ(it.mapping[1].column, "stage");
  EXPECT_EQ(it.mapping[3].constant, "1.10");
  EXPECT_TRUE(it.mapping[4].constant_null);
  EXPECT_EQ(it.mapping[5].run_variable, "run_id");
  EXPECT_EQ(it.mapping[6].null, NullPolicy::kLeave);
  EXPECT_TRUE(it.mapping[6].sensitive);
  EXPECT_EQ(it.options, R"({"trace":true})");
  EXPECT_DOUBLE_EQ(it.guard.deletes.share, 0.10);
  EXPECT_EQ(it.guard.deletes.count, 10000u);
  EXPECT_EQ(it.guard.deletes.floor, 5u);
  EXPECT_DOUBLE_EQ(it.guard.updates->share, 0.5);
  EXPECT_EQ(it.guard.updates->count, UINT64_MAX);
  EXPECT_TRUE(it.guard.first_run);
  EXPECT_EQ(it.tolerate.rejected, 3u);
  EXPECT_TRUE(it.delete_created_only);
  EXPECT_EQ(it.retry_rejected, RetryRejected::kOnChange);
  EXPECT_EQ(it.memory_bytes, 128u << 20);
  EXPECT_EQ(it.time_zone, "Europe/Berlin");
  EXPECT_EQ(it.places.at("mapping.phone").line, 15);
  EXPECT_NE(it.places.at("mapping.phone").file.find("integrations/contacts.yaml"),
            std::string::npos);
  EXPECT_EQ(p.integrations.at("contacts").trigger, "every 15m");
}

TEST_F(ProjectTest, AnEnvironmentLiesOver) {
  Write("penstock.yaml", kEnds);
  const Project p = Load("staging").project;
  const DestinationSettings& crm = p.destinations.at("crm");
  EXPECT_EQ(crm.base_url, "http://127.0.0.1:4010");
  EXPECT_EQ(crm.config, R"({"access_token":"${env:STAGING_TOKEN}"})");
  EXPECT_EQ(crm.timeout_ms, 30000);
  EXPECT_EQ(p.StateDirectory(), directory_.string() + "/.penstock/staging");
  EXPECT_EQ(p.CatalogPath("crm"), directory_.string() + "/catalog/staging/crm.json");
}

TEST_F(ProjectTest, ATableIsQuoted) {
  Write("penstock.yaml", std::string(kEnds) + R"(
integrations:
  c: {source: warehouse, model: {table: 'shop."odd.name"'}, destination: crm, object: o,
      mode: upsert, key: {a: b}, mapping: {x: y}}
)");
  EXPECT_EQ(Load().project.integrations.at("c").integration.sql,
            R"(SELECT * FROM "shop"."odd.name")");
}

TEST_F(ProjectTest, AMissingFileIsNamed) {
  LoadOptions options;
  options.directory = directory_.string();
  const auto loaded = LoadProject(options);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code, "PS-CONF-MISSING");
  EXPECT_EQ(loaded.error().exit, ExitCode::kUsage);
}

TEST_F(ProjectTest, OneNameInTwoFiles) {
  Write("models/contacts.sql", "SELECT 1");
  Write("penstock.yaml", std::string(kEnds) + "integrations: {contacts: {}}\n");
  Write("integrations/contacts.yaml", kIntegration);
  LoadOptions options;
  options.directory = directory_.string();
  const auto loaded = LoadProject(options);
  ASSERT_TRUE(loaded.ok());
  ASSERT_FALSE(loaded->errors.empty());
  EXPECT_EQ(loaded->errors[0].code, "PS-CONF-DUPLICATE");
}

}  // namespace
}  // namespace penstock::project
