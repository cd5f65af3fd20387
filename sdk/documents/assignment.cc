#include <set>

#include "penstock/documents.hpp"
#include "sdk/documents/limits.h"
#include "sdk/documents/names.h"
#include "sdk/documents/reader.h"
#include "sdk/documents/schemas.h"

namespace penstock::sdk {

using namespace documents;  // NOLINT(google-build-using-namespace): this folder's own helpers

Result<Assignment> ParseAssignment(std::string_view json) {
  rapidjson::Document root;
  Status status = ParseChecked(json, kAssignmentSchema, "the assignment", &root);
  if (!status.ok()) return status.failure();
  Assignment assignment;
  assignment.object = Text(root, "object");
  assignment.operation = Text(root, "operation");
  assignment.identifier = Texts(root, "identifier");
  std::set<std::string> seen;
  for (const Json& item : root["fields"].GetArray()) {
    Assignment::AssignedField field;
    field.name = Text(item, "name");
    field.type = *ParseFieldType(Text(item, "type"));
    field.key = Flag(item, "key", false);
    if (!seen.insert(field.name).second) {
      return Invalid("PS-DOC-INVALID", "the assignment: /fields has \"" + field.name + "\" twice");
    }
    assignment.fields.push_back(std::move(field));
  }
  if (const Json* expected = Find(root, "expected")) {
    assignment.expected_records = Number(*expected, "records", 0);
    assignment.expected_bytes = Number(*expected, "bytes", 0);
  }
  assignment.limits = ReadLimits(root);
  if (std::string options = RawText(root, "options"); !options.empty()) {
    assignment.options = std::move(options);
  }
  assignment.integration = Text(root, "integration");
  assignment.environment = Text(root, "environment");
  assignment.run = Text(root, "run");
  return assignment;
}

std::string ToJson(const Assignment& assignment) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  Write(&writer, "assignment_version", uint64_t{1});
  Write(&writer, "object", assignment.object);
  Write(&writer, "operation", assignment.operation);
  Write(&writer, "identifier", assignment.identifier);
  writer.Key("fields");
  writer.StartArray();
  for (const Assignment::AssignedField& field : assignment.fields) {
    writer.StartObject();
    Write(&writer, "name", field.name);
    Write(&writer, "type", FieldTypeName(field.type));
    if (field.key) Write(&writer, "key", true);
    writer.EndObject();
  }
  writer.EndArray();
  writer.Key("expected");
  writer.StartObject();
  Write(&writer, "records", assignment.expected_records);
  Write(&writer, "bytes", assignment.expected_bytes);
  writer.EndObject();
  WriteLimits(&writer, assignment.limits);
  WriteRaw(&writer, "options", assignment.options.empty() ? "{}" : assignment.options);
  Write(&writer, "integration", assignment.integration);
  Write(&writer, "environment", assignment.environment);
  Write(&writer, "run", assignment.run);
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize());
}

}  // namespace penstock::sdk
