// The calls for one row: by id and by external id.
#include <functional>

#include "plugins/salesforce/sandbox/drafts.h"
#include "plugins/salesforce/sandbox/endpoints.h"
#include "plugins/salesforce/sandbox/ids.h"

namespace penstock::sandbox::salesforce {
namespace {

// The status of a record's refusal.
int StatusOf(const Result& result) {
  const std::string& code = result.errors.front().code;
  return code == "ENTITY_IS_DELETED" || code == "NOT_FOUND" ? 404 : 400;
}

Response WithObject(const Org& org, const Request& request,
                    const std::function<Response(Object&)>& endpoint) {
  Object* object = org.Find(request.Param("object"));
  if (object == nullptr) return ErrorResponse(NotFound());
  const Org::Guard guard(org);
  return endpoint(*object);
}

// The row of {id}; an answer if there is none.
std::optional<Response> FindRow(Object& object, const std::string& id, const Record** record) {
  *record = IsId(id) ? object.table->FindById(id) : nullptr;
  if (*record == nullptr) return ErrorResponse(NoSuchKey(id));
  if ((*record)->archived()) {
    return ErrorResponse({404, "ENTITY_IS_DELETED", "entity is deleted", {}});
  }
  return std::nullopt;
}

// The text of a key in the path as the field's type has it.
std::optional<std::string> KeyText(const Field& field, const std::string& given) {
  std::string text;
  if (!TakeCsv(field, given, &text)) return std::nullopt;
  return text;
}

Response Several(const Object& object, const std::vector<const Record*>& records,
                 const Request& request) {
  return Response::Json(300, [&](JsonWriter& json) {
    json.StartArray();
    for (const Record* record : records) {
      PutString(json, "/services/data/" + request.Param("version") + "/sobjects/" + object.name() +
                          "/" + object.table->Id(*record));
    }
    json.EndArray();
  });
}

// The rows of {field}/{value}; an answer if there is not exactly one.
std::optional<Response> FindByKey(const Org& org, Object& object, const Request& request,
                                  const Record** record) {
  const Field* field = object.schema.Find(request.Param("field"));
  if (field == nullptr || !IsKey(*field)) return ErrorResponse(NoSuchKey(request.Param("field")));
  const auto text = KeyText(*field, request.Param("value"));
  const auto found = text ? org.FindAll(object, *field, *text) : std::vector<const Record*>();
  if (found.empty()) return ErrorResponse(NotFound());
  if (found.size() > 1) return Several(object, found, request);
  *record = found.front();
  return std::nullopt;
}

// The fields of ?fields=, all without it.
std::optional<ApiError> WantedFields(const Object& object, const std::string& list,
                                     std::vector<const Field*>* fields) {
  if (list.empty()) {
    for (const Field& field : object.schema.fields) fields->push_back(&field);
    return std::nullopt;
  }
  std::string_view rest = list;
  while (!rest.empty()) {
    const std::size_t end = rest.find(',');
    const std::string_view name = Trim(rest.substr(0, end));
    rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
    const Field* field = object.schema.Find(name);
    if (field == nullptr) return NoColumn(name, object.name());
    fields->push_back(field);
  }
  return std::nullopt;
}

Response RowAnswer(const Org& org, const Object& object, const Record& record,
                   const Request& request) {
  std::vector<const Field*> fields;
  if (auto error = WantedFields(object, request.Query("fields"), &fields)) {
    return ErrorResponse(*error);
  }
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartObject();
    WriteRow(json, org, object, record, fields, request.Param("version"));
    json.EndObject();
  });
}

// The body of a write: an object without the fields that the path already names.
std::optional<ApiError> ReadBody(const Org& org, const Object& object, const Request& request,
                                 const Field* key, Draft* draft) {
  Json json;
  std::string error;
  if (!ParseJson(request.body, &json, &error)) return BadJson(error);
  for (const auto& [name, value] : json.members) {
    const Field* field = object.schema.Find(name);
    if (field == nullptr || (field->type != Type::kId && field != key)) continue;
    return ApiError{400,
                    "INVALID_FIELD",
                    "The " + field->name + " field should not be specified in the sobject data.",
                    {}};
  }
  return ReadDraft(org, object, json, request.body, draft);
}

Response WriteAnswer(int status, const Result& result, bool tell_created) {
  return Response::Json(status, [&](JsonWriter& json) {
    json.StartObject();
    PutMember(json, "id", result.id);
    json.Key("success");
    json.Bool(true);
    json.Key("errors");
    json.StartArray();
    json.EndArray();
    if (tell_created) {
      json.Key("created");
      json.Bool(result.created);
    }
    json.EndObject();
  });
}

ApiError NotAllowed(const Object& object, const char* what) {
  return {400,
          "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
          "entity type cannot be " + std::string(what) + ": " + object.name(),
          {}};
}

Response Delete(const Org& org, Object& object, const Record& record, const Request& request) {
  if (!object.schema.createable) return ErrorResponse(NotAllowed(object, "deleted"));
  Writer writer(org, object, Operation::kDelete, OptionsOf(request), request.now_ms);
  Draft draft;
  draft.id = object.table->Id(record);
  const Result result = writer.Write(draft);
  if (!result.ok()) return ErrorResponse(StatusOf(result), result.errors);
  return Response::Empty(204);
}

}  // namespace

void WriteAttributes(JsonWriter& json, const Object& object, const Record* record,
                     const std::string& version) {
  json.Key("attributes");
  json.StartObject();
  PutMember(json, "type", object.name());
  if (record != nullptr) {
    PutMember(json, "url",
              "/services/data/" + version + "/sobjects/" + object.name() + "/" +
                  object.table->Id(*record));
  }
  json.EndObject();
}

void WriteRow(JsonWriter& json, const Org& org, const Object& object, const Record& record,
              const std::vector<const Field*>& fields, const std::string& version) {
  WriteAttributes(json, object, &record, version);
  for (const Field* field : fields) {
    json.Key(field->name.c_str());
    const auto value = org.Value(object, record, *field);
    if (value) {
      WriteValue(json, *field, *value);
    } else {
      json.Null();
    }
  }
}

Response CreateRow(const Org& org, const Request& request) {
  return WithObject(org, request, [&](Object& object) {
    if (!object.schema.createable) return ErrorResponse(NotAllowed(object, "inserted"));
    Draft draft;
    if (auto error = ReadBody(org, object, request, nullptr, &draft)) return ErrorResponse(*error);
    Writer writer(org, object, Operation::kInsert, OptionsOf(request), request.now_ms);
    const Result result = writer.Write(draft);
    if (!result.ok()) return ErrorResponse(StatusOf(result), result.errors);
    Response answer = WriteAnswer(201, result, false);
    answer.headers.emplace_back("Location", "/services/data/" + request.Param("version") +
                                                "/sobjects/" + object.name() + "/" + result.id);
    return answer;
  });
}

Response GetRow(const Org& org, const Request& request) {
  return WithObject(org, request, [&](Object& object) {
    const Record* record = nullptr;
    if (auto refused = FindRow(object, request.Param("id"), &record)) return *refused;
    return RowAnswer(org, object, *record, request);
  });
}

Response UpdateRow(const Org& org, const Request& request) {
  return WithObject(org, request, [&](Object& object) {
    if (!object.schema.createable) return ErrorResponse(NotAllowed(object, "updated"));
    const Record* record = nullptr;
    if (auto refused = FindRow(object, request.Param("id"), &record)) return *refused;
    Draft draft;
    draft.id = request.Param("id");
    if (auto error = ReadBody(org, object, request, nullptr, &draft)) return ErrorResponse(*error);
    Writer writer(org, object, Operation::kUpdate, OptionsOf(request), request.now_ms);
    const Result result = writer.Write(draft);
    if (!result.ok()) return ErrorResponse(StatusOf(result), result.errors);
    return Response::Empty(204);
  });
}

Response DeleteRow(const Org& org, const Request& request) {
  return WithObject(org, request, [&](Object& object) {
    const Record* record = nullptr;
    if (auto refused = FindRow(object, request.Param("id"), &record)) return *refused;
    return Delete(org, object, *record, request);
  });
}

Response GetRowByKey(const Org& org, const Request& request) {
  return WithObject(org, request, [&](Object& object) {
    const Record* record = nullptr;
    if (auto refused = FindByKey(org, object, request, &record)) return *refused;
    return RowAnswer(org, object, *record, request);
  });
}

Response DeleteRowByKey(const Org& org, const Request& request) {
  return WithObject(org, request, [&](Object& object) {
    const Record* record = nullptr;
    if (auto refused = FindByKey(org, object, request, &record)) return *refused;
    return Delete(org, object, *record, request);
  });
}

Response UpsertRow(const Org& org, const Request& request) {
  return WithObject(org, request, [&](Object& object) {
    if (!object.schema.createable) return ErrorResponse(NotAllowed(object, "upserted"));
    Draft draft;
    draft.key = object.schema.Find(request.Param("field"));
    if (draft.key == nullptr || !IsKey(*draft.key)) {
      return ErrorResponse(NoSuchKey(request.Param("field")));
    }
    draft.key_value = KeyText(*draft.key, request.Param("value"));
    if (!draft.key_value) return ErrorResponse(NotFound());
    if (auto error = ReadBody(org, object, request, draft.key, &draft))
      return ErrorResponse(*error);
    Writer writer(org, object, Operation::kUpsert, OptionsOf(request), request.now_ms);
    const Result result = writer.Write(draft);
    if (!result.matches.empty()) {
      return Several(object, org.FindAll(object, *draft.key, *draft.key_value), request);
    }
    if (!result.ok()) return ErrorResponse(StatusOf(result), result.errors);
    if (!result.created && VersionNumber(request) < 46) return Response::Empty(204);
    return WriteAnswer(result.created ? 201 : 200, result, true);
  });
}

}  // namespace penstock::sandbox::salesforce
