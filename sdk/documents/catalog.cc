#include <algorithm>
#include <set>

#include "penstock/documents.hpp"
#include "sdk/documents/limits.h"
#include "sdk/documents/names.h"
#include "sdk/documents/reader.h"
#include "sdk/documents/schemas.h"
#include "sdk/documents/validate.h"

namespace penstock::sdk {

using namespace documents;  // NOLINT(google-build-using-namespace): this folder's own helpers

namespace {

Field ReadField(const Json& json) {
  Field field;
  field.name = Text(json, "name");
  field.label = Text(json, "label");
  field.type = *ParseFieldType(Text(json, "type"));
  field.allowed = Texts(json, "enum");
  field.multiple = Flag(json, "multiple", false);
  field.max_length = static_cast<uint32_t>(Number(json, "max_length", 0));
  field.required = Flag(json, "required", false);
  field.createable = Flag(json, "createable", true);
  field.updateable = Flag(json, "updateable", true);
  field.unique = Flag(json, "unique", false);
  field.read_only_because = Text(json, "read_only_because");
  field.sets = Text(json, "sets");
  for (const std::string& name : Texts(json, "normalisers")) {
    field.normalisers.push_back(*ParseNormaliser(name));
  }
  return field;
}

Operation ReadOperation(const Json& json) {
  Operation operation;
  for (const Json& identifier : json["identifiers"].GetArray()) {
    std::vector<std::string> names;
    for (const Json& name : identifier.GetArray()) {
      names.emplace_back(name.GetString(), name.GetStringLength());
    }
    operation.identifiers.push_back(std::move(names));
  }
  operation.idempotent = Flag(json, "idempotent", false);
  operation.sparse = Flag(json, "sparse", true);
  return operation;
}

JobsWay ReadJobsWay(const Json& json) {
  JobsWay way;
  way.options = RawText(json, "options");
  way.above = Text(json, "above");
  way.max_records = static_cast<uint32_t>(Number(json, "max_records", 1));
  way.requests = static_cast<uint32_t>(Number(json, "requests", 1));
  return way;
}

Failure Wrong(const Object& object, const std::string& sentence) {
  return Invalid("PS-DOC-INVALID", "the catalog: object \"" + object.name + "\" " + sentence);
}

// A threshold has a value for every integration only if the option has a default.
bool IsThreshold(const Object& object, const std::string& option) {
  rapidjson::Document schema;
  schema.Parse(object.options_schema.data(), object.options_schema.size());
  if (schema.HasParseError() || !schema.IsObject()) return false;
  const Json* properties = Find(schema, "properties");
  const Json* property = properties == nullptr ? nullptr : Find(*properties, option.c_str());
  const Json* usual = property == nullptr ? nullptr : Find(*property, "default");
  return usual != nullptr && usual->IsUint64() && Text(*property, "type") == "integer";
}

Status CheckJobs(const Object& object) {
  for (const JobsWay& way : object.jobs) {
    if (!way.above.empty() && !IsThreshold(object, way.above)) {
      return Wrong(object, "has jobs above \"" + way.above +
                               "\", which is no whole-numbered option with a default");
    }
    if (way.options.empty()) continue;
    Status status =
        CheckSchemaKeywords(way.options, "the options of jobs of object " + object.name);
    if (!status.ok()) return status;
  }
  return {};
}

// What a schema cannot say: names are unique and identifiers exist.
Status CheckObject(const Object& object) {
  std::set<std::string> names;
  for (const Field& field : object.fields) {
    if (!names.insert(field.name).second)
      return Wrong(object, "has field \"" + field.name + "\" twice");
    if (field.multiple && field.type != FieldType::kList) {
      return Wrong(object, "has field \"" + field.name +
                               "\" that holds multiple values but is not of type list");
    }
  }
  for (const auto& [name, operation] : object.operations) {
    for (const std::vector<std::string>& identifier : operation.identifiers) {
      for (const std::string& field : identifier) {
        if (field != "id" && names.count(field) == 0) {
          return Wrong(object, "names identifier \"" + field + "\" of operation " + name +
                                   ", which is none of its fields");
        }
      }
    }
  }
  Status jobs = CheckJobs(object);
  if (!jobs.ok() || object.options_schema.empty()) return jobs;
  return CheckSchemaKeywords(object.options_schema, "options_schema of object " + object.name);
}

void WriteField(Writer* writer, const Field& field) {
  writer->StartObject();
  Write(writer, "name", field.name);
  Write(writer, "label", field.label);
  Write(writer, "type", FieldTypeName(field.type));
  if (!field.allowed.empty()) Write(writer, "enum", field.allowed);
  if (field.multiple) Write(writer, "multiple", true);
  if (field.max_length != 0) Write(writer, "max_length", uint64_t{field.max_length});
  if (field.required) Write(writer, "required", true);
  if (!field.createable) Write(writer, "createable", false);
  if (!field.updateable) Write(writer, "updateable", false);
  if (field.unique) Write(writer, "unique", true);
  if (!field.normalisers.empty()) {
    std::vector<std::string> names;
    for (Normaliser normaliser : field.normalisers) names.emplace_back(NormaliserName(normaliser));
    Write(writer, "normalisers", names);
  }
  if (!field.read_only_because.empty()) Write(writer, "read_only_because", field.read_only_because);
  if (!field.sets.empty()) Write(writer, "sets", field.sets);
  writer->EndObject();
}

void WriteOperation(Writer* writer, const std::string& name, const Operation& operation) {
  writer->Key(name.c_str());
  writer->StartObject();
  writer->Key("identifiers");
  writer->StartArray();
  for (const std::vector<std::string>& identifier : operation.identifiers) {
    writer->StartArray();
    for (const std::string& field : identifier) writer->String(field);
    writer->EndArray();
  }
  writer->EndArray();
  Write(writer, "idempotent", operation.idempotent);
  Write(writer, "sparse", operation.sparse);
  writer->EndObject();
}

void WriteJobs(Writer* writer, const std::vector<JobsWay>& jobs) {
  writer->Key("jobs");
  writer->StartArray();
  for (const JobsWay& way : jobs) {
    writer->StartObject();
    if (!way.options.empty()) WriteRaw(writer, "options", way.options);
    if (!way.above.empty()) Write(writer, "above", way.above);
    Write(writer, "max_records", uint64_t{way.max_records});
    Write(writer, "requests", uint64_t{way.requests});
    writer->EndObject();
  }
  writer->EndArray();
}

void WriteObject(Writer* writer, const Object& object) {
  writer->StartObject();
  Write(writer, "name", object.name);
  Write(writer, "label", object.label);
  writer->Key("operations");
  writer->StartObject();
  for (const auto& [name, operation] : object.operations) WriteOperation(writer, name, operation);
  writer->EndObject();
  WriteLimits(writer, object.limits);
  if (!object.jobs.empty()) WriteJobs(writer, object.jobs);
  writer->Key("fields");
  writer->StartArray();
  std::vector<const Field*> fields;
  for (const Field& field : object.fields) fields.push_back(&field);
  std::sort(fields.begin(), fields.end(),
            [](const Field* a, const Field* b) { return a->name < b->name; });
  for (const Field* field : fields) WriteField(writer, *field);
  writer->EndArray();
  if (!object.options_schema.empty()) WriteRaw(writer, "options_schema", object.options_schema);
  writer->EndObject();
}

}  // namespace

const Field* Object::FindField(std::string_view field_name) const {
  for (const Field& field : fields) {
    if (field.name == field_name) return &field;
  }
  return nullptr;
}

const Object* Catalog::FindObject(std::string_view name) const {
  for (const Object& object : objects) {
    if (object.name == name) return &object;
  }
  return nullptr;
}

Result<Catalog> ParseCatalog(std::string_view json, Unknown unknown) {
  rapidjson::Document root;
  Status status = ParseChecked(json, kCatalogSchema, "the catalog", &root, unknown);
  if (!status.ok()) return status.failure();
  Catalog catalog;
  for (const Json& item : root["objects"].GetArray()) {
    Object object;
    object.name = Text(item, "name");
    object.label = Text(item, "label");
    for (const auto& member : item["operations"].GetObject()) {
      object.operations[member.name.GetString()] = ReadOperation(member.value);
    }
    object.limits = ReadLimits(item);
    for (const Json& field : item["fields"].GetArray()) object.fields.push_back(ReadField(field));
    object.options_schema = RawText(item, "options_schema");
    if (const Json* jobs = Find(item, "jobs")) {
      for (const Json& way : jobs->GetArray()) object.jobs.push_back(ReadJobsWay(way));
    }
    status = CheckObject(object);
    if (!status.ok()) return status.failure();
    if (catalog.FindObject(object.name) != nullptr) return Wrong(object, "is there twice");
    catalog.objects.push_back(std::move(object));
  }
  return catalog;
}

std::string ToJson(const Catalog& catalog) {
  std::vector<const Object*> objects;
  for (const Object& object : catalog.objects) objects.push_back(&object);
  std::sort(objects.begin(), objects.end(),
            [](const Object* a, const Object* b) { return a->name < b->name; });
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  Write(&writer, "catalog_version", uint64_t{1});
  writer.Key("objects");
  writer.StartArray();
  for (const Object* object : objects) WriteObject(&writer, *object);
  writer.EndArray();
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize());
}

}  // namespace penstock::sdk
