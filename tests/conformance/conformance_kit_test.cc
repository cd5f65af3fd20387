// The kit can fail: each broken connector fails the checks that it declares and no other; a good
// one passes. Cases are in cases_*.json.
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "sdk/testing/process.h"
#include "tests/conformance/run_kit.h"

namespace {

namespace fs = std::filesystem;
using namespace penstock::conformance;  // NOLINT(google-build-using-namespace)
using rapidjson::Document;
using rapidjson::Value;

const std::string kSource = std::string(PENSTOCK_TEST_SOURCE_DIR) + "/tests/conformance/";

std::string Text(const Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return buffer.GetString();
}

/// Ids of the checks of a level, from --list.
std::vector<std::string> ChecksOfLevel(int level) {
  static const std::string list = RunKit("--list").out;
  std::vector<std::string> ids;
  std::string number, id;
  std::istringstream lines(list);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    words >> number >> id;
    if (number == std::to_string(level)) ids.push_back(id);
  }
  return ids;
}

std::vector<std::string> Texts(const Value& json, const char* name) {
  std::vector<std::string> texts;
  if (!json.HasMember(name)) return texts;
  for (const Value& item : json[name].GetArray()) texts.emplace_back(item.GetString());
  return texts;
}

std::string Joined(const std::set<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) text += (text.empty() ? "" : " ") + id;
  return text.empty() ? "nothing" : text;
}

/// What the report must say of the case.
void Compare(const Value& one, const Ran& ran) {
  Document report;
  report.Parse(ran.out.data(), ran.out.size());
  ASSERT_FALSE(report.HasParseError()) << ran.out.substr(0, 2000);
  std::set<std::string> failed, warned, passed, wanted;
  std::string details;
  for (const Value& check : report["checks"].GetArray()) {
    const std::string id = check["id"].GetString(), result = check["result"].GetString();
    if (result == "fail" || result == "crash" || result == "timeout") {
      failed.insert(id);
      details += id + " " + result + ": " + Text(check["seen"]) + "\n" +
                 std::string(check["printed"].GetString()).substr(0, 1500) + "\n";
    }
    if (result == "warn") warned.insert(id);
    if (result == "pass") passed.insert(id);
  }
  for (const char* list : {"fails", "also_fails"}) {
    for (const std::string& id : Texts(one, list)) wanted.insert(id);
  }
  EXPECT_EQ(Joined(failed), Joined(wanted)) << details;
  EXPECT_EQ(ran.code, wanted.empty() ? 0 : 1);
  for (const std::string& id : Texts(one, "warns")) EXPECT_EQ(warned.count(id), 1u) << id;
  for (const std::string& id : Texts(one, "passes")) EXPECT_EQ(passed.count(id), 1u) << id;
}

/// `json` with the members of `changes` put over it.
std::string Changed(const std::string& json, const Value& changes) {
  Document document;
  document.Parse(json.data(), json.size());
  for (const auto& member : changes.GetObject()) {
    Value name(member.name, document.GetAllocator());
    document.RemoveMember(member.name);
    document.AddMember(name, Value(member.value, document.GetAllocator()), document.GetAllocator());
  }
  return Text(document);
}

class Shapes : public ::testing::TestWithParam<size_t> {};
class Contract : public ::testing::TestWithParam<size_t> {};

const Document& Cases(const char* file) {
  static std::map<std::string, Document> all;
  Document& cases = all[file];
  if (!cases.IsArray()) {
    const std::string text = ReadFile(kSource + file);
    cases.Parse(text.data(), text.size());
  }
  return cases;
}

// A copy of the library beside a manifest, either of which the case may change.
TEST_P(Shapes, FailsWhatItDeclares) {
  const Value& one = Cases("cases_static.json")[static_cast<rapidjson::SizeType>(GetParam())];
  const std::string id = one["connector"].GetString();
  const Room room("shape-" + std::to_string(GetParam()));
  const std::string connectors = TEST_CONNECTORS;
  fs::copy_file(connectors + "/" + id + ".so", room / (id + ".so"));
  const std::string manifest = ReadFile(connectors + "/" + id + ".connector.json");
  std::string sidecar = manifest;
  if (one.HasMember("manifest")) sidecar = Changed(manifest, one["manifest"]);
  if (one.HasMember("manifest_text")) sidecar += one["manifest_text"].GetString();
  WriteFile(room / (id + ".connector.json"), sidecar);
  std::string arguments = (room / (id + ".so")).string() + " --json --timeout 20000 --level " +
                          std::to_string(one["level"].GetInt()) + " --fixture " + kSource +
                          "shapes.yaml";
  if (one["level"].GetInt() == 1) {
    // A changed manifest may not know the fixture's configuration.
    arguments = arguments.substr(0, arguments.find(" --fixture"));
  }
  if (one.HasMember("readme")) {
    WriteFile(room / "R.md", one["readme"].GetString());
    arguments += " --readme " + (room / "R.md").string();
  }
  if (one.HasMember("previous")) {
    WriteFile(room / "previous.json", Changed(manifest, one["previous"]));
    arguments += " --previous " + (room / "previous.json").string();
  }
  Compare(one, RunKit(arguments));
}
INSTANTIATE_TEST_SUITE_P(All, Shapes,
                         ::testing::Range(size_t{0}, size_t{Cases("cases_static.json").Size()}));

/// The checks to run for a case: what it declares and every fifth of the others, another fifth from
/// case to case (each is a process); all of them for the sound connector and on demand.
std::set<std::string> ChecksOf(const Value& one, size_t number) {
  const size_t share = 5;
  const std::string rule = one["break"].GetString();
  const bool all = rule.empty() || std::getenv("PENSTOCK_KIT_WHOLE") != nullptr;
  std::set<std::string> checks;
  // The library passes levels 1 and 2 whatever it is told.
  for (int level = rule.empty() ? 1 : 3; level <= one["level"].GetInt(); ++level) {
    for (const std::string& id : ChecksOfLevel(level)) {
      if (all || number++ % share == 0) checks.insert(id);
    }
  }
  // It runs all of level 3 twice: where it matters only.
  if (!rule.empty()) checks.erase("isolated.same");
  for (const char* list : {"fails", "also_fails", "warns", "passes"}) {
    for (const std::string& id : Texts(one, list)) checks.insert(id);
  }
  return checks;
}

// One connector, told which rule to break.
TEST_P(Contract, FailsWhatItDeclares) {
  const Value& one = Cases("cases_contract.json")[static_cast<rapidjson::SizeType>(GetParam())];
  const Room room("contract-" + std::to_string(GetParam()));
  std::string fixture = ReadFile(kSource + "fixture.yaml");
  fixture.replace(fixture.find("@BREAK@"), 7, one["break"].GetString());
  fixture.replace(fixture.find("golden.jsonl"), 12, kSource + "golden.jsonl");
  if (one.HasMember("fixture")) {
    for (const auto& member : one["fixture"].GetObject()) {
      fixture += std::string(member.name.GetString()) + ": " + Text(member.value) + "\n";
    }
  }
  WriteFile(room / "fixture.yaml", fixture);
  std::string arguments = std::string(TEST_CONNECTORS) +
                          "/broken.so --json --timeout 20000 --fixture " +
                          (room / "fixture.yaml").string();
  for (const std::string& id : ChecksOf(one, GetParam())) arguments += " --check " + id;
  Compare(one, RunKit(arguments));
}
INSTANTIATE_TEST_SUITE_P(All, Contract,
                         ::testing::Range(size_t{0}, size_t{Cases("cases_contract.json").Size()}));

// Every check has a connector that fails it, or the reason why there is none is here.
TEST(Kit, HasABrokenConnectorForEachCheck) {
  const std::set<std::string> without = {
      "live.round_trip",  // below, against a sandbox
  };
  std::set<std::string> covered = without;
  for (const char* file : {"cases_static.json", "cases_contract.json"}) {
    for (const Value& one : Cases(file).GetArray()) {
      for (const char* list : {"fails", "warns"}) {
        for (const std::string& id : Texts(one, list)) covered.insert(id);
      }
    }
  }
  std::istringstream lines(RunKit("--list").out);
  size_t n = 0;
  for (std::string line; std::getline(lines, line); ++n) {
    std::istringstream words(line);
    std::string level, id;
    words >> level >> id;
    EXPECT_EQ(covered.count(id), 1u) << id << " has no broken connector";
  }
  EXPECT_EQ(n, 91u);
}

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
       "route 1 has no when: path"}};
  const Room room("fixtures");
  for (const auto& [text, part] : cases) {
    WriteFile(room / "f.yaml", text);
    const Ran ran =
        RunKit(std::string(TEST_CONNECTORS) + "/good.so --fixture " + (room / "f.yaml").string());
    EXPECT_EQ(ran.code, 2) << text;
    EXPECT_NE(ran.out.find(part), std::string::npos) << text << ": " << ran.out;
  }
}

std::string FixtureFor(const std::string& rule) {
  std::string fixture = ReadFile(kSource + "fixture.yaml");
  fixture.replace(fixture.find("@BREAK@"), 7, rule);
  fixture.replace(fixture.find("golden.jsonl"), 12, kSource + "golden.jsonl");
  return fixture;
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
