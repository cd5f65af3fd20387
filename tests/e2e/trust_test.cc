// Which connectors may run, through the command line: first use, changes, the lock, upgrades of the
// installation, installing, and levels of the conformance kit.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/e2e/poisoned.h"

namespace penstock::e2e {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Bytes(const fs::path& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

void Append(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
}

class ConnectorTrustTest : public PoisonedTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(PoisonedTest::SetUp());
    project_.environment()["PENSTOCK_CONNECTORS"] = "";
    project_.FillCustomers(3);
    CopyConnector("poisoned", PENSTOCK_TEST_POISONED_DIR, folder());
  }
  /// A folder with a connector from elsewhere.
  fs::path folder() const { return fs::path(project_.temp().path()) / "downloads"; }
  fs::path library() const { return folder() / "poisoned.so"; }
  fs::path lock() const { return project_.Path("penstock.lock"); }
  static void CopyConnector(const std::string& id, const fs::path& from, const fs::path& to) {
    fs::create_directories(to);
    for (const char* end : {".so", ".connector.json"}) {
      fs::copy_file(from / (id + end), to / (id + end), fs::copy_options::overwrite_existing);
    }
  }
  void UseFolder() { project_.environment()["PENSTOCK_CONNECTORS"] = folder(); }
  /// Changes some bytes of a file in place.
  static void Replace(const fs::path& path, const std::string& what, const std::string& with) {
    std::string bytes = Bytes(path);
    size_t count = 0;
    for (size_t at = bytes.find(what); at != std::string::npos;
         at = bytes.find(what, at + with.size())) {
      bytes.replace(at, what.size(), with);
      ++count;
    }
    ASSERT_GT(count, 0u) << what;
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  void ExpectRefused(const Output& output, const std::string& code, const std::string& part) {
    EXPECT_EQ(output.exit, 2) << output.Text();
    EXPECT_THAT(output.err + output.out, HasSubstr(code));
    EXPECT_THAT(output.err + output.out, HasSubstr(part));
  }
};

TEST_F(ConnectorTrustTest, FirstUseIsShownThenAChangeIsRefusedUntilItIsTrusted) {
  UseFolder();
  EXPECT_EQ(project_.Cli({"validate"}).exit, 0);
  EXPECT_FALSE(fs::exists(lock()));
  const Output first = project_.Sync();
  EXPECT_EQ(first.exit, 0) << first.Text();
  EXPECT_THAT(first.err, HasSubstr("first use of connector poisoned 0.1.0: SHA-256 "));
  EXPECT_THAT(first.err, HasSubstr("may send to the destination's base_url only"));
  EXPECT_TRUE(fs::exists(lock()));
  EXPECT_THAT(project_.Sync().err, Not(HasSubstr("first use")));

  const int64_t before = Requests();
  Append(library(), "x");
  for (const char* verb : {"sync", "plan", "check", "validate"}) {
    ExpectRefused(project_.Cli({verb}), "PS-TRUST-CHANGED", "penstock connector trust poisoned");
  }
  const Output json = project_.Cli({"validate", "--json"});
  EXPECT_EQ(json.json["errors"][0]["code"].Text(), "PS-TRUST-CHANGED") << json.Text();
  EXPECT_THAT(json.json["errors"][0]["file"].Text(), HasSubstr("penstock.yaml"));
  EXPECT_EQ(Requests(), before);

  const Output trusted = project_.Cli({"connector", "trust", "poisoned", "--json"});
  EXPECT_EQ(trusted.exit, 0) << trusted.Text();
  EXPECT_NE(trusted.json["sha256"].Text(), trusted.json["before"]["sha256"].Text());
  EXPECT_EQ(project_.Sync().exit, 0);
  EXPECT_THAT(project_.Cli({"changelog", "show"}).out, HasSubstr("connector_library"));
}

TEST_F(ConnectorTrustTest, OtherHostsOtherRightsAndLinksAreRefused) {
  UseFolder();
  ASSERT_EQ(project_.Sync().exit, 0);
  const fs::path sidecar = folder() / "poisoned.connector.json";
  const std::string manifest = Bytes(sidecar);
  Replace(sidecar, "\"auth\":", "\"allowed_hosts\": [\"evil.example\"], \"auth\":");
  ExpectRefused(project_.Sync(), "PS-TRUST-CHANGED", "may send to evil.example");
  std::ofstream(sidecar, std::ios::trunc) << manifest;
  fs::permissions(library(), fs::perms::others_write, fs::perm_options::add);
  ExpectRefused(project_.Sync(), "PS-CONN-WRITABLE", "poisoned.so");
  fs::permissions(library(), fs::perms::others_write, fs::perm_options::remove);
  fs::rename(sidecar, folder() / "../poisoned.connector.json");
  fs::create_symlink("../poisoned.connector.json", sidecar);
  ExpectRefused(project_.Sync(), "PS-CONN-PATH", "leads out of the connector directory");
}

TEST_F(ConnectorTrustTest, ALockedProjectRunsOnlyWhatItHolds) {
  UseFolder();
  for (const char* verb : {"sync", "validate"}) {
    ExpectRefused(project_.Cli({verb, "--locked"}), "PS-TRUST-NEW",
                  "penstock connector trust poisoned");
  }
  EXPECT_FALSE(fs::exists(lock()));
  ASSERT_EQ(project_.Cli({"connector", "trust", "poisoned"}).exit, 0);
  project_.Write("penstock.yaml",
                 ReadText(project_.Path("penstock.yaml")) + "policy: {connectors: locked}\n");
  const Output run = project_.Sync();
  EXPECT_EQ(run.exit, 0) << run.Text();
  EXPECT_EQ(run.err.find("first use"), std::string::npos) << run.err;
}

TEST_F(ConnectorTrustTest, InProcessItIsHeldToTheSameLock) {
  UseFolder();
  settings_.destination = "isolation: in_process";
  project_.Configure(settings_);
  EXPECT_EQ(project_.Sync().exit, 0);
  Append(library(), "x");
  ExpectRefused(project_.Sync(), "PS-TRUST-CHANGED", "its library has SHA-256");
}

// A copy of what `cmake --install` puts somewhere: its connectors are as trusted as the program.
TEST_F(ConnectorTrustTest, AnUpgradeOfTheInstallationIsNotedAndGoesOn) {
  const fs::path prefix = fs::path(project_.temp().path()) / "usr";
  fs::create_directories(prefix / "bin");
  fs::copy_file(PenstockPath(), prefix / "bin" / "penstock");
  const fs::path connectors = prefix / "lib" / "penstock" / "connectors";
  CopyConnector("poisoned", folder(), connectors);
  fs::copy_file(fs::path(PENSTOCK_TEST_CONNECTOR_DIR) / ".." / "penstock-worker",
                prefix / "lib" / "penstock" / "penstock-worker");
  const auto run = [&](const std::vector<std::string>& arguments) {
    return Child::Start({prefix / "bin" / "penstock", arguments, project_.environment(),
                         project_.directory()},
                        project_.temp().path())
        ->Wait();
  };
  const Output first = run({"sync"});
  EXPECT_EQ(first.exit, 0) << first.Text();
  EXPECT_THAT(first.err, HasSubstr("first use"));
  Append(connectors / "poisoned.so", "x");
  ExpectRefused(run({"sync", "--locked"}), "PS-TRUST-CHANGED", "its library has SHA-256");
  EXPECT_EQ(run({"validate"}).exit, 0);
  const Output upgraded = run({"sync"});
  EXPECT_EQ(upgraded.exit, 0) << upgraded.Text();
  EXPECT_THAT(upgraded.err, HasSubstr("came with an upgrade of penstock: its library has SHA-256"));
  EXPECT_EQ(run({"sync", "--locked"}).exit, 0);
}

TEST_F(ConnectorTrustTest, InstallsUsesAndUninstalls) {
  ExpectRefused(project_.Cli({"validate"}), "PS-CONF-CONNECTOR", "poisoned");
  const Output done = project_.Cli({"connector", "install", library(), "--json"});
  EXPECT_EQ(done.exit, 0) << done.Text();
  EXPECT_EQ(done.json["connector"].Text(), "poisoned");
  EXPECT_EQ(done.json["manifest"]["version"].Text(), "0.1.0");
  const std::string sha256 = done.json["sha256"].Text();
  EXPECT_EQ(sha256.size(), 64u);
  EXPECT_EQ(Bytes(project_.Path("connectors/poisoned.so")), Bytes(library()));
  EXPECT_THAT(project_.Cli({"connector", "list"}).out, HasSubstr("poisoned"));
  const auto lock_of = [&] {
    const Output list = project_.Cli({"connector", "list", "--json"});
    for (size_t i = 0; i < list.json["connectors"].size(); ++i) {
      const Json item = list.json["connectors"][i];
      if (item["id"].Text() == "poisoned") return item["lock"].Text();
    }
    return std::string("none");
  };
  EXPECT_EQ(lock_of(), "trusted");
  Append(project_.Path("connectors/poisoned.so"), "x");
  EXPECT_EQ(lock_of(), "changed");
  ASSERT_EQ(project_.Cli({"connector", "install", library()}).exit, 0);
  const Output nope = project_.Cli({"connector", "show", "nope"});
  EXPECT_THAT(nope.err, HasSubstr(project_.Path("connectors") + " or "));
  EXPECT_THAT(nope.err, HasSubstr("penstock connector install FILE"));
  const Output show = project_.Cli({"connector", "show", "poisoned"});
  EXPECT_THAT(show.out, HasSubstr(sha256));
  EXPECT_THAT(show.out, HasSubstr("as penstock.lock has it, no level recorded"));
  const Output run = project_.Sync({"--locked"});
  EXPECT_EQ(run.exit, 0) << run.Text();

  ExpectRefused(project_.Cli({"connector", "uninstall", "poisoned"}), "PS-CONN-IN-USE",
                "Destination crm");
  project_.Write("penstock.yaml", "sources: {}\n");
  EXPECT_EQ(project_.Cli({"connector", "uninstall", "poisoned"}).exit, 0);
  EXPECT_FALSE(fs::exists(project_.Path("connectors/poisoned.so")));
  EXPECT_THAT(Bytes(lock()), Not(HasSubstr("poisoned")));
  ExpectRefused(project_.Cli({"connector", "uninstall", "poisoned"}), "PS-CONN-NOT-FOUND",
                "no connector");
}

TEST_F(ConnectorTrustTest, AnotherVersionReplacesTheInstalledOne) {
  ASSERT_EQ(project_.Cli({"connector", "install", library()}).exit, 0);
  Append(library(), "x");
  ExpectRefused(project_.Cli({"connector", "install", library(), "--locked"}), "PS-TRUST-CHANGED",
                "is locked");
  EXPECT_EQ(project_.Sync().exit, 0);
  const Output again = project_.Cli({"connector", "install", library()});
  EXPECT_EQ(again.exit, 0) << again.Text();
  EXPECT_THAT(again.out, HasSubstr("was "));
  EXPECT_EQ(project_.Sync({"--locked"}).exit, 0);
}

TEST_F(ConnectorTrustTest, WhatCannotRunHereIsNotInstalled) {
  const auto install = [&](const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"connector", "install", library()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return project_.Cli(arguments);
  };
  ExpectRefused(install({"--sha256", std::string(64, '0')}), "PS-CONN-DIGEST", "expected is 000");
  ExpectRefused(install({"--sha256", "12"}), "PS-CLI-USAGE", "64 hexadecimal digits");
  ExpectRefused(install({"--report", project_.Path("none.json")}), "PS-TRUST-REPORT", "none.json");
  const std::string good = Bytes(library());

  std::string other = good;
  other[18] = static_cast<char>(0x16);  // e_machine: IBM S/390
  std::ofstream(library(), std::ios::binary) << other;
  ExpectRefused(install(), "PS-CONN-MACHINE", "built for machine 22");

  // The newest version of the C library that it asks for becomes one that there is not.
  const size_t at = good.find("GLIBC_2.");
  ASSERT_NE(at, std::string::npos);
  other = good;
  other[at + 6] = '9';
  std::ofstream(library(), std::ios::binary) << other;
  ExpectRefused(install(), "PS-CONN-BASELINE", "needs GLIBC_9.");

  std::ofstream(library(), std::ios::binary) << good.substr(0, 1000);
  ExpectRefused(install(), "PS-CONN-NOT-CONNECTOR", "cut short or damaged");
  std::ofstream(library(), std::ios::binary) << "";
  ExpectRefused(install(), "PS-CONN-NOT-CONNECTOR", "it is empty");
  std::ofstream(library(), std::ios::binary) << "#!/bin/sh";
  ExpectRefused(install(), "PS-CONN-NOT-CONNECTOR", "does not begin as an ELF file");
  fs::resize_file(library(), 3ull << 30);
  ExpectRefused(install(), "PS-CONN-NOT-CONNECTOR", "3072 MiB, and a connector at most 1024");
  fs::remove(library());
  ExpectRefused(install(), "PS-CONN-MISSING", "There is no file");
  ASSERT_EQ(::mkfifo(library().c_str(), 0600), 0);
  ExpectRefused(install(), "PS-CONN-READ", "is no regular file");
  fs::remove(library());
  std::ofstream(library(), std::ios::binary) << good;
  Replace(folder() / "poisoned.connector.json", "Poisoned", "Harmless");
  ExpectRefused(install(), "PS-CONN-SIDECAR", "another manifest");
  fs::remove(folder() / "poisoned.connector.json");
  ExpectRefused(install(), "PS-CONN-MANIFEST", "is not beside");
  ExpectRefused(project_.Cli({"connector", "install", "acme.tar.gz"}), "PS-CONN-NOT-CONNECTOR",
                "archive");
  EXPECT_FALSE(fs::exists(project_.Path("connectors")));
  EXPECT_FALSE(fs::exists(lock()));
}

TEST_F(ConnectorTrustTest, NothingIsPutWhereOthersCanWrite) {
  fs::create_directory(project_.Path("connectors"));
  fs::permissions(project_.Path("connectors"), fs::perms::all);
  ExpectRefused(project_.Cli({"connector", "install", library()}), "PS-CONN-WRITABLE",
                "connectors can be written by every user");
  EXPECT_TRUE(fs::is_empty(project_.Path("connectors")));
  EXPECT_FALSE(fs::exists(lock()));
}

TEST_F(ConnectorTrustTest, NobodyWaitsForAPipe) {
  ASSERT_EQ(project_.Cli({"connector", "install", library()}).exit, 0);
  const fs::path own = project_.Path("connectors/poisoned.so");
  const fs::path sidecar = project_.Path("connectors/poisoned.connector.json");
  fs::remove(own);
  ASSERT_EQ(::mkfifo(own.c_str(), 0600), 0);
  for (const char* verb : {"validate", "sync"}) {
    ExpectRefused(project_.Cli({verb}), "PS-CONN-READ", "no regular file");
  }
  fs::remove(sidecar);
  ASSERT_EQ(::mkfifo(sidecar.c_str(), 0600), 0);
  ExpectRefused(project_.Cli({"validate"}), "PS-CONF-CONNECTOR", "no regular file");
  EXPECT_THAT(project_.Cli({"connector", "list", "--json"}).out, HasSubstr("no regular file"));
}

TEST_F(ConnectorTrustTest, APolicyAsksForALevel) {
  ASSERT_EQ(project_.Cli({"connector", "install", library()}).exit, 0);
  const std::string yaml = ReadText(project_.Path("penstock.yaml"));
  project_.Write("penstock.yaml", yaml + "policy: {levels: {upsert: 1}}\n");
  for (const char* verb : {"sync", "plan", "validate"}) {
    ExpectRefused(project_.Cli({verb}), "PS-TRUST-LEVEL", "level 1 of the conformance kit");
  }
  EXPECT_EQ(Requests(), 0);

  const auto check = [&](const std::vector<std::string>& arguments) {
    return Child::Start(
               {PENSTOCK_TEST_BIN_DIR "/penstock-check", arguments, {}, project_.directory()},
               project_.temp().path())
        ->Wait();
  };
  // Half of a level is none; a level without a destination is none.
  const Output part = check({project_.Path("connectors/poisoned.so"), "--level", "1", "--check",
                             "abi.single_export", "--json"});
  EXPECT_EQ(part.json["passed_level"].Int(), 0) << part.Text();
  const Output report = check({project_.Path("connectors/poisoned.so"), "--level", "1", "--json"});
  EXPECT_EQ(report.json["passed_level"].Int(), 1) << report.Text();
  project_.Write("report.json", report.out);
  const Output trusted =
      project_.Cli({"connector", "trust", "poisoned", "--report", "report.json"});
  EXPECT_EQ(trusted.exit, 0) << trusted.Text();
  EXPECT_THAT(trusted.out, HasSubstr("level     1"));
  EXPECT_EQ(project_.Sync().exit, 0);

  project_.Write("penstock.yaml", yaml + "policy: {level: 2}\n");
  ExpectRefused(project_.Sync(), "PS-TRUST-LEVEL", "level 1 is recorded");
  // A report about other bytes proves nothing of these.
  Append(library(), "x");
  ExpectRefused(
      project_.Cli({"connector", "install", library(), "--report", project_.Path("report.json")}),
      "PS-TRUST-REPORT", "is about connector poisoned with SHA-256");
}

}  // namespace
}  // namespace penstock::e2e
