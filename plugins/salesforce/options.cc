#include "plugins/salesforce/options.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "penstock/json_reader.hpp"
#include "penstock/settings.hpp"
#include "penstock_manifest.h"
#include "plugins/salesforce/api.h"

namespace penstock::salesforce {

namespace {

// The objects that Salesforce has assignment rules for.
bool HasAssignmentRules(std::string_view object) {
  return object == "Account" || object == "Case" || object == "Lead";
}

}  // namespace

sdk::Result<Options> Options::Read(std::string_view json) {
  sdk::Settings settings(json, "options");
  Options options;
  options.assignment_rule = settings.Text("assignment_rule", "none");
  options.allow_duplicates = settings.Text("duplicate_rule", "block") == "allow_save";
  options.serial = settings.Flag("serial");
  options.path = settings.Text("path", "auto");
  options.bulk_threshold = static_cast<uint64_t>(
      settings.Integer("bulk_threshold", static_cast<int64_t>(options.bulk_threshold)));
  if (!settings.status().ok()) return settings.status().failure();
  if (options.path == "bulk" && !options.BulkHonours()) {
    return settings.Wrong(
        "path",
        "is bulk, and Bulk API 2.0 cannot honour serial, duplicate_rule: allow_save or "
        "assignment_rule: default; use auto or collections, or take that option out");
  }
  return options;
}

std::vector<std::pair<std::string, std::string>> Options::Headers() const {
  std::vector<std::pair<std::string, std::string>> headers;
  headers.emplace_back("Sforce-Auto-Assign", assignment_rule == "none"      ? "FALSE"
                                             : assignment_rule == "default" ? "TRUE"
                                                                            : assignment_rule);
  if (allow_duplicates) headers.emplace_back("Sforce-Duplicate-Rule-Header", "allowSave=true");
  return headers;
}

std::vector<sdk::JobsWay> JobsWays() {
  const char kBulk[] = R"({"required": ["path"], "properties": {"path": {"enum": ["bulk"]}}})";
  // Options that are not there have defaults that go with jobs.
  const char kAuto[] = R"({"properties": {"path": {"enum": ["auto"]}, "serial": {"enum": [false]},
    "duplicate_rule": {"enum": ["block"]}, "assignment_rule": {"not": {"enum": ["default"]}}}})";
  return {{kBulk, "", kMaxJobRecords, kJobRequests},
          {kAuto, "bulk_threshold", kMaxJobRecords, kJobRequests}};
}

std::string OptionsSchema(std::string_view object) {
  rapidjson::Document manifest;
  if (!sdk::ParseJson(kManifest, &manifest)) return {};
  rapidjson::Value& schema = manifest["options_schema"];
  if (!HasAssignmentRules(object)) schema["properties"].RemoveMember("assignment_rule");
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> writer(text);
  schema.Accept(writer);
  return {text.GetString(), text.GetSize()};
}

}  // namespace penstock::salesforce
