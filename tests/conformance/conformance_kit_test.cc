// penstock-check as its users meet it: arguments, fixtures, reports, a live account.
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "sdk/testing/process.h"
#include "tests/conformance/run_kit.h"

namespace {

namespace fs = std::filesystem;
using namespace penstock::conformance;  // NOLINT(google-build-using-namespace)
using rapidjson::Document;

TEST(Kit, SaysWhatIsWrongWithItsArguments) {
  const std::string connector = std::string(TEST_CONNECTORS) + "/good.so";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "connector"},
      {"/nowhere/acme.so", "there is no library /nowhere/acme.so"},
      {connector + " --check no.such", "there is no check no.such"},
      {connector + " --fixture /nowhere.yaml", "/nowhere.yaml: it cannot be read"},
      {connector + " --level 9", "--level"},
      {connector + " --json --junit", "--j"},
      {connector + " --live", "--config"},
      {connector + " --record x.yaml", "--record requires --live"},
      {connector + " --level 2 --write-golden /tmp/g", "is not among the checks to run"},
      {connector + " --write-golden /tmp/g", "--write-golden needs a destination"}};
  for (const auto& [arguments, part] : cases) {
    const Ran ran = RunKit(arguments);
    EXPECT_EQ(ran.code, 2) << arguments;
    EXPECT_NE(ran.out.find(part), std::string::npos) << arguments << ": " << ran.out;
  }
}

TEST(Kit, NamesThePlaceOfAMistakeInAFixture) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"confg: {}", "\"confg\" is not known here"},
      {"config: {region: x}", "config"},
      {"config: {token: {$secret: token}, region: x}", "\"region\", which is not known here"},
      {"config: [1", "line 1"},
      {"config: {token: {$secret: token}}\nskip: {no.check: because}",
       "there is no check \"no.check\""},
      {"config: {token: {$secret: token}}\nskip: {check.ok: \"\"}", "check.ok needs a reason"},
      {"config: {token: {$secret: token}}\nsandbox: {}", "the manifest names none"},
      {"config: {token: {$secret: token}}\nsandbox: {program: /nowhere}", "does not listen"},
      {"config: {token: {$secret: token}}\ndestination: {}", "routes must be a list"},
      {"config: {token: {$secret: token}}\ndestination: {routes: [{then: {}}]}",
       "route 1 has no when: path"},
      {"config: {token: {$secret: token}}\ndestination: {routes: [{when: {path: /a}, then: {}, "
       "job: x}]}",
       "route 1 has job: x; it is create, upload, start, abort, submit, state or results"}};
  const Room room("fixtures");
  for (const auto& [text, part] : cases) {
    WriteFile(room / "f.yaml", text);
    const Ran ran =
        RunKit(std::string(TEST_CONNECTORS) + "/good.so --fixture " + (room / "f.yaml").string());
    EXPECT_EQ(ran.code, 2) << text;
    EXPECT_NE(ran.out.find(part), std::string::npos) << text << ": " << ran.out;
  }
}

TEST(Kit, WritesGoldenOrSaysWhyNot) {
  const Room room("golden");
  WriteFile(room / "f.yaml", FixtureFor(""));
  const std::string arguments = std::string(TEST_CONNECTORS) + "/broken.so --fixture " +
                                (room / "f.yaml").string() +
                                " --check write.golden --write-golden ";
  const Ran good = RunKit(arguments + (room / "g.jsonl").string());
  EXPECT_EQ(good.code, 0) << good.out;
  EXPECT_EQ(ReadFile(room / "g.jsonl"), ReadFile(kSource + "golden.jsonl"));
  const Ran nowhere = RunKit(arguments + "/nonexistent/g");
  EXPECT_EQ(nowhere.code, 2) << nowhere.out;
  EXPECT_NE(nowhere.out.find("/nonexistent/g cannot be written: No such file"), std::string::npos)
      << nowhere.out;
  // There, and full.
  const Ran full = RunKit(arguments + "/dev/full");
  EXPECT_EQ(full.code, 1) << full.out;
  EXPECT_NE(full.out.find("/dev/full cannot be written"), std::string::npos) << full.out;
  WriteFile(room / "f.yaml", FixtureFor("") + "skip: {write.golden: not today}\n");
  const Ran skipped = RunKit(arguments + (room / "h.jsonl").string());
  EXPECT_EQ(skipped.code, 1) << skipped.out;
  EXPECT_NE(skipped.out.find("nothing is written to"), std::string::npos) << skipped.out;
  EXPECT_FALSE(fs::exists(room / "h.jsonl"));
}

// A secret has the name that the configuration calls it by, whatever the property is called.
TEST(Kit, ResolvesSecretsByTheirReference) {
  const Room room("secrets");
  const auto run = [&](const std::string& config, const std::string& secrets) {
    std::string fixture = FixtureFor("");
    const std::string old_config = "config: {token: {$secret: token}", old = "{token: kit}";
    fixture.replace(fixture.find(old_config), old_config.size(), "config: {token: " + config);
    fixture.replace(fixture.find(old), old.size(), secrets);
    if (const size_t at = fixture.find("${token}"); at != std::string::npos) {
      fixture.replace(at, 8, "kit");
    }
    WriteFile(room / "f.yaml", fixture);
    return RunKit(std::string(TEST_CONNECTORS) + "/broken.so --check check.ok --fixture " +
                  (room / "f.yaml").string());
  };
  for (const char* config : {"{$secret: t}", "kit"}) {
    const Ran ran = run(config, "{t: kit}");
    EXPECT_EQ(ran.code, 0) << config << ran.out;
  }
  // The property's own name belongs to another one.
  EXPECT_EQ(run("{$secret: t}", "{t: kit, token: other}").code, 0);
  EXPECT_EQ(run("{$secret: t}", "{t: other, token: kit}").code, 1);
  for (const auto& [config, part] : std::vector<std::pair<std::string, std::string>>{
           {"{$secret: s}", "token is the secret \"s\", which is not among `secrets`"},
           {"other", "token is not the secret \"token\" of `secrets`"}}) {
    const Ran ran = run(config, "{token: kit}");
    EXPECT_EQ(ran.code, 2) << ran.out;
    EXPECT_NE(ran.out.find(part), std::string::npos) << ran.out;
  }
}

// The record that a failure names is one of many, and its result behind what is shown of a body;
// its own exchanges come first, at that place.
TEST(Kit, ShowsTheNamedRecordFirst) {
  const Room room("named");
  WriteFile(room / "f.yaml", FixtureFor("write.mapping"));
  const std::string arguments = std::string(TEST_CONNECTORS) +
                                "/broken.so --check write.mapping --fixture " +
                                (room / "f.yaml").string();
  const Ran ran = RunKit(arguments);
  ASSERT_EQ(ran.code, 1) << ran.out;
  EXPECT_NE(ran.out.find("seen: record 1 is told"), std::string::npos) << ran.out;
  const size_t named = ran.out.find("requests and answers of record 1, kit-key-1:");
  ASSERT_NE(named, std::string::npos) << ran.out;
  const size_t rest = ran.out.find("  requests and answers:");
  EXPECT_LT(named, rest) << ran.out;
  EXPECT_LT(ran.out.find(R"("key":"kit-key-1","status":"created")"), rest) << ran.out;
}

TEST(Kit, ShowsWhatPassesOnDemand) {
  const Room room("verbose");
  WriteFile(room / "f.yaml", FixtureFor(""));
  const std::string arguments = std::string(TEST_CONNECTORS) +
                                "/broken.so --check check.ok --fixture " +
                                (room / "f.yaml").string();
  EXPECT_EQ(RunKit(arguments).out.find("> GET /v1/account"), std::string::npos);
  EXPECT_NE(RunKit(arguments + " --verbose").out.find("> GET /v1/account"), std::string::npos);
  EXPECT_NE(RunKit(arguments + " --verbose --json").out.find("> GET /v1/account"),
            std::string::npos);
}

// Level 3 is passed by what ran, not by what had no destination to run against.
TEST(Kit, TellsTheLevelThatWasPassed) {
  const Room room("level");
  const auto passed = [&](const std::string& rule, const std::string& more) {
    WriteFile(room / "f.yaml", FixtureFor(rule));
    const Ran ran = RunKit(std::string(TEST_CONNECTORS) + "/broken.so --json --level 3" +
                           (more.empty() ? more : more + (room / "f.yaml").string()));
    Document report;
    report.Parse(ran.out.data(), ran.out.size());
    return report.HasParseError() ? -1 : report["passed_level"].GetInt();
  };
  EXPECT_EQ(passed("", ""), 2);
  EXPECT_EQ(passed("", " --fixture "), 3);
  EXPECT_EQ(passed("check.classes", " --fixture "), 2);
}

// A failure tells all that is needed to look at it.
TEST(Kit, ReportsFailuresForPeopleAndPrograms) {
  const Room room("report");
  std::string fixture = ReadFile(kSource + "fixture.yaml");
  fixture.replace(fixture.find("@BREAK@"), 7, "check.classes");
  WriteFile(room / "f.yaml", fixture);
  const std::string arguments = std::string(TEST_CONNECTORS) +
                                "/broken.so --check check.classes --seed 7 --fixture " +
                                (room / "f.yaml").string();
  const Ran text = RunKit(arguments);
  EXPECT_EQ(text.code, 1);
  for (const char* part : {"FAIL    check.classes", "rule: check tells apart",
                           "seen: on 403 check fails with status 12", "> GET /v1/account", "< 403",
                           "seed 7", "gdb --args penstock-check",
                           "--check check.classes --in-process", "0 passed, 1 failed, 0 skipped"}) {
    EXPECT_NE(text.out.find(part), std::string::npos) << part << "\n" << text.out;
  }
  EXPECT_EQ(text.out.find('\033'), std::string::npos);
  const Ran junit = RunKit(arguments + " --junit");
  EXPECT_NE(junit.out.find("<testcase classname=\"penstock.broken\" name=\"check.classes\""),
            std::string::npos);
  EXPECT_NE(junit.out.find("<failure message="), std::string::npos);
  EXPECT_EQ(RunKit(arguments + " --in-process").code, 1);
}

TEST(Kit, MakesARoundTripOnALiveAccount) {
  const std::string connectors = PENSTOCK_TEST_CONNECTOR_DIR;
  std::string error;
  auto sandbox =
      penstock::sandbox::SandboxProcess::Start(connectors + "/loopback-sandbox", {}, &error);
  ASSERT_NE(sandbox, nullptr) << error;
  const Room room("live");
  WriteFile(room / "account.yaml", "config: {token: {$secret: mine}}\nsecrets: {mine: loopback}\n");
  const std::string arguments = connectors + "/loopback.so --live --config " +
                                (room / "account.yaml").string() + " --base-url " + sandbox->url();
  const Ran good = RunKit(arguments);
  EXPECT_EQ(good.code, 0) << good.out;
  EXPECT_NE(good.out.find("pass    live.round_trip"), std::string::npos) << good.out;
  const auto objects = sandbox->Call("GET", "/_sandbox/objects/things");
  EXPECT_NE(objects.body.find("\"archived\":true"), std::string::npos) << objects.body;
  // An account that takes the record and does not keep it.
  sandbox->Call(
      "PUT", "/_sandbox/faults",
      R"([{"match": {"path": "/v1/things/lookup"}, "fault": {"status": 500}, "times": -1}])");
  const Ran bad = RunKit(arguments);
  EXPECT_EQ(bad.code, 1) << bad.out;
  // Without credentials: said before anything is sent.
  WriteFile(room / "account.yaml", "config: {token: {$secret: token}}\n");
  const Ran none = RunKit(arguments);
  EXPECT_EQ(none.code, 2) << none.out;
  EXPECT_NE(none.out.find("has no secret \"token\""), std::string::npos) << none.out;
}

}  // namespace
