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
})";

}  // namespace

sdk::Result<Options> Options::Read(std::string_view json) {
  sdk::Settings settings(json, "options");
  Options options;
  options.assignment_rule = settings.Text("assignment_rule", "none");
  options.allow_duplicates = settings.Text("duplicate_rule", "block") == "allow_save";
  options.serial = settings.Flag("serial");
  if (!settings.status().ok()) return settings.status().failure();
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
  schema += "}}";
  return schema;
}

}  // namespace penstock::salesforce
