#include "plugins/hubspot/sandbox/properties.h"

#include <algorithm>

#include "plugins/hubspot/sandbox/values.h"

namespace penstock::sandbox::hubspot {
namespace {

constexpr std::size_t kMaxText = 65'536;
constexpr std::size_t kMaxName = 100;

ValueError Refuse(std::string_view name, std::string code, std::string message) {
  return {std::string(name), std::move(code), std::move(message)};
}

bool HasOption(const Property& property, std::string_view value) {
  return std::any_of(property.options.begin(), property.options.end(),
                     [&](const PropertyOption& option) { return option.value == value; });
}

std::optional<ValueError> CheckOptions(const Property& property, std::string_view value) {
  bool several = property.field_type == "checkbox";
  std::string_view rest = value;
  while (true) {
    std::size_t end = several ? rest.find(';') : rest.npos;
    std::string_view one = rest.substr(0, end);
    if (!HasOption(property, one)) {
      if (property.external_options) {
        return Refuse(property.name, "INVALID_OWNER_ID",
                      "Owner " + std::string(one) + " does not exist");
      }
      std::string allowed;
      for (const PropertyOption& option : property.options) {
        allowed += (allowed.empty() ? "" : ", ") + option.value;
      }
      return Refuse(property.name, "INVALID_OPTION",
                    std::string(one) + " was not one of the allowed options: [" + allowed + "]");
    }
    if (end == rest.npos) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
}

std::optional<ValueError> CheckEmails(const Property& property, std::string_view value,
                                      std::string* normal) {
  bool several = property.name != "email";
  std::string_view rest = value;
  normal->clear();
  while (true) {
    std::size_t end = several ? rest.find(';') : rest.npos;
    std::string one = NormalEmail(rest.substr(0, end));
    if (!IsEmail(one)) {
      return Refuse(property.name, "INVALID_EMAIL", "Email address " + one + " is invalid");
    }
    *normal += (normal->empty() ? "" : ";") + one;
    if (end == rest.npos) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
}

std::optional<ValueError> CheckTyped(const Property& property, std::string_view value,
                                     std::string* normal) {
  const std::string text(value);
  if (property.type == "number") {
    if (IsNumber(value)) return std::nullopt;
    return Refuse(property.name, "INVALID_INTEGER", text + " was not a valid number.");
  }
  if (property.type == "bool") {
    if (value == "true" || value == "false") return std::nullopt;
    return Refuse(property.name, "INVALID_OPTION",
                  text + " was not one of the allowed options: [true, false]");
  }
  if (property.type == "enumeration") return CheckOptions(property, value);
  if (property.type == "date") {
    if (auto date = ParseDate(value)) {
      *normal = *date;
      return std::nullopt;
    }
    return Refuse(property.name, "INVALID_DATE",
                  text + " was not a valid date: it must be YYYY-MM-DD or midnight UTC in ms.");
  }
  if (property.type == "datetime") {
    if (auto time = ParseDateTime(value)) {
      *normal = *time;
      return std::nullopt;
    }
    return Refuse(property.name, "INVALID_DATE", text + " was not a valid date time.");
  }
  return std::nullopt;
}

bool IsKnown(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool ReadText(const JsonValue& json, const char* name, std::string* to, std::string* error) {
  const JsonValue* value = Member(json, name);
  if (value == nullptr) return true;
  if (!value->IsString()) {
    *error = std::string(name) + " must be a string.";
    return false;
  }
  *to = Text(*value);
  return true;
}

bool ReadOptions(const JsonValue& json, std::vector<PropertyOption>* options, std::string* error) {
  const JsonValue* list = Member(json, "options");
  if (list == nullptr) return true;
  *error = "options must be a list of objects with label and value.";
  if (!list->IsArray()) return false;
  for (const JsonValue& item : list->GetArray()) {
    const JsonValue* value = Member(item, "value");
    const JsonValue* label = Member(item, "label");
    if (value == nullptr || !value->IsString() || label == nullptr || !label->IsString()) {
      return false;
    }
    options->push_back({std::string(Text(*value)), std::string(Text(*label))});
  }
  error->clear();
  return true;
}

bool ReadFlag(const JsonValue& json, const char* name) {
  const JsonValue* value = Member(json, name);
  return value != nullptr && value->IsBool() && value->GetBool();
}

bool CheckDefinition(const Property& property, std::string* error) {
  auto is_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  const std::string& name = property.name;
  if (name.empty() || name.size() > kMaxName || name[0] < 'a' || name[0] > 'z' ||
      !std::all_of(name.begin(), name.end(), is_name)) {
    *error = "Property name " + name + " must be lower case letters, digits and underscores.";
  } else if (!IsKnown(property.type, {"string", "number", "bool", "enumeration", "date", "datetime",
                                      "phone_number", "json", "object_coordinates"})) {
    *error = "Property type " + property.type + " is not valid.";
  } else if (!IsKnown(property.field_type,
                      {"text", "textarea", "number", "date", "select", "radio", "checkbox",
                       "booleancheckbox", "file", "html", "phonenumber", "calculation_equation"})) {
    *error = "Property fieldType " + property.field_type + " is not valid.";
  } else if (property.unique && property.type != "string" && property.type != "number") {
    *error = "Only string and number properties can have unique values.";
  } else {
    return true;
  }
  return false;
}

}  // namespace

const Property* Schema::Find(std::string_view name) const {
  auto found = properties_.find(name);
  return found == properties_.end() ? nullptr : &found->second;
}

int Schema::CountUnique() const {
  return static_cast<int>(std::count_if(
      properties_.begin(), properties_.end(),
      [](const auto& item) { return item.second.unique && !item.second.hubspot_defined; }));
}

std::optional<ValueError> Schema::Normalise(std::string_view name, std::string_view value,
                                            std::string* normal) const {
  const Property* property = Find(name);
  if (property == nullptr) {
    return Refuse(name, "PROPERTY_DOESNT_EXIST",
                  "Property \"" + std::string(name) + "\" does not exist");
  }
  if (property->read_only) {
    return Refuse(
        name, "READ_ONLY_VALUE",
        "\"" + std::string(name) + "\" is a read only property; its value cannot be set.");
  }
  *normal = value;
  if (value.empty()) return std::nullopt;
  if (name == "email" || name == "hs_additional_emails") {
    return CheckEmails(*property, value, normal);
  }
  if (CharacterCount(value) > kMaxText) {
    return Refuse(name, "VALUE_TOO_LONG",
                  "The value of \"" + std::string(name) + "\" is longer than 65,536 characters.");
  }
  return CheckTyped(*property, value, normal);
}

std::string NormalEmail(std::string_view value) { return Lower(Trim(value)); }

std::string ValueErrorMessage(const std::vector<ValueError>& errors, std::int64_t portal) {
  return "Property values were not valid: " + WriteJson([&](JsonWriter& json) {
           json.StartArray();
           for (const ValueError& error : errors) {
             json.StartObject();
             json.Key("isValid");
             json.Bool(false);
             PutMember(json, "message", error.message);
             PutMember(json, "error", error.code);
             PutMember(json, "name", error.name);
             PutMember(json, "localizedErrorMessage", error.message);
             json.Key("portalId");
             json.Int64(portal);
             json.EndObject();
           }
           json.EndArray();
         });
}

void WriteProperty(JsonWriter& json, const Property& property) {
  auto flag = [&](const char* name, bool value) {
    json.Key(name);
    json.Bool(value);
  };
  json.StartObject();
  PutMember(json, "name", property.name);
  PutMember(json, "label", property.label);
  PutMember(json, "type", property.type);
  PutMember(json, "fieldType", property.field_type);
  PutMember(json, "groupName", property.group);
  PutMember(json, "description", property.description);
  json.Key("options");
  json.StartArray();
  int order = 0;
  for (const PropertyOption& option : property.options) {
    json.StartObject();
    PutMember(json, "label", option.label);
    PutMember(json, "value", option.value);
    json.Key("displayOrder");
    json.Int(order++);
    flag("hidden", false);
    json.EndObject();
  }
  json.EndArray();
  PutMember(json, "createdAt", IsoTime(property.created_ms));
  PutMember(json, "updatedAt", IsoTime(property.created_ms));
  json.Key("displayOrder");
  json.Int(-1);
  flag("calculated", false);
  flag("externalOptions", property.external_options);
  flag("archived", false);
  // The e-mail of contacts identifies them, but only properties made by users say so.
  flag("hasUniqueValue", property.unique && !property.hubspot_defined);
  flag("hidden", false);
  flag("hubspotDefined", property.hubspot_defined);
  flag("formField", !property.read_only);
  json.Key("modificationMetadata");
  json.StartObject();
  flag("archivable", !property.hubspot_defined);
  flag("readOnlyDefinition", property.hubspot_defined);
  flag("readOnlyValue", property.read_only);
  json.EndObject();
  json.EndObject();
}

bool ReadProperty(const JsonValue& json, Property* property, std::string* error) {
  if (!json.IsObject()) {
    *error = "Invalid input JSON: the body must be an object.";
    return false;
  }
  std::string missing;
  for (const char* name : {"name", "label", "type", "fieldType", "groupName"}) {
    if (Member(json, name) == nullptr) missing += (missing.empty() ? "" : ", ") + std::string(name);
  }
  if (!missing.empty()) {
    *error = "Invalid input JSON: Some required fields were not set: [" + missing + "]";
    return false;
  }
  if (!ReadText(json, "name", &property->name, error) ||
      !ReadText(json, "label", &property->label, error) ||
      !ReadText(json, "type", &property->type, error) ||
      !ReadText(json, "fieldType", &property->field_type, error) ||
      !ReadText(json, "groupName", &property->group, error) ||
      !ReadText(json, "description", &property->description, error) ||
      !ReadOptions(json, &property->options, error)) {
    return false;
  }
  property->unique = ReadFlag(json, "hasUniqueValue");
  return CheckDefinition(*property, error);
}

}  // namespace penstock::sandbox::hubspot
