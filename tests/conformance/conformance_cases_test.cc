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

#include "tests/conformance/run_kit.h"

namespace {

namespace fs = std::filesystem;
using namespace penstock::conformance;  // NOLINT(google-build-using-namespace)
using rapidjson::Document;
using rapidjson::Value;

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
class ContractOfJobs : public ::testing::TestWithParam<size_t> {};

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

bool IsOfJobs(const std::string& id) { return id.starts_with("job.") || id.starts_with("finish."); }

/// The checks to run for a case: what it declares and every `share`th of the others, another part
/// from case to case (each is a process); all of them for the sound connector and on demand. Of one
/// that breaks a rule of jobs all that are about jobs.
std::set<std::string> ChecksOf(const Value& one, size_t number, size_t share, bool jobs) {
  const std::string rule = one["break"].GetString();
  const bool all = rule.empty() || std::getenv("PENSTOCK_KIT_WHOLE") != nullptr;
  std::set<std::string> checks;
  // The library passes levels 1 and 2 whatever it is told.
  for (int level = rule.empty() && !jobs ? 1 : 3; level <= one["level"].GetInt(); ++level) {
    for (const std::string& id : ChecksOfLevel(level)) {
      const bool due = number++ % share == 0;
      if (all || due || (jobs && IsOfJobs(id))) checks.insert(id);
    }
  }
  // It runs all of level 3 twice: where it matters only.
  if (!rule.empty()) checks.erase("isolated.same");
  for (const char* list : {"fails", "also_fails", "warns", "passes"}) {
    for (const std::string& id : Texts(one, list)) checks.insert(id);
  }
  return checks;
}

void RunCase(const Value& one, const std::string& name, std::string fixture,
             const std::set<std::string>& checks) {
  const Room room(name);
  if (one.HasMember("fixture")) {
    for (const auto& member : one["fixture"].GetObject()) {
      fixture += std::string(member.name.GetString()) + ": " + Text(member.value) + "\n";
    }
  }
  WriteFile(room / "fixture.yaml", fixture);
  std::string arguments = std::string(TEST_CONNECTORS) +
                          "/broken.so --json --timeout 20000 --fixture " +
                          (room / "fixture.yaml").string();
  if (one.HasMember("worker")) arguments += " --worker";
  for (const std::string& id : checks) arguments += " --check " + id;
  Compare(one, RunKit(arguments));
}

// One connector, told which rule to break.
TEST_P(Contract, FailsWhatItDeclares) {
  const Value& one = Cases("cases_contract.json")[static_cast<rapidjson::SizeType>(GetParam())];
  RunCase(one, "contract-" + std::to_string(GetParam()), FixtureFor(one["break"].GetString()),
          ChecksOf(one, GetParam(), 5, false));
}
INSTANTIATE_TEST_SUITE_P(All, Contract,
                         ::testing::Range(size_t{0}, size_t{Cases("cases_contract.json").Size()}));

// The same one where it writes by jobs.
TEST_P(ContractOfJobs, FailsWhatItDeclares) {
  const Value& one = Cases("cases_jobs.json")[static_cast<rapidjson::SizeType>(GetParam())];
  std::string fixture = FixtureFor(one["break"].GetString());
  fixture.replace(fixture.find("golden.jsonl"), 12, "golden_jobs.jsonl");
  fixture += "options: {path: jobs}\n";
  RunCase(one, "jobs-" + std::to_string(GetParam()), fixture, ChecksOf(one, GetParam(), 20, true));
}
INSTANTIATE_TEST_SUITE_P(All, ContractOfJobs,
                         ::testing::Range(size_t{0}, size_t{Cases("cases_jobs.json").Size()}));

// Every check has a connector that fails it, or the reason why there is none is here.
TEST(Kit, HasABrokenConnectorForEachCheck) {
  const std::set<std::string> without = {
      "live.round_trip",  // below, against a sandbox
  };
  std::set<std::string> covered = without;
  for (const char* file : {"cases_static.json", "cases_contract.json", "cases_jobs.json"}) {
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
  EXPECT_EQ(n, 97u);
}

}  // namespace
