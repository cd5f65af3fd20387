#include "penstock/documents.hpp"
#include "sdk/documents/reader.h"
#include "sdk/documents/schemas.h"

namespace penstock::sdk {

using namespace documents;  // NOLINT(google-build-using-namespace): this folder's own helpers

Result<CheckReport> ParseCheckReport(std::string_view json, Unknown unknown) {
  rapidjson::Document root;
  Status status = ParseChecked(json, kCheckSchema, "the check report", &root, unknown);
  if (!status.ok()) return status.failure();
  CheckReport report;
  report.account_id = Text(root["account"], "id");
  report.account_name = Text(root["account"], "name");
  report.scopes = Texts(root, "scopes");
  report.warnings = Texts(root, "warnings");
  if (const Json* missing = Find(root, "missing")) {
    for (const Json& item : missing->GetArray()) {
      report.missing.push_back({Text(item, "permission"), Text(item, "needed_for")});
    }
  }
  return report;
}

std::string ToJson(const CheckReport& report) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  writer.Key("account");
  writer.StartObject();
  Write(&writer, "id", report.account_id);
  Write(&writer, "name", report.account_name);
  writer.EndObject();
  Write(&writer, "scopes", report.scopes);
  writer.Key("missing");
  writer.StartArray();
  for (const CheckReport::Missing& missing : report.missing) {
    writer.StartObject();
    Write(&writer, "permission", missing.permission);
    Write(&writer, "needed_for", missing.needed_for);
    writer.EndObject();
  }
  writer.EndArray();
  Write(&writer, "warnings", report.warnings);
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize());
}

}  // namespace penstock::sdk
