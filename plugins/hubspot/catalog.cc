#include "plugins/hubspot/catalog.h"

#include <algorithm>

#include "plugins/hubspot/answers.h"
#include "plugins/hubspot/api.h"

namespace penstock::hubspot {

using sdk::Field;
using sdk::FieldType;
using sdk::JsonValue;
using sdk::Normaliser;
using sdk::TextMember;
using sdk::TrueMember;

namespace {

constexpr uint32_t kMaxText = 65536;

std::vector<std::string> OptionValues(const JsonValue& property) {
  std::vector<std::string> values;
  // Options of another system (owners) are not all listed here.
  if (TrueMember(property, "externalOptions")) return values;
  if (const JsonValue* options = sdk::ArrayMember(property, "options")) {
    for (const JsonValue& option : options->GetArray()) {
      values.emplace_back(TextMember(option, "value"));
    }
  }
  return values;
}

bool IsTrueFalse(const std::vector<std::string>& options) {
  return options.size() == 2 && std::count(options.begin(), options.end(), "true") == 1 &&
         std::count(options.begin(), options.end(), "false") == 1;
}

void SetType(const JsonValue& property, Field* field) {
  const std::string_view type = TextMember(property, "type");
  const std::string_view look = TextMember(property, "fieldType");
  if (type == "number") {
    field->type = FieldType::kDecimal;
  } else if (type == "bool") {
    field->type = FieldType::kBoolean;
  } else if (type == "date") {
    field->type = FieldType::kDate;
  } else if (type == "datetime") {
    field->type = FieldType::kTimestamp;
  } else if (type == "enumeration") {
    field->allowed = OptionValues(property);
    if (look == "booleancheckbox" && IsTrueFalse(field->allowed)) {
      field->type = FieldType::kBoolean;
      field->allowed.clear();
    } else if (look == "checkbox") {
      field->type = FieldType::kList;
      field->multiple = true;
    }
  } else {
    field->max_length = kMaxText;
  }
}

Field FieldOf(const JsonValue& property) {
  Field field;
  field.name = TextMember(property, "name");
  field.label = TextMember(property, "label");
  SetType(property, &field);
  const JsonValue* modification = sdk::Member(property, "modificationMetadata");
  const bool read_only = TrueMember(property, "calculated") ||
                         (modification != nullptr && TrueMember(*modification, "readOnlyValue"));
  field.createable = field.updateable = !read_only;
  field.unique = TrueMember(property, "hasUniqueValue");
  if (field.name == "email") {
    // Unique without saying so; HubSpot trims and lower-cases it before it compares.
    field.unique = true;
    field.normalisers = {Normaliser::kTrim, Normaliser::kLower};
  }
  return field;
}

void SetOperations(sdk::Object* object) {
  std::vector<std::vector<std::string>> unique;
  for (const Field& field : object->fields) {
    if (field.unique && field.createable) unique.push_back({field.name});
  }
  std::vector<std::vector<std::string>> any = unique;
  any.insert(any.begin(), {"id"});
  // HubSpot does not support an upsert by e-mail that leaves properties out.
  object->operations["upsert"] = {unique, true, false};
  object->operations["insert"] = {unique, false, true};
  object->operations["update"] = {any, true, true};
  object->operations["delete"] = {any, true, true};
}

}  // namespace

sdk::Result<sdk::Catalog> DiscoverObjects(const sdk::Http& http, sdk::Call call,
                                          const std::vector<std::string>& objects) {
  sdk::Catalog catalog;
  const std::string name = "contacts";
  if (!objects.empty() && std::find(objects.begin(), objects.end(), name) == objects.end()) {
    return catalog;
  }
  rapidjson::Document answer;
  sdk::Status status = Read(http, call, sdk::HttpRequest::Get(PropertiesPath(name)),
                            "reading the properties of " + name, &answer);
  if (!status.ok()) return status.failure();
  const JsonValue* results = sdk::ArrayMember(answer, "results");
  if (results == nullptr) {
    return sdk::Failure{PENSTOCK_E_INTERNAL, "hubspot.BAD_ANSWER",
                        "reading the properties of " + name + ": the answer has no results", 0};
  }
  sdk::Object object;
  object.name = name;
  object.label = "Contacts";
  for (const JsonValue& property : results->GetArray()) {
    if (TrueMember(property, "archived") || TextMember(property, "name").empty()) continue;
    object.fields.push_back(FieldOf(property));
  }
  SetOperations(&object);
  object.limits = {10 * kMaxInputs, kMaxInputs, 4};
  catalog.objects.push_back(std::move(object));
  return catalog;
}

}  // namespace penstock::hubspot
