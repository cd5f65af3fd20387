#include "tests/e2e/project.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace penstock::e2e {
namespace {

namespace fs = std::filesystem;

using Database = std::unique_ptr<sqlite3, int (*)(sqlite3*)>;

Database OpenDatabase(const std::string& path) {
  sqlite3* raw = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &raw), SQLITE_OK) << path;
  sqlite3_busy_timeout(raw, 10'000);
  return {raw, &sqlite3_close};
}

}  // namespace

TempDir::TempDir() {
  std::string pattern = (fs::temp_directory_path() / "penstock-e2e-XXXXXX").string();
  const char* made = mkdtemp(pattern.data());
  EXPECT_NE(made, nullptr) << pattern;
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Project::Project() : directory_(temp_.path() + "/project") {
  fs::create_directories(directory_);
  fs::create_directories(temp_.path() + "/shared");
  environment_["PENSTOCK_SHARED_DIR"] = temp_.path() + "/shared";
  environment_["HUBSPOT_TOKEN"] = kToken;
  environment_["HOME"] = temp_.path();
}

void Project::Write(const std::string& name, const std::string& text) const {
  fs::create_directories(fs::path(Path(name)).parent_path());
  WriteText(Path(name), text);
}

void Project::Configure(const Settings& settings) const {
  std::string yaml = "sources:\n  warehouse: " + settings.source + "\ndestinations:\n  crm:\n";
  yaml += "    connector: " + settings.connector + "\n    config: " + settings.config + "\n";
  if (!settings.base_url.empty()) yaml += "    base_url: \"" + settings.base_url + "\"\n";
  if (!settings.destination.empty()) yaml += "    " + settings.destination + "\n";
  yaml += "integrations:\n  contacts:\n    source: warehouse\n    model:\n      sql: |\n        ";
  yaml += settings.model + "\n    destination: crm\n    object: " + settings.object + "\n";
  yaml += "    mode: " + settings.mode + "\n    key: " + settings.key + "\n    mapping:\n";
  for (const std::string& line : settings.mapping) yaml += "      " + line + "\n";
  for (const std::string& line : settings.more) yaml += "    " + line + "\n";
  Write("penstock.yaml", yaml);
}

void Project::Sql(const std::string& sql) const {
  const Database database = OpenDatabase(Path("shop.db"));
  char* message = nullptr;
  const int result = sqlite3_exec(database.get(), sql.c_str(), nullptr, nullptr, &message);
  EXPECT_EQ(result, SQLITE_OK) << (message == nullptr ? "" : message) << "\n" << sql;
  sqlite3_free(message);
}

std::vector<std::vector<std::string>> Project::SqlRows(const std::string& sql) const {
  const Database database = OpenDatabase(Path("shop.db"));
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(database.get(), sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
      << sql;
  std::vector<std::vector<std::string>> rows;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    std::vector<std::string>& row = rows.emplace_back();
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      const unsigned char* text = sqlite3_column_text(statement, i);
      row.emplace_back(text == nullptr ? "" : reinterpret_cast<const char*>(text));
    }
  }
  sqlite3_finalize(statement);
  return rows;
}

void Project::FillCustomers(int count, int from) const {
  Sql("CREATE TABLE IF NOT EXISTS customers (n INTEGER, email TEXT, first_name TEXT, last_name "
      "TEXT, phone TEXT, stage TEXT);"
      "WITH RECURSIVE series(n) AS (SELECT " +
      std::to_string(from) + " UNION ALL SELECT n + 1 FROM series WHERE n + 1 < " +
      std::to_string(from + count) +
      ") INSERT INTO customers SELECT n, printf('user%05d@example.com', n), 'First' || n, "
      "'Last' || n, printf('+1555%06d', n), 'lead' FROM series");
}

std::unique_ptr<Child> Project::Start(const std::vector<std::string>& arguments) const {
  return Child::Start({program_, arguments, environment_, directory_}, temp_.path());
}

Output Project::Cli(const std::vector<std::string>& arguments) const {
  return Start(arguments)->Wait();
}

Output Project::Sync(const std::vector<std::string>& more) const {
  std::vector<std::string> arguments = {"sync", "contacts", "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Cli(arguments);
}

std::vector<std::string> Project::Files(const std::string& part) const {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory_)) {
    const std::string path = entry.path().string();
    if (entry.is_regular_file() && path.find(part, directory_.size()) != std::string::npos) {
      files.push_back(path);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

void ExpectHoldsCustomers(const Account& account, const Project& project) {
  auto contacts = account.ByEmail();
  const auto rows = project.SqlRows("SELECT email, first_name, last_name, phone FROM customers");
  EXPECT_EQ(contacts.size(), rows.size());
  int wrong = 0;
  for (const std::vector<std::string>& row : rows) {
    auto& properties = contacts[row[0]].properties;
    const bool same = properties["firstname"] == row[1] && properties["lastname"] == row[2] &&
                      properties["phone"] == row[3];
    if (!same && ++wrong <= 3) ADD_FAILURE() << row[0] << " differs in the account";
  }
  EXPECT_EQ(wrong, 0);
}

std::string Email(int n) {
  char text[40];
  std::snprintf(text, sizeof text, "user%05d@example.com", n);
  return text;
}

Json OnlyRun(const Output& output) {
  EXPECT_EQ(output.json["runs"].size(), 1u) << output.Text();
  return output.json["runs"][0];
}

void ExpectAddsUp(const Json& run) {
  const Json rows = run["rows"], changes = run["changes"], outcomes = run["outcomes"];
  EXPECT_EQ(rows["read"].Int(), rows["unchanged"].Int() + rows["invalid"].Int() +
                                    rows["quarantined"].Int() + changes["insert"].Int() +
                                    changes["update"].Int())
      << run.Dump();
  EXPECT_EQ(changes["insert"].Int() + changes["update"].Int() + changes["delete"].Int(),
            outcomes["succeeded"].Int() + outcomes["rejected"].Int() + outcomes["skipped"].Int() +
                outcomes["in_doubt"].Int() + outcomes["unsent"].Int())
      << run.Dump();
  const Json applied = run["applied"];
  EXPECT_LE(applied["created"].Int() + applied["updated"].Int() + applied["deleted"].Int(),
            outcomes["succeeded"].Int())
      << run.Dump();
}

std::string PenstockPath() { return PENSTOCK_TEST_BIN_DIR "/penstock"; }

}  // namespace penstock::e2e
