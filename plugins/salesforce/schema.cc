#include "plugins/salesforce/schema.h"

#include <algorithm>
#include <charconv>

#include "plugins/salesforce/answers.h"

namespace penstock::salesforce {

using sdk::ArrayMember;
using sdk::Failure;
using sdk::FieldType;
using sdk::JsonText;
using sdk::JsonValue;
using sdk::TextMember;
using sdk::TrueMember;

namespace {

// Numbers are kept as text by the reader.
uint32_t NumberMember(const JsonValue& json, const char* name) {
  const std::string_view text = TextMember(json, name);
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

std::vector<std::string> PicklistOf(const JsonValue& json) {
  std::vector<std::string> values;
  if (const JsonValue* list = ArrayMember(json, "picklistValues")) {
    for (const JsonValue& item : list->GetArray()) {
      if (TrueMember(item, "active")) values.emplace_back(TextMember(item, "value"));
    }
  }
  return values;
}

FieldInfo FieldOf(const JsonValue& json) {
  FieldInfo field;
  field.name = TextMember(json, "name");
  field.label = TextMember(json, "label");
  field.type = TextMember(json, "type");
  field.length = NumberMember(json, "length");
  field.scale = static_cast<int>(NumberMember(json, "scale"));
  field.createable = TrueMember(json, "createable");
  field.updateable = TrueMember(json, "updateable");
  field.nillable = TrueMember(json, "nillable");
  field.defaulted = TrueMember(json, "defaultedOnCreate");
  field.external_id = TrueMember(json, "externalId");
  field.id_lookup = TrueMember(json, "idLookup");
  field.unique = TrueMember(json, "unique");
  field.case_sensitive = TrueMember(json, "caseSensitive");
  field.restricted = TrueMember(json, "restrictedPicklist");
  field.calculated = TrueMember(json, "calculated");
  field.auto_number = TrueMember(json, "autoNumber");
  field.picklist = PicklistOf(json);
  field.relationship = TextMember(json, "relationshipName");
  if (const JsonValue* targets = ArrayMember(json, "referenceTo")) {
    for (const JsonValue& target : targets->GetArray()) {
      if (IsApiName(JsonText(target))) field.reference_to.emplace_back(JsonText(target));
    }
  }
  return field;
}

// Nothing when it is no description of `name`: Salesforce takes names in any case, Penstock does
// not.
std::shared_ptr<const ObjectInfo> ObjectOf(const JsonValue& json, const std::string& name) {
  const JsonValue* fields = ArrayMember(json, "fields");
  if (fields == nullptr || TextMember(json, "name") != name) return nullptr;
  auto object = std::make_shared<ObjectInfo>();
  object->name = name;
  object->label = TextMember(json, "label");
  object->createable = TrueMember(json, "createable");
  object->updateable = TrueMember(json, "updateable");
  object->deletable = TrueMember(json, "deletable");
  for (const JsonValue& field : fields->GetArray()) {
    if (!TextMember(field, "name").empty()) object->fields.push_back(FieldOf(field));
  }
  if (const JsonValue* types = ArrayMember(json, "recordTypeInfos")) {
    for (const JsonValue& type : types->GetArray()) {
      const std::string developer_name(TextMember(type, "developerName"));
      if (developer_name.empty() || !TrueMember(type, "available")) continue;
      if (TrueMember(type, "master")) continue;  // "no record type": NULL says that
      object->record_types[developer_name] = TextMember(type, "recordTypeId");
    }
  }
  return object;
}

// Records that belong to others (shares, histories, feeds), settings and events are left out: they
// are not what people keep customers in, and they are most of the list.
bool IsListed(const JsonValue& object) {
  const JsonValue* parent = sdk::Member(object, "associateEntityType");
  const bool associated = parent != nullptr && parent->IsString();
  return (TrueMember(object, "createable") || TrueMember(object, "updateable")) &&
         TrueMember(object, "queryable") && !TrueMember(object, "deprecatedAndHidden") &&
         !TrueMember(object, "customSetting") && !associated &&
         IsApiName(TextMember(object, "name"));
}

}  // namespace

const FieldInfo* ObjectInfo::Find(std::string_view field) const {
  for (const FieldInfo& info : fields) {
    if (info.name == field) return &info;
  }
  return nullptr;
}

const FieldInfo* ObjectInfo::FindRelationship(std::string_view relationship) const {
  for (const FieldInfo& info : fields) {
    if (!info.reference_to.empty() && info.relationship == relationship) return &info;
  }
  return nullptr;
}

std::optional<RelationName> ParseRelation(std::string_view name) {
  const size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  RelationName parts;
  parts.relationship = name.substr(0, dot);
  parts.field = name.substr(dot + 1);
  const size_t colon = parts.relationship.find(':');
  if (colon != std::string::npos) {
    parts.object = parts.relationship.substr(colon + 1);
    parts.relationship.resize(colon);
    if (!IsApiName(parts.object)) return std::nullopt;
  }
  if (!IsApiName(parts.relationship) || !IsApiName(parts.field)) return std::nullopt;
  return parts;
}

FieldType TypeOf(const FieldInfo& field) {
  const std::string& type = field.type;
  if (type == "boolean") return FieldType::kBoolean;
  if (type == "int" || type == "long") return FieldType::kInteger;
  // A number that identifies records is a whole one, and no identifier may be a decimal.
  if (type == "double" && field.identifies() && field.scale == 0) return FieldType::kInteger;
  if (type == "double" || type == "currency" || type == "percent") return FieldType::kDecimal;
  if (type == "date") return FieldType::kDate;
  if (type == "datetime") return FieldType::kTimestamp;
  if (type == "multipicklist") return FieldType::kList;
  if (type == "base64") return FieldType::kBytes;
  if (type == "address" || type == "location") return FieldType::kJson;
  return FieldType::kString;
}

sdk::Result<Schemas::Infos> Schemas::Describe(sdk::Call call,
                                              const std::vector<std::string>& names) {
  std::vector<std::string> asked;
  for (const std::string& name : names) {
    const bool again = std::find(asked.begin(), asked.end(), name) != asked.end();
    if (IsApiName(name) && !again) asked.push_back(name);
  }
  std::vector<sdk::HttpRequest> requests;
  requests.reserve(asked.size());
  for (const std::string& name : asked) {
    requests.push_back(sdk::HttpRequest::Get(api_.Describe(name)));
  }
  Infos found;
  sdk::Status failed;
  bool missing = false;
  sdk::Status performed =
      http_.PerformAll(call, requests, [&](size_t index, const sdk::HttpResponse& response) {
        const std::string& name = asked[index];
        const std::string doing = "reading the fields of " + name;
        rapidjson::Document answer;
        if (response.status() == 404) {
          missing = true;
          return;
        }
        if (!response.success()) {
          const ApiError error = ReadError(response);
          if (error.code == "INVALID_TYPE" || error.code == "INSUFFICIENT_ACCESS") return;
          if (failed.ok()) failed = RunFailure(response, error, doing);
        } else if (!sdk::ParseJsonNumbersAsText(response.body(), &answer) ||
                   ArrayMember(answer, "fields") == nullptr) {
          if (failed.ok()) failed = BadAnswer(doing, "the answer has no fields");
        } else if (auto object = ObjectOf(answer, name)) {
          found[name] = std::move(object);
        }
      });
  if (!performed.ok()) return performed.failure();
  if (!failed.ok()) return failed.failure();
  if (missing && found.empty()) {
    sdk::Status offered = CheckVersion(call);
    if (!offered.ok()) return offered.failure();
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [name, object] : found) known_[name] = object;
  return found;
}

sdk::Result<std::shared_ptr<const ObjectInfo>> Schemas::Get(sdk::Call call,
                                                            const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    const auto at = known_.find(name);
    if (at != known_.end()) return at->second;
  }
  sdk::Result<Infos> described = Describe(call, {name});
  if (!described.ok()) return described.failure();
  const auto at = described->find(name);
  if (at != described->end()) return at->second;
  return Failure{PENSTOCK_E_NOT_FOUND, "salesforce.UNKNOWN_OBJECT",
                 "the organization has no object " + name + ", or the user may not see it", 0};
}

sdk::Result<std::vector<std::string>> Schemas::WritableObjects(sdk::Call call) {
  const std::string doing = "reading the list of objects";
  rapidjson::Document answer;
  sdk::Status status = Read(http_, call, sdk::HttpRequest::Get(api_.Objects()), doing, &answer);
  if (!status.ok()) return status.failure();
  const JsonValue* objects = ArrayMember(answer, "sobjects");
  if (objects == nullptr) return BadAnswer(doing, "the answer has no sobjects");
  std::vector<std::string> names;
  for (const JsonValue& object : objects->GetArray()) {
    if (IsListed(object)) names.emplace_back(TextMember(object, "name"));
  }
  return names;
}

sdk::Status Schemas::CheckVersion(sdk::Call call) {
  rapidjson::Document versions;
  sdk::Status status = Read(http_, call, sdk::HttpRequest::Get(Api::Versions()),
                            "reading the API versions", &versions);
  if (!status.ok() || !versions.IsArray()) return {};
  std::string newest;
  for (const JsonValue& item : versions.GetArray()) {
    newest = "v" + std::string(TextMember(item, "version"));
    if (newest == api_.version()) return {};
  }
  return Failure{PENSTOCK_E_INVALID_CONFIG, "salesforce.API_VERSION",
                 "the organization does not offer the API version " + api_.version() +
                     (newest.size() > 1 ? "; its newest is " + newest : std::string()) +
                     ": change api_version of the destination",
                 0};
}

}  // namespace penstock::salesforce
