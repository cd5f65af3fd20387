// A project in a temporary folder: its files, its warehouse, and the command line run in it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/account.h"
#include "tests/e2e/child.h"

namespace penstock::e2e {

/// A folder that goes with this object.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// What penstock.yaml says; the defaults are an upsert of the table `customers` by e-mail.
struct Settings {
  std::string source = "{type: sqlite, path: shop.db}";
  std::string model = "SELECT * FROM customers";
  std::string connector = "hubspot";
  std::string config = R"({access_token: "${env:HUBSPOT_TOKEN}"})";
  std::string base_url;     // of the sandbox
  std::string destination;  // more of the destination's keys, as lines "ca_file: x"
  std::string object = "contacts";
  std::string mode = "upsert";
  std::string key = "{email: email}";
  std::vector<std::string> mapping = {"firstname: first_name", "lastname: last_name",
                                      "phone: phone"};
  std::vector<std::string> more;  // of the integration's keys, as lines "tolerate: {…}"
};

/// Path of the penstock binary.
std::string PenstockPath();

/// The integration is called `contacts`.
class Project {
 public:
  Project();
  const std::string& directory() const { return directory_; }
  /// A path below the project.
  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  /// What commands see besides the test's own environment; HUBSPOT_TOKEN and PENSTOCK_SHARED_DIR
  /// are set.
  std::map<std::string, std::string>& environment() { return environment_; }

  void Write(const std::string& name, const std::string& text) const;
  void Configure(const Settings& settings) const;
  /// Runs statements on the SQLite file shop.db in the project.
  void Sql(const std::string& sql) const;
  /// All rows as texts; NULL is "".
  std::vector<std::vector<std::string>> SqlRows(const std::string& sql) const;
  /// Makes the table `customers` (n INTEGER, email, first_name, last_name, phone, stage TEXT) with
  /// rows 0 … count-1: "user00007@example.com", "First7", "Last7", "+1555000007", "lead".
  void FillCustomers(int count, int from = 0) const;

  /// What is run instead of PenstockPath().
  void UseProgram(const std::string& path) { program_ = path; }
  /// `penstock arguments…` in the project's folder.
  std::unique_ptr<Child> Start(const std::vector<std::string>& arguments) const;
  Output Cli(const std::vector<std::string>& arguments) const;
  /// `penstock sync contacts --json more…`.
  Output Sync(const std::vector<std::string>& more = {}) const;
  /// Files below the project whose path contains `part`, sorted.
  std::vector<std::string> Files(const std::string& part) const;
  const TempDir& temp() const { return temp_; }

 private:
  TempDir temp_;
  std::string directory_;
  std::map<std::string, std::string> environment_;
  std::string program_ = PenstockPath();
};

/// Fails the test unless the account's live contacts are exactly the table `customers`: e-mail,
/// names and phone.
void ExpectHoldsCustomers(const Account& account, const Project& project);
/// E-mail of FillCustomers' row.
std::string Email(int n);

/// The only run of a document of runs; fails the test when there is not exactly one.
Json OnlyRun(const Output& output);
/// Fails the test unless the counts of a run add up as they always must.
void ExpectAddsUp(const Json& run);

}  // namespace penstock::e2e
