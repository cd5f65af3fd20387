#include "plugins/salesforce/options.h"

#include "penstock/settings.hpp"

namespace penstock::salesforce {

namespace {

// The objects that Salesforce has assignment rules for.
bool HasAssignmentRules(std::string_view object) {
  return object == "Account" || object == "Case" || object == "Lead";
}

constexpr char kAssignmentRule[] = R"("assignment_rule": {
  "type": "string", "pattern": "^(none|default|01Q[0-9A-Za-z]{12}([0-9A-Za-z]{3})?)$", "default": "none",
  "title": "Assignment rule",
  "description": "Who becomes the owner: none (as mapped), default (the active rule decides), or the id of a rule (01Q…)."
},)";

constexpr char kOthers[] = R"("duplicate_rule": {
  "type": "string", "enum": ["block", "allow_save"], "default": "block",
  "title": "Duplicate rules",
  "description": "What becomes of a record that a duplicate rule warns of: block rejects it, allow_save saves it."
},
"serial": {
  "type": "boolean", "default": false,
  "title": "One request at a time",
  "description": "For records that lock the same parent: slower, without lock errors."
},
"path": {
  "type": "string", "enum": ["auto", "collections", "bulk"], "default": "auto",
  "title": "Way of writing",
  "description": "collections (200 records a request), bulk (jobs of Bulk API 2.0), or auto: bulk above bulk_threshold."
},
"bulk_threshold": {
  "type": "integer", "minimum": 1, "maximum": 1000000000, "default": 2000,
  "title": "Changes above which jobs are used"
})";

// The rule that an option's value does not go with `path: bulk`.
std::string NotByBulk(const std::string& option, const std::string& json) {
  const std::string value = json.front() == '"' ? json.substr(1, json.size() - 2) : json;
  return R"({"description": ")" + option + ": " + value +
         R"( is nothing that Bulk API 2.0 can honour, which path: bulk asks for; use path: auto or )"
         R"(collections, or take )" +
         option + R"( out", "not": {"required": ["path", ")" + option +
         R"("], "properties": {"path": {"enum": ["bulk"]}, ")" + option + R"(": {"enum": [)" +
         json + "]}}}}";
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

std::string OptionsSchema(std::string_view object) {
  std::string schema = R"({"type": "object", "additionalProperties": false, "properties": {)";
  if (HasAssignmentRules(object)) schema += kAssignmentRule;
  schema += kOthers;
  schema += R"(}, "allOf": [)";
  if (HasAssignmentRules(object)) schema += NotByBulk("assignment_rule", R"("default")") + ",";
  schema += NotByBulk("duplicate_rule", R"("allow_save")") + "," + NotByBulk("serial", "true");
  schema += "]}";
  return schema;
}

}  // namespace penstock::salesforce
