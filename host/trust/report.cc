#include "host/trust/report.h"

#include <rapidjson/document.h>

#include <array>
#include <cstddef>

#include "core/file/file.h"

namespace penstock::trust {
namespace {

constexpr uint64_t kLargest = 64u << 20;
constexpr int kHighest = 4;

std::string Text(const rapidjson::Document& report, const char* name) {
  const auto found = report.FindMember(name);
  return found != report.MemberEnd() && found->value.IsString() ? found->value.GetString() : "";
}

int Number(const rapidjson::Value& object, const char* name) {
  const auto found = object.FindMember(name);
  return found != object.MemberEnd() && found->value.IsInt() ? found->value.GetInt() : -1;
}

// In what the report contradicts itself about having passed `level`; empty: in nothing. It is no
// signature: whoever writes a whole report by hand is believed.
std::string Contradiction(const rapidjson::Value& report, int level) {
  const auto checks = report.FindMember("checks");
  if (!checks->value.IsArray()) return "has no list of checks";
  const std::string passed = "says that level " + std::to_string(level) + " is passed, and ";
  if (level > Number(report, "level")) {
    return passed + "that no more than level " + std::to_string(Number(report, "level")) +
           " was checked";
  }
  std::array<size_t, kHighest + 1> seen{};
  for (const auto& check : checks->value.GetArray()) {
    if (!check.IsObject() || !check.HasMember("id") || !check["id"].IsString() ||
        !check.HasMember("result") || !check["result"].IsString()) {
      return "has a check without an id or a result";
    }
    const int at = Number(check, "level");
    if (at < 1 || at > kHighest) continue;
    ++seen[static_cast<size_t>(at)];
    const std::string result = check["result"].GetString();
    if (at <= level && result != "pass" && result != "skip" && result != "warn") {
      return passed + "that check " + check["id"].GetString() + " of level " + std::to_string(at) +
             " ended with \"" + result + "\"";
    }
  }
  for (int at = 1; at <= level; ++at) {
    if (seen[static_cast<size_t>(at)] == 0) {
      return passed + "holds no check of level " + std::to_string(at);
    }
  }
  return {};
}

}  // namespace

Result<int> LevelOfReport(const std::string& path, const Found& found) {
  const auto wrong = [&](const std::string& what) {
    return UsageError("PS-TRUST-REPORT", "The report " + path + " " + what + ".",
                      "Make it with `penstock-check " + found.library +
                          " --level 3 --fixture FILE --json > report.json`.");
  };
  const auto text = file::ReadAll(path, kLargest);
  if (!text.ok()) return wrong("cannot be read: " + text.error().message);
  rapidjson::Document parsed;
  parsed.Parse(text->data(), text->size());
  const rapidjson::Document& report = parsed;
  if (report.HasParseError() || !report.IsObject() || !report.HasMember("checks")) {
    return wrong("is none of penstock-check --json");
  }
  const auto passed = report.FindMember("passed_level");
  if (Text(report, "sha256").empty() || passed == report.MemberEnd() || !passed->value.IsInt()) {
    return wrong("does not say which library it is about and which level that passed");
  }
  if (Text(report, "connector") != found.id || Text(report, "sha256") != found.library_sha256) {
    return wrong("is about connector " + Text(report, "connector") + " with SHA-256 " +
                 Text(report, "sha256") + ", not about " + found.id + " with " +
                 found.library_sha256);
  }
  if (passed->value.GetInt() < 0 || passed->value.GetInt() > kHighest) {
    return wrong("tells a level that there is not");
  }
  const std::string contradiction = Contradiction(report, passed->value.GetInt());
  if (!contradiction.empty()) return wrong(contradiction);
  return passed->value.GetInt();
}

}  // namespace penstock::trust
