#include "host/trust/report.h"

#include <rapidjson/document.h>

#include "core/file/file.h"

namespace penstock::trust {
namespace {

constexpr uint64_t kLargest = 64u << 20;
constexpr int kHighest = 4;

std::string Text(const rapidjson::Document& report, const char* name) {
  const auto found = report.FindMember(name);
  return found != report.MemberEnd() && found->value.IsString() ? found->value.GetString() : "";
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
  return passed->value.GetInt();
}

}  // namespace penstock::trust
