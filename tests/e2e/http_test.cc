// The http connector, configured in the project file alone, against its receiver: signed requests,
// partial failures, lost answers, kills.
#include "tests/e2e/crash.h"
#include "tests/e2e/faults.h"

namespace penstock::e2e {
namespace {

constexpr char kSecret[] = "whsec_cGVuc3RvY2staHR0cC1zYW5kYm94LXNlY3JldA==";
constexpr char kApiToken[] = "http-sandbox";

constexpr char kFields[] = R"(fields: {email: {type: string, normalisers: [trim, lower]},
          firstname: string, lastname: string, phone: string, amount: decimal})";
// One element a record, in another order.
constexpr char kBatch[] =
    R"(upsert: {path: /customers/batch, max_records: 100, body: {records: "{$records}"},
            answer: {success: {status: 200}, results: {at: /results, match: {field: email, at: /email},
              success: {at: /status, equals: [created, updated, unchanged]},
              created: {at: /status, equals: created}, id: /id,
              code: /error/code, message: /error/message, field: /error/field}}})";
constexpr char kDelete[] =
    R"(delete: {path: "/customers/{email}", answer: {success: {status: 204}}})";

/// A project whose destination is the receiver.
template <typename Fixture>
class HttpProject : public Fixture {
 protected:
  HttpProject() : Fixture(Account("http", "customers")) {}

  static std::string Config(const std::string& auth, const std::string& operations) {
    return "{" + auth + R"(, check: {path: /account, id: /account/id, name: /account/name},
        objects: {customers: {key: email, )" +
           kFields + ",\n          operations: {" + operations + "}}}}";
  }
  static std::string Signed() { return R"(auth: standard_webhooks, secret: "${env:SHOP_SECRET}")"; }
  static std::string Token() { return R"(auth: bearer, secret: "${env:SHOP_TOKEN}")"; }

  /// `door`: /hooks or /api.
  void StartReceiver(const std::string& door, const std::string& config,
                     const std::vector<std::string>& options = {}) {
    Fixture::settings_.connector = "http";
    Fixture::settings_.object = "customers";
    Fixture::settings_.config = config;
    Fixture::project_.environment()["SHOP_SECRET"] = kSecret;
    Fixture::project_.environment()["SHOP_TOKEN"] = kApiToken;
    Fixture::StartAccount(options);
    Fixture::settings_.base_url += door;
    Fixture::Configure();
  }
  void StartSigned(const std::vector<std::string>& options = {}) {
    StartReceiver("/hooks", Config(Signed(), std::string(kBatch) + ", " + kDelete), options);
  }
};

class HttpTest : public HttpProject<E2eTest> {};

TEST_F(HttpTest, SendsSignedBatchesAndKeepsWhatWasRefused) {
  settings_.mode = "mirror";
  StartSigned();
  project_.FillCustomers(250);
  project_.Sql("UPDATE customers SET email = 'user' || n || '@nowhere' WHERE n % 50 = 7");
  const Output validated = project_.Cli({"validate"});
  EXPECT_EQ(validated.exit, 0) << validated.Text();
  const Output checked = project_.Cli({"check"});
  EXPECT_EQ(checked.exit, 0) << checked.Text();
  EXPECT_THAT(checked.out, ::testing::HasSubstr("http-sandbox"));

  const Json first = SyncTo(3, "completed_with_errors");
  EXPECT_EQ(first["applied"]["created"].Int(), 245);
  EXPECT_EQ(first["outcomes"]["rejected"].Int(), 5);
  EXPECT_EQ(first["errors"][0]["code"].Text(), "INVALID_EMAIL");
  EXPECT_EQ(account_.WriteCalls(), 3);
  EXPECT_EQ(account_.ByEmail().size(), 245u);
  const Output why = project_.Cli({"why", "contacts", "user7@nowhere"});
  EXPECT_EQ(why.exit, 0) << why.Text();
  EXPECT_THAT(why.out, ::testing::HasSubstr("That is no e-mail address."));
  EXPECT_THAT(why.out, ::testing::HasSubstr("/hooks/customers/batch"));

  account_.ResetStats();
  const Json second = SyncDone();
  EXPECT_EQ(second["rows"]["unchanged"].Int(), 245);
  EXPECT_EQ(second["rows"]["quarantined"].Int(), 5);
  EXPECT_EQ(account_.Calls(), 0);

  project_.Sql(
      "UPDATE customers SET email = 'user00007@example.com' WHERE n = 7;"
      "UPDATE customers SET phone = '+44' WHERE n = 8; DELETE FROM customers WHERE n = 9");
  const Json third = SyncDone();
  EXPECT_EQ(third["applied"]["created"].Int(), 1);
  EXPECT_EQ(third["applied"]["updated"].Int(), 1);
  EXPECT_EQ(third["applied"]["deleted"].Int(), 1);
  const auto held = account_.ByEmail();
  EXPECT_EQ(held.size(), 245u);
  EXPECT_EQ(held.at(Email(8)).properties.at("phone"), "+44");
  EXPECT_FALSE(held.contains(Email(9)));
}

TEST_F(HttpTest, TheReadmesExampleWorks) {
  StartSigned();
  const std::string page = ReadText(PENSTOCK_TEST_SOURCE_DIR "/plugins/http/README.md");
  const std::string open = "```yaml\n", address = "https://api.shop.example.com/v1";
  const size_t begin = page.find(open) + open.size();
  std::string example = page.substr(begin, page.find("```", begin) - begin);
  ASSERT_NE(example.find(address), std::string::npos);
  example.replace(example.find(address), address.size(), account_.url() + "/hooks");
  project_.Write("penstock.yaml", "sources: {warehouse: {type: sqlite, path: shop.db}}\n" +
                                      example +
                                      R"(integrations:
  contacts:
    source: warehouse
    model: {table: customers}
    destination: shop
    object: customers
    mode: mirror
    key: {email: email}
    mapping: {first_name: first_name, stage: stage, amount: n}
)");
  project_.FillCustomers(120);
  EXPECT_EQ(SyncDone()["applied"]["created"].Int(), 120);
  project_.Sql("DELETE FROM customers WHERE n < 3");
  EXPECT_EQ(SyncDone()["applied"]["deleted"].Int(), 3);
  const auto held = account_.ByEmail();
  EXPECT_EQ(held.size(), 117u);
  EXPECT_EQ(held.at(Email(7)).properties.at("name"), "First7");
  EXPECT_EQ(held.at(Email(7)).properties.at("amount"), "7");
}

TEST_F(HttpTest, TheSecretAndItsSignaturesAreNowhere) {
  StartSigned();
  project_.FillCustomers(5);
  const Output rehearsed = project_.Cli({"test", "contacts", "--key", Email(1), "--json"});
  EXPECT_EQ(rehearsed.exit, 0) << rehearsed.Text();
  EXPECT_THAT(rehearsed.out, ::testing::HasSubstr("webhook-timestamp"));
  EXPECT_THAT(rehearsed.out, ::testing::Not(::testing::HasSubstr("v1,")));
  SyncDone();
  const Output why = project_.Cli({"why", "contacts", Email(1), "--json"});
  EXPECT_THAT(why.out, ::testing::Not(::testing::HasSubstr("v1,")));
  const std::string bare = std::string(kSecret).substr(6);
  for (const std::string& path : project_.Files("")) {
    EXPECT_EQ(ReadText(path).find(bare), std::string::npos) << path;
  }
  // Another secret: the receiver says no, nobody is rejected.
  project_.environment()["SHOP_SECRET"] = "whsec_" + std::string(32, 'B');
  project_.Sql("UPDATE customers SET phone = '+1'");
  const Json run = SyncTo(1, "failed");
  EXPECT_THAT(run["error"]["message"].Text(), ::testing::HasSubstr("not accepted"));
  EXPECT_EQ(run["outcomes"]["rejected"].Int(), 0);
  EXPECT_EQ(run["outcomes"]["unsent"].Int(), 5);
}

TEST_F(HttpTest, HalvesWhatIsRefusedAsAWhole) {
  StartReceiver("/api", Config(Token(), R"(upsert: {path: /customers/strict, max_records: 64,
      body: {records: "{$records}"}, answer: {success: {status: 200}, code: /error/code,
      message: /error/message, field: /error/field}})"));
  project_.FillCustomers(64);
  project_.Sql("UPDATE customers SET email = 'bad' || n WHERE n IN (3, 40)");
  const Json run = SyncTo(3, "completed_with_errors");
  EXPECT_EQ(run["outcomes"]["succeeded"].Int(), 62);
  EXPECT_EQ(run["outcomes"]["rejected"].Int(), 2);
  EXPECT_EQ(run["errors"][0]["code"].Text(), "INVALID_EMAIL");
  EXPECT_EQ(account_.ByEmail().size(), 62u);
  for (const auto& [id, writes] : account_.Writes()) EXPECT_EQ(writes, 1) << id;
}

TEST_F(HttpTest, ReadsAnAnswerThatNamesOnlyFailures) {
  StartReceiver("/api", Config(Token(), R"(upsert: {path: /customers/report, max_records: 50,
      body: {records: "{$records}"}, answer: {success: {at: /ok, equals: true}, results: {at: /failures,
      lists: failures, match: {index: /index}, code: /code, message: /message, field: /field}}})"));
  project_.FillCustomers(120);
  project_.Sql("UPDATE customers SET email = 'bad' || n WHERE n % 60 = 11");
  const Json run = SyncTo(3, "completed_with_errors");
  EXPECT_EQ(run["outcomes"]["rejected"].Int(), 2);
  EXPECT_EQ(account_.ByEmail().size(), 118u);
  EXPECT_EQ(account_.WriteCalls(), 3);
}

// The answer to an insert is lost: with a key the receiver answers again what it answered before.
TEST_F(HttpTest, AnInsertWithAKeyIsSafeToRepeat) {
  settings_.mode = "insert_only";
  StartReceiver("/api", Config(Token(), R"(insert: {path: /customers, idempotency_key: content,
      answer: {success: {status: 201}, id: /id}})"));
  project_.FillCustomers(30);
  account_.Faults(R"([{"match":{"method":"POST"},"fault":{"kind":"drop_after"},"after":3,"times":9,
                       "every":2}])");
  const Json run = SyncDone();
  EXPECT_EQ(run["applied"]["created"].Int(), 30);
  EXPECT_EQ(run["outcomes"]["skipped"].Int(), 0);
  EXPECT_EQ(account_.Stats()["writes"]["customers"]["created"].Int(), 30);
  ExpectHoldsCustomers(account_, project_);
}

// Killed in the middle of inserts: the next run sends what is in doubt with the keys of the first.
TEST_F(HttpTest, InsertsOfAKilledRunAreTakenUpUnderTheirKeys) {
  settings_.mode = "insert_only";
  StartReceiver("/api", Config(Token(), R"(insert: {path: /customers, idempotency_key: content,
      answer: {success: {status: 201}, id: /id}})"),
                {"--latency", "15"});
  project_.FillCustomers(300);
  const auto child = project_.Start({"sync", "contacts", "--json"});
  while (child->Running() && account_.WriteCalls() < 100) {
  }
  child->Signal(SIGKILL);
  child->Wait();
  const Json run = SyncDone();
  EXPECT_EQ(run["outcomes"]["skipped"].Int(), 0) << run.Dump();
  EXPECT_EQ(account_.Stats()["writes"]["customers"]["created"].Int(), 300);
  ExpectHoldsCustomers(account_, project_);
}

// A value that comes back within a day is written again, although the request was seen before.
TEST_F(HttpTest, AKeyOfTheRunDoesNotHideAValueThatComesBack) {
  StartReceiver("/api", Config(Token(), R"(upsert: {path: "/customers/{email}", method: PUT,
      idempotency_key: run})"));
  project_.FillCustomers(1);
  SyncDone();
  for (const char* phone : {"+2", "+1", "+2"}) {
    project_.Sql(std::string("UPDATE customers SET phone = '") + phone + "'");
    EXPECT_EQ(SyncDone()["applied"]["updated"].Int(), 1);
    EXPECT_EQ(account_.ByEmail().at(Email(0)).properties.at("phone"), phone);
  }
}

TEST_F(HttpTest, SendsFormsAndUpdatesWhatExists) {
  settings_.mode = "update_only";
  StartReceiver("/api", Config(Token(), R"(update: {path: "/customers/{email}", method: PATCH,
      format: form, body: {phone: "{phone}", firstname: "{firstname}"}})"));
  account_.Put("1", {{"email", Email(1)}, {"phone", "old"}});
  project_.FillCustomers(3);
  const Json run = SyncDone();
  EXPECT_EQ(run["applied"]["updated"].Int(), 1);
  EXPECT_EQ(run["outcomes"]["skipped"].Int(), 2);
  EXPECT_EQ(account_.ByEmail().at(Email(1)).properties.at("phone"), "+1555000001");
}

TEST_F(HttpTest, AChangeOfTheConfigurationCountsAtOnce) {
  StartSigned();
  project_.FillCustomers(3);
  SyncDone();
  settings_.mapping.push_back("stage: stage");
  std::string& config = settings_.config;
  Configure();
  EXPECT_EQ(project_.Sync().exit, 2);
  config.replace(config.find("phone: string"), 13, "phone: string, stage: string");
  Configure();
  EXPECT_EQ(SyncDone()["applied"]["updated"].Int(), 3);
  EXPECT_EQ(account_.ByEmail().at(Email(1)).properties.at("stage"), "lead");
}

struct BadConfig {
  const char* name;
  const char* config;
  const char* says;
};

constexpr BadConfig kBad[] = {
    {"no_objects", "{auth: none}", "needs the setting \"objects\""},
    {"unknown_setting", R"({auth: none, object: {}, objects: {}})", "no setting \"object\""},
    {"auth", "{auth: digest, objects: {}}", "setting \"auth\" takes one of none, bearer,"},
    {"no_secret", "{auth: bearer, objects: {}}", "/auth is bearer, which needs \"secret\""},
    {"no_header", R"({auth: header, secret: "${env:SHOP_TOKEN}", objects: {}})",
     "needs \"auth_header\""},
    {"secret_for_nothing", R"({secret: "${env:SHOP_TOKEN}", objects: {}})", "is not used"},
    {"literal_secret", "{auth: bearer, secret: abc, objects: {}}", "plain text"},
    {"no_path", "{objects: {c: {key: email, fields: {email: string}, operations: {upsert: {}}}}}",
     "setting \"objects.c.operations.upsert\" lacks \"path\""},
    {"misspelt", R"({objects: {c: {key: email, fields: {email: string},
        operations: {upsert: {path: /c, anser: {}}}}}})",
     "setting \"objects.c.operations.upsert\" has \"anser\", which is not known here"},
    {"type", R"({objects: {c: {key: email, fields: {email: {type: text}}, operations: {}}}})",
     "setting \"objects.c.fields.email.type\" takes one of string,"},
};

TEST_F(HttpTest, ValidateSaysWhatIsWrongWithTheSettings) {
  StartSigned();
  for (const BadConfig& bad : kBad) {
    settings_.config = bad.config;
    Configure();
    const Output output = project_.Cli({"validate"});
    EXPECT_EQ(output.exit, 2) << bad.name << output.Text();
    EXPECT_THAT(output.out + output.err, ::testing::HasSubstr(bad.says)) << bad.name;
    EXPECT_THAT(output.out + output.err, ::testing::HasSubstr("penstock.yaml:")) << bad.name;
  }
}

TEST_F(HttpTest, WhatOnlyTheConnectorKnowsIsSaidBeforeAnythingIsSent) {
  StartSigned();
  project_.FillCustomers(3);
  settings_.config = Config(Signed(), R"(upsert: {path: "/customers/{emial}"})");
  Configure();
  const Output output = project_.Sync();
  EXPECT_EQ(output.exit, 2) << output.Text();
  EXPECT_THAT(output.Text(), ::testing::HasSubstr("/objects/customers/operations/upsert/path has"));
  EXPECT_EQ(account_.Calls(), 0);
}

TEST_F(HttpTest, TheCommandLineShowsItAndStartsItsSandbox) {
  const Output shown = project_.Cli({"connector", "show", "http"});
  EXPECT_EQ(shown.exit, 0) << shown.Text();
  for (const char* word : {"auth_header", "objects", "penstock sandbox http", "setting auth"}) {
    EXPECT_THAT(shown.out, ::testing::HasSubstr(word));
  }
  const Output help = project_.Cli({"sandbox", "http", "--help"});
  EXPECT_EQ(help.exit, 0) << help.Text();
  EXPECT_THAT(help.out, ::testing::HasSubstr("--secret"));
}

class HttpCrashTest : public HttpProject<CrashFixture> {};

TEST_F(HttpCrashTest, KilledAtAnyMomentNothingAcknowledgedIsSentAgain) {
  settings_.mode = "mirror";
  StartSigned({"--latency", "15"});
  project_.FillCustomers(kRows);
  KillManyTimes({15, kRows / 100 + 2});
}

class HttpFaultsTest : public HttpProject<FaultsFixture>,
                       public ::testing::WithParamInterface<FaultCase> {};

TEST_P(HttpFaultsTest, ConvergesAndLosesNothing) {
  settings_.mode = "mirror";
  settings_.destination = "timeout: 2s";
  StartSigned();
  Converge(GetParam(), R"({"path":"/hooks/customers/"})");
}

INSTANTIATE_TEST_SUITE_P(Each, HttpFaultsTest, ::testing::ValuesIn(kFaultCases),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace penstock::e2e
