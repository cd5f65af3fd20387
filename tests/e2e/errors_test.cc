// Bad input of every kind: named by its code, told in a sentence, nothing sent.
#include <filesystem>
#include <functional>

#include "tests/e2e/certificate.h"
#include "tests/e2e/e2e.h"

namespace penstock::e2e {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// What a case may spoil.
struct Ground {
  Project& project;
  Account& account;
  Settings& settings;

  /// A connector directory of its own with a copy of the HubSpot connector.
  std::string Connectors() const {
    const std::string directory = project.temp().path() + "/connectors";
    fs::create_directories(directory);
    for (const char* name : {"/hubspot.so", "/hubspot.connector.json"}) {
      fs::copy_file(std::string(PENSTOCK_TEST_CONNECTOR_DIR) + name, directory + name,
                    fs::copy_options::overwrite_existing);
    }
    project.environment()["PENSTOCK_CONNECTORS"] = directory;
    return directory;
  }
  void Replace(const std::string& file, const std::string& from, const std::string& to) const {
    std::string text = ReadText(file);
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from << " in " << file;
    WriteText(file, text.replace(at, from.size(), to));
  }
};

struct BadInput {
  const char* name;
  std::function<void(const Ground&)> spoil;  // before penstock.yaml is written
  const char* code;
  int exit;
  const char* says;                                    // a part of message or hint
  std::function<void(const Ground&)> after = nullptr;  // after penstock.yaml is written
  std::vector<std::string> command = {"sync", "contacts", "--json"};
};

std::ostream& operator<<(std::ostream& out, const BadInput& bad) { return out << bad.name; }

std::vector<BadInput> Table() {
  const auto nothing = [](const Ground&) {};
  return {
      {"project_file_missing", nothing, "PS-CONF-MISSING", 2, "penstock.yaml",
       [](const Ground& g) { fs::remove(g.project.Path("penstock.yaml")); }},
      {"yaml_broken", nothing, "PS-CONF-YAML", 2, "",
       [](const Ground& g) { g.project.Write("penstock.yaml", "sources: {a: [1, 2\nb: }"); }},
      {"unknown_key", [](const Ground& g) { g.settings.more = {"tolerat: {rejected: 1}"}; },
       "PS-CONF-KEY", 2, "tolerate"},
      {"literal_secret",
       [](const Ground& g) { g.settings.config = "{access_token: pat-na1-literal}"; },
       "PS-CONF-SECRET", 2, "${env:"},
      {"variable_not_set", [](const Ground& g) { g.project.environment()["HUBSPOT_TOKEN"] = ""; },
       "PS-CONF-ENV", 2, "HUBSPOT_TOKEN"},
      {"unknown_connector", [](const Ground& g) { g.settings.connector = "hubspt"; },
       "PS-CONF-CONNECTOR", 2, "hubspot"},
      {"unknown_integration",
       nothing,
       "PS-CONF-NAME",
       2,
       "contacts",
       nullptr,
       {"sync", "contcts", "--json"}},
      {"mode_delete", [](const Ground& g) { g.settings.mode = "delete"; }, "PS-CONF-MODE", 2,
       "delete_departed"},
      {"sql_with_a_nul_byte", nothing, "PS-CONF-MODEL", 2, "NUL",
       [](const Ground& g) {
         WriteText(g.project.Path("nul.sql"), std::string("SELECT * FROM customers\0 WHERE 0", 32));
         g.Replace(g.project.Path("penstock.yaml"), "sql: |\n        SELECT * FROM customers",
                   "file: nul.sql");
       }},
      {"limit_of_nothing",
       nothing,
       "PS-CLI-USAGE",
       2,
       "limit",
       nullptr,
       {"sync", "contacts", "--limit", "0", "--json"}},
      {"port_beyond", [](const Ground& g) { g.settings.base_url = "http://127.0.0.1:85547"; },
       "PS-HTTP-URL", 2, "65535"},
      {"bad_sql", [](const Ground& g) { g.settings.model = "SELEC * FROM customers"; },
       "PS-SRC-QUERY", 1, "SELEC"},
      {"sql_that_writes",
       [](const Ground& g) { g.settings.model = "DELETE FROM customers RETURNING email"; },
       "PS-SRC-QUERY", 1, ""},
      {"missing_table", [](const Ground& g) { g.settings.model = "SELECT * FROM custmers"; },
       "PS-SRC-QUERY", 1, "custmers"},
      {"missing_column", [](const Ground& g) { g.settings.mapping = {"firstname: frist_name"}; },
       "PS-MAP-COLUMN", 2, "first_name"},
      {"missing_key_column", [](const Ground& g) { g.settings.key = "{email: mail}"; },
       "PS-MAP-COLUMN", 2, "email"},
      {"unknown_field", [](const Ground& g) { g.settings.mapping = {"fristname: first_name"}; },
       "PS-MAP-FIELD", 2, "firstname"},
      {"read_only_field", [](const Ground& g) { g.settings.mapping = {"createdate: phone"}; },
       "PS-MAP-FIELD", 2, "createdate"},
      {"unknown_object", [](const Ground& g) { g.settings.object = "contact"; }, "PS-MAP-OBJECT", 2,
       "contacts"},
      {"key_not_unique",
       [](const Ground& g) {
         g.settings.key = "{phone: phone}";
         g.settings.mapping = {"firstname: first_name"};
       },
       "PS-MAP-KEY", 2, "email"},
      {"constant_not_allowed",
       [](const Ground& g) { g.settings.mapping = {"lifecyclestage: {const: galaxy}"}; },
       "PS-MAP-CONST", 2, "galaxy"},
      {"warehouse_missing",
       [](const Ground& g) { g.settings.source = "{type: sqlite, path: nowhere.db}"; },
       "PS-SRC-CONNECT", 1, "nowhere.db"},
      {"warehouse_is_no_database",
       [](const Ground& g) {
         g.settings.source = "{type: sqlite, path: text.db}";
         g.project.Write("text.db", std::string(5000, 'x'));
       },
       "PS-SRC-", 1, "text.db"},
      {"wrong_token", [](const Ground& g) { g.project.environment()["HUBSPOT_TOKEN"] = "pat-no"; },
       "PS-DEST-AUTH", 1, ""},
      {"unreachable_port", [](const Ground& g) { g.settings.base_url = "http://127.0.0.1:1"; },
       "PS-DEST-UNREACHABLE", 1, "127.0.0.1"},
      {"unreachable_host", [](const Ground& g) { g.settings.base_url = "https://nowhere.invalid"; },
       "PS-DEST-UNREACHABLE", 1, "nowhere.invalid"},
      {"plain_http_elsewhere",
       [](const Ground& g) { g.settings.base_url = "http://nowhere.invalid"; }, "PS-HTTP-HOST", 2,
       "https"},
      {"library_that_is_none",
       [](const Ground& g) { WriteText(g.Connectors() + "/hubspot.so", "I am not a library."); },
       "PS-CONN-NOT-CONNECTOR", 2, "hubspot.so"},
      {"library_that_is_no_connector",
       [](const Ground& g) {
         fs::copy_file(PENSTOCK_TEST_FAULTY_DIR "/plain.so", g.Connectors() + "/hubspot.so",
                       fs::copy_options::overwrite_existing);
       },
       "PS-CONN-NOT-CONNECTOR", 2, "hubspot.so"},
      {"library_of_another_abi",
       [](const Ground& g) {
         fs::copy_file(PENSTOCK_TEST_FAULTY_DIR "/other_abi.so", g.Connectors() + "/hubspot.so",
                       fs::copy_options::overwrite_existing);
       },
       "PS-CONN-ABI", 2, "hubspot"},
      {"library_cut_short",
       [](const Ground& g) { fs::resize_file(g.Connectors() + "/hubspot.so", 4000); },
       "PS-CONN-NOT-CONNECTOR", 2, "hubspot.so"},
      {"library_of_another_manifest",
       [](const Ground& g) {
         g.Replace(g.Connectors() + "/hubspot.connector.json", "\"attempts\": 6",
                   "\"attempts\": 7");
       },
       "PS-CONN-SIDECAR", 2, "hubspot"},
      {"manifest_broken",
       [](const Ground& g) { WriteText(g.Connectors() + "/hubspot.connector.json", "{"); },
       "PS-CONF-CONNECTOR", 2, "hubspot"},
      {"plan_unknown",
       nothing,
       "PS-PLAN-MISSING",
       2,
       "",
       nullptr,
       {"apply", "abcdef012345", "--json"}},
  };
}

class ErrorsTest : public E2eTest, public ::testing::WithParamInterface<BadInput> {
 protected:
  /// The error of a command: of its run, or of itself.
  static Json ErrorOf(const Output& output) {
    const Json of_run = output.json["runs"][0]["error"];
    if (!of_run.null()) return of_run;
    const Json one = output.json["error"];
    return one.null() ? output.json["errors"][0] : one;
  }
  static void ExpectError(const Output& output, const std::string& code, int exit,
                          const std::string& says) {
    EXPECT_EQ(output.exit, exit) << output.Text();
    const Json error = ErrorOf(output);
    EXPECT_THAT(error["code"].Text(), ::testing::StartsWith(code)) << output.Text();
    const std::string message = error["message"].Text();
    EXPECT_GT(message.size(), 15u) << output.Text();
    EXPECT_GT(error["hint"].Text().size(), 10u) << output.Text();
    EXPECT_THAT(message + " " + error["hint"].Text() + " " + error["file"].Text(), HasSubstr(says));
    EXPECT_EQ(output.out.find("pat-na1-literal"), std::string::npos);
    EXPECT_EQ(output.out.find("pat-no"), std::string::npos);
  }
};

TEST_P(ErrorsTest, IsNamedAndNothingIsSent) {
  const BadInput& bad = GetParam();
  StartAccount();
  project_.FillCustomers(10);
  const Ground ground{project_, account_, settings_};
  bad.spoil(ground);
  Configure();
  if (bad.after) bad.after(ground);
  ExpectError(project_.Cli(bad.command), bad.code, bad.exit, bad.says);
  EXPECT_EQ(account_.WriteCalls(), 0);
  EXPECT_TRUE(account_.Contacts().empty());

  if (std::string(bad.code) == "PS-DEST-UNREACHABLE") return;  // it tried for seconds
  // The same without --json: the sentence on standard error, nothing half-done on standard output.
  std::vector<std::string> command = bad.command;
  command.pop_back();
  const Output text = project_.Cli(command);
  EXPECT_EQ(text.exit, bad.exit) << text.Text();
  EXPECT_THAT(text.out + text.err, HasSubstr(bad.code));
}

INSTANTIATE_TEST_SUITE_P(Matrix, ErrorsTest, ::testing::ValuesIn(Table()),
                         [](const auto& each) { return std::string(each.param.name); });

class SingleErrorsTest : public E2eTest {};

TEST_F(SingleErrorsTest, ACertificateThatNobodySignedIsRefused) {
  const std::string certificate = project_.temp().path() + "/certificate.pem";
  const std::string key = project_.temp().path() + "/key.pem";
  WriteCertificate(certificate, key);
  ASSERT_NO_FATAL_FAILURE(account_.Start({"--tls-cert", certificate, "--tls-key", key}));
  settings_.base_url = account_.url();
  Configure();
  project_.FillCustomers(10);
  const Output output = project_.Sync();
  EXPECT_EQ(output.exit, 1) << output.Text();
  const Json error = OnlyRun(output)["error"];
  EXPECT_EQ(error["code"].Text(), "PS-DEST-UNREACHABLE") << output.Text();
  EXPECT_THAT(error["message"].Text(), HasSubstr("certificate")) << output.Text();
  EXPECT_GT(error["hint"].Text().size(), 10u) << output.Text();
  // Named as an authority it is good: the refusal was the certificate's.
  settings_.destination = "ca_file: \"" + certificate + "\"";
  Configure();
  SyncDone();
}

TEST_F(SingleErrorsTest, AModeThatTheObjectCannotDoIsRefusedWithThoseItCan) {
  StartAccount();
  project_.FillCustomers(10);
  const Output checked = project_.Cli({"check", "--json"});
  ASSERT_EQ(checked.exit, 0) << checked.Text();
  const std::string catalog = project_.Path("catalog/crm.json");
  std::string text = ReadText(catalog);
  const size_t from = text.find("\"delete\""), to = text.find("\"insert\"");
  ASSERT_LT(from, to) << text.substr(0, 500);
  WriteText(catalog, text.erase(from, to - from));
  settings_.mode = "mirror";
  Configure();
  const Output output = project_.Cli({"validate", "--json"});
  EXPECT_EQ(output.exit, 2) << output.Text();
  EXPECT_THAT(output.out, HasSubstr("PS-MAP-MODE"));
  EXPECT_THAT(output.out, HasSubstr("upsert"));
}

TEST_F(SingleErrorsTest, EveryCodeOfTheMatrixIsExplained) {
  Configure();
  for (const BadInput& bad : Table()) {
    const std::string code = bad.code;
    if (code.ends_with("-")) continue;
    const Output explained = project_.Cli({"explain", code});
    EXPECT_EQ(explained.exit, 0) << code << "\n" << explained.Text();
    EXPECT_GT(explained.out.size(), 40u) << code << "\n" << explained.Text();
  }
}

}  // namespace
}  // namespace penstock::e2e
