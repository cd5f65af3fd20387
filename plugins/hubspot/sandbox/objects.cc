#include "plugins/hubspot/sandbox/objects.h"

#include <algorithm>
#include <charconv>

namespace penstock::sandbox::hubspot {
namespace {

constexpr int kDefaultPage = 10;
constexpr int kMaxPage = 100;

std::vector<std::string> SplitCommas(const std::string& list) {
  std::vector<std::string> parts;
  std::string_view rest = list;
  while (!rest.empty()) {
    std::size_t end = rest.find(',');
    std::string_view one = Trim(rest.substr(0, end));
    if (!one.empty()) parts.emplace_back(one);
    rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
  }
  return parts;
}

// The names that an answer to a write shows: what was written and what HubSpot computes.
std::vector<std::string> WrittenNames(const Object& object, const Values& values) {
  std::vector<std::string> names;
  for (const FieldValue& value : values) names.push_back(value.name);
  for (const char* name : {"hs_object_id", "createdate"}) names.emplace_back(name);
  names.emplace_back(object.name == "contacts" ? "lastmodifieddate" : "hs_lastmodifieddate");
  return names;
}

ApiError Missing(const Object& object, const std::string& id) {
  return NotFound("Object not found.  objectId is " + object.singular + " " + id + ".", {id});
}

// The record that the path and "idProperty" name; nullptr with the error in `answer`.
const Record* PathRecord(const Object& object, const Request& request, Response* answer) {
  const std::string& id_property = request.Query("idProperty");
  if (!IsIdProperty(object, id_property)) {
    *answer = ErrorResponse(Invalid("Property " + id_property + " has no unique values."));
    return nullptr;
  }
  const std::string& id = request.Param("id");
  const Record* record = FindRecord(object, id_property, NormalId(id_property, id));
  if (record == nullptr || (record->archived() && request.Query("archived") != "true")) {
    *answer = ErrorResponse(Missing(object, id));
    return nullptr;
  }
  return record;
}

}  // namespace

Object* Portal::Find(const std::string& name) const {
  for (const auto& [key, object] : objects) {
    if (key == name || object->type_id == name) return object.get();
  }
  return nullptr;
}

Response WithObject(const Portal& portal, const Request& request,
                    const std::function<Response(Object&)>& endpoint) {
  const std::string& name = request.Param("object");
  Object* object = portal.Find(name);
  if (object == nullptr) {
    return ErrorResponse(NotFound("Unable to infer object type from: " + name, {name}));
  }
  auto lock = object->table->Lock();
  return endpoint(*object);
}

Response WithBody(const Portal& portal, const Request& request,
                  const std::function<Response(Object&, const JsonValue&)>& endpoint) {
  JsonDocument body;
  std::string error;
  if (!request.ParseBody(&body, &error)) {
    return ErrorResponse(Invalid("Invalid input JSON: " + error));
  }
  return WithObject(portal, request, [&](Object& object) { return endpoint(object, body); });
}

std::vector<std::string> WantedProperties(const Object& object, const std::string& list) {
  std::vector<std::string> names = SplitCommas(list);
  std::vector<std::string> always = {"createdate", "hs_object_id"};
  if (object.name == "contacts") {
    always.emplace_back("lastmodifieddate");
  } else {
    always.emplace_back("hs_lastmodifieddate");
  }
  if (names.empty()) {
    if (object.name == "contacts") names = {"email", "firstname", "lastname"};
    if (object.name == "companies") names = {"domain", "name"};
    if (object.name == "deals")
      names = {"amount", "closedate", "dealname", "dealstage", "pipeline"};
  }
  for (std::string& name : always) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

std::optional<std::string> PropertyValue(const Object& object, const Record& record,
                                         const std::string& name) {
  if (name == "hs_object_id") return object.table->Id(record);
  if (name == "createdate") return IsoTime(record.created_ms());
  if (name == "lastmodifieddate" || name == "hs_lastmodifieddate") {
    return IsoTime(record.updated_ms());
  }
  auto value = object.table->Get(record, name);
  if (!value) return std::nullopt;
  return std::string(*value);
}

void WriteRecord(JsonWriter& json, const Object& object, const Record& record,
                 const std::vector<std::string>& properties, bool cleared) {
  PutMember(json, "id", object.table->Id(record));
  json.Key("properties");
  json.StartObject();
  for (const std::string& name : properties) {
    if (object.schema.Find(name) == nullptr) continue;
    json.Key(name.c_str());
    auto value = PropertyValue(object, record, name);
    if (value) {
      PutString(json, *value);
    } else if (cleared) {
      PutString(json, "");
    } else {
      json.Null();
    }
  }
  json.EndObject();
  PutMember(json, "createdAt", IsoTime(record.created_ms()));
  PutMember(json, "updatedAt", IsoTime(record.updated_ms()));
  json.Key("archived");
  json.Bool(record.archived());
  if (record.archived()) PutMember(json, "archivedAt", IsoTime(record.archived_ms()));
}

Response RecordResponse(int status, const Object& object, const Record& record,
                        const std::vector<std::string>& properties, bool cleared) {
  return Response::Json(status, [&](JsonWriter& json) {
    json.StartObject();
    WriteRecord(json, object, record, properties, cleared);
    json.EndObject();
  });
}

bool IsIdProperty(const Object& object, const std::string& name) {
  if (name.empty() || name == "hs_object_id") return true;
  const Property* property = object.schema.Find(name);
  return property != nullptr && property->unique;
}

std::string NormalId(const std::string& id_property, const std::string& id) {
  return id_property == "email" ? NormalEmail(id) : id;
}

const Record* FindRecord(const Object& object, const std::string& id_property,
                         const std::string& id) {
  if (id_property.empty() || id_property == "hs_object_id") return object.table->FindById(id);
  return object.table->FindByKey(id_property, id);
}

Write CheckProperties(const Object& object, const JsonValue& properties) {
  Write write;
  for (const auto& property : properties.GetObject()) {
    std::string name(Text(property.name));
    std::string normal;
    if (auto error = object.schema.Normalise(name, Text(property.value), &normal)) {
      write.errors.push_back(std::move(*error));
      continue;
    }
    write.values.push_back({std::move(name), std::nullopt});
    if (!normal.empty()) write.values.back().value = std::move(normal);
  }
  return write;
}

std::optional<ApiError> FindConflict(const Object& object, const Values& values,
                                     const Record* self) {
  for (const FieldValue& value : values) {
    if (!value.value || !object.table->IsUnique(value.name)) continue;
    const Record* holder = object.table->FindByKey(value.name, *value.value);
    if (holder == nullptr || holder == self) continue;
    ApiError error;
    error.status = 409;
    error.category = "CONFLICT";
    std::string id = object.table->Id(*holder);
    error.message = value.name == "email" ? "Contact already exists. Existing ID: " + id
                                          : "Cannot set " + value.name + " to " + *value.value +
                                                ". " + id + " already has that value.";
    return error;
  }
  return std::nullopt;
}

std::optional<ApiError> CheckMembers(const JsonValue& object, const char* what,
                                     const std::vector<std::string>& required,
                                     const std::vector<std::string>& optional) {
  if (!object.IsObject())
    return Invalid("Invalid input JSON: " + std::string(what) + " must be an object.");
  std::string missing;
  for (const std::string& name : required) {
    if (Member(object, name) == nullptr) missing += (missing.empty() ? "" : ", ") + name;
  }
  if (!missing.empty()) {
    return Invalid("Invalid input JSON: Some required fields were not set: [" + missing + "]");
  }
  for (const auto& member : object.GetObject()) {
    std::string name(Text(member.name));
    if (std::find(required.begin(), required.end(), name) == required.end() &&
        std::find(optional.begin(), optional.end(), name) == optional.end()) {
      return Invalid("Invalid input JSON: " + std::string(what) + " has no field " + name + ".");
    }
  }
  return std::nullopt;
}

const JsonValue* ReadProperties(const JsonValue& body, std::string* error) {
  const JsonValue* properties = Member(body, "properties");
  if (properties == nullptr) {
    *error = "Invalid input JSON: Some required fields were not set: [properties]";
    return nullptr;
  }
  if (!properties->IsObject()) {
    *error = "Invalid input JSON: properties must be an object.";
    return nullptr;
  }
  for (const auto& property : properties->GetObject()) {
    if (property.value.IsString()) continue;
    *error = "Invalid input JSON: the value of property " + std::string(Text(property.name)) +
             " must be a string.";
    return nullptr;
  }
  return properties;
}

Response GetRecord(const Portal& portal, const Request& request) {
  return WithObject(portal, request, [&](Object& object) {
    Response refused;
    const Record* record = PathRecord(object, request, &refused);
    if (record == nullptr) return refused;
    return RecordResponse(200, object, *record,
                          WantedProperties(object, request.Query("properties")), false);
  });
}

Response PatchRecord(const Portal& portal, const Request& request) {
  return WithBody(portal, request, [&](Object& object, const JsonValue& body) {
    Response refused;
    std::string error;
    if (auto wrong = CheckMembers(body, "the body", {"properties"}, {"objectWriteTraceId"})) {
      return ErrorResponse(*wrong);
    }
    const JsonValue* properties = ReadProperties(body, &error);
    if (properties == nullptr) return ErrorResponse(Invalid(error));
    const Record* record = PathRecord(object, request, &refused);
    if (record == nullptr) return refused;
    if (record->archived()) return ErrorResponse(Missing(object, request.Param("id")));
    Write write = CheckProperties(object, *properties);
    if (!write.errors.empty()) {
      return ErrorResponse(Invalid(ValueErrorMessage(write.errors, portal.id)));
    }
    if (auto conflict = FindConflict(object, write.values, record)) return ErrorResponse(*conflict);
    object.table->Update(*record, write.values, request.now_ms);
    return RecordResponse(200, object, *record, WrittenNames(object, write.values), true);
  });
}

Response DeleteRecord(const Portal& portal, const Request& request) {
  return WithObject(portal, request, [&](Object& object) {
    const Record* record = object.table->FindById(request.Param("id"));
    if (record != nullptr) object.table->Archive(*record, request.now_ms);
    return Response::Empty(204);
  });
}

Response CreateRecord(const Portal& portal, const Request& request) {
  return WithBody(portal, request, [&](Object& object, const JsonValue& body) {
    std::string error;
    if (auto wrong = CheckMembers(body, "the body", {"associations", "properties"},
                                  {"objectWriteTraceId"})) {
      return ErrorResponse(*wrong);
    }
    const JsonValue* properties = ReadProperties(body, &error);
    if (properties == nullptr) return ErrorResponse(Invalid(error));
    Write write = CheckProperties(object, *properties);
    if (!write.errors.empty()) {
      return ErrorResponse(Invalid(ValueErrorMessage(write.errors, portal.id)));
    }
    if (auto conflict = FindConflict(object, write.values, nullptr))
      return ErrorResponse(*conflict);
    const Record& record = object.table->Create(write.values, request.now_ms);
    return RecordResponse(201, object, record, WrittenNames(object, write.values), true);
  });
}

Response ListRecords(const Portal& portal, const Request& request) {
  return WithObject(portal, request, [&](Object& object) {
    const std::string& limit_text = request.Query("limit");
    int limit = kDefaultPage;
    const char* const end = limit_text.data() + limit_text.size();
    const bool number =
        limit_text.empty() || std::from_chars(limit_text.data(), end, limit).ptr == end;
    if (!number || limit < 1 || limit > kMaxPage) {
      return ErrorResponse(Invalid("The limit must be from 1 to 100."));
    }
    bool archived = request.Query("archived") == "true";
    std::uint64_t row = 0;
    if (const std::string& after = request.Query("after"); !after.empty()) {
      const Record* last = object.table->FindById(after);
      if (last == nullptr) return ErrorResponse(Invalid("The paging cursor is not valid."));
      row = object.table->Row(*last) + 1;
    }
    auto wanted = WantedProperties(object, request.Query("properties"));
    return Response::Json(200, [&](JsonWriter& json) {
      json.StartObject();
      json.Key("results");
      json.StartArray();
      const Record* last = nullptr;
      for (int found = 0; row < object.table->size(); ++row) {
        const Record& record = object.table->At(row);
        if (record.archived() != archived) continue;
        if (found++ == limit) break;
        json.StartObject();
        WriteRecord(json, object, record, wanted, false);
        json.EndObject();
        last = &record;
      }
      json.EndArray();
      if (last != nullptr && row < object.table->size()) {
        std::string after = object.table->Id(*last);
        json.Key("paging");
        json.StartObject();
        json.Key("next");
        json.StartObject();
        PutMember(json, "after", after);
        PutMember(json, "link", request.path + "?after=" + after);
        json.EndObject();
        json.EndObject();
      }
      json.EndObject();
    });
  });
}

}  // namespace penstock::sandbox::hubspot
