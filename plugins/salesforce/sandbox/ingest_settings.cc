// What a new job is told.
#include <set>

#include "plugins/salesforce/sandbox/ids.h"
#include "plugins/salesforce/sandbox/ingest.h"
#include "plugins/salesforce/sandbox/json.h"

namespace penstock::sandbox::salesforce {
namespace {

ApiError InvalidJob(const std::string& message) {
  return {400, "INVALIDJOB", "InvalidJob : " + message, {}};
}

const std::map<std::string, char>& Delimiters() {
  static const std::map<std::string, char> delimiters = {{"BACKQUOTE", '`'}, {"CARET", '^'},
                                                         {"COMMA", ','},     {"PIPE", '|'},
                                                         {"SEMICOLON", ';'}, {"TAB", '\t'}};
  return delimiters;
}

const std::map<std::string, Operation>& Operations() {
  static const std::map<std::string, Operation> operations = {
      {"insert", Operation::kInsert},
      {"update", Operation::kUpdate},
      {"upsert", Operation::kUpsert},
      {"delete", Operation::kDelete},
      {"hardDelete", Operation::kHardDelete}};
  return operations;
}

std::string TextOr(const Json& json, const char* name, const char* otherwise) {
  const std::string* text = json.FindText(name);
  return text == nullptr ? otherwise : *text;
}

std::optional<ApiError> CheckMembers(const Json& json, std::string_view body) {
  static const std::set<std::string> known = {
      "object",     "operation",       "externalIdFieldName", "contentType",
      "lineEnding", "columnDelimiter", "assignmentRuleId"};
  for (const auto& [name, value] : json.members) {
    if (!known.contains(name)) {
      return BadJson("Unrecognized field \"" + name + "\" at " + PlaceOf(body, value.end));
    }
    if (!value.IsString() && !value.IsNull()) {
      return BadJson("The value of " + name + " must be a string.");
    }
  }
  return std::nullopt;
}

std::optional<ApiError> ReadOperation(const Org& org, const Json& json, Job* job) {
  job->operation_name = TextOr(json, "operation", "");
  const auto operation = Operations().find(job->operation_name);
  if (operation == Operations().end())
    return InvalidJob("Unknown operation " + job->operation_name);
  job->operation = operation->second;
  if (job->operation == Operation::kHardDelete && !org.switches.hard_delete.load()) {
    return ApiError{400,
                    "FEATURENOTENABLED",
                    "hardDelete operation requires special user profile permission, please contact "
                    "your system administrator",
                    {}};
  }
  const std::string object = TextOr(json, "object", "");
  job->object = org.Find(object);
  if (job->object == nullptr || !job->object->schema.createable) {
    return InvalidJob("Unable to find object: " + object);
  }
  job->object_name = job->object->name();
  job->key_name = TextOr(json, "externalIdFieldName", "");
  if (job->operation != Operation::kUpsert) {
    if (job->key_name.empty()) return std::nullopt;
    return InvalidJob("externalIdFieldName is for upsert only");
  }
  job->key = job->object->schema.Find(job->key_name);
  if (job->key != nullptr && IsKey(*job->key)) return std::nullopt;
  return InvalidJob("Field name provided, " + Lower(job->key_name) +
                    " does not match an External ID, Salesforce Id, or indexed field for " +
                    object);
}

}  // namespace

std::optional<ApiError> Ingest::ReadJob(const Request& request, Job* job) const {
  Json json;
  std::string error;
  if (!ParseJson(request.body, &json, &error)) return BadJson(error);
  if (auto refused = CheckMembers(json, request.body)) return refused;
  if (auto refused = ReadOperation(org_, json, job)) return refused;
  const std::string ending = TextOr(json, "lineEnding", "LF");
  job->delimiter_name = TextOr(json, "columnDelimiter", "COMMA");
  const auto delimiter = Delimiters().find(job->delimiter_name);
  if ((ending != "LF" && ending != "CRLF") || delimiter == Delimiters().end() ||
      TextOr(json, "contentType", "CSV") != "CSV") {
    return InvalidJob("Unknown contentType, lineEnding or columnDelimiter");
  }
  job->form = {delimiter->second, ending == "CRLF", org_.switches.strict_line_breaks.load()};
  job->rule = TextOr(json, "assignmentRuleId", "");
  if (job->rule.empty()) return std::nullopt;
  const bool known =
      job->object->schema.assignment_rule && IsId(job->rule) && LongId(job->rule) == org_.RuleId();
  if (known) return std::nullopt;
  return InvalidJob("Unknown assignmentRuleId " + job->rule);
}

}  // namespace penstock::sandbox::salesforce
