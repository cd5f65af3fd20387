// Up to 200 records a request: errors by record, results in the order of the records.
#include <functional>

#include "plugins/salesforce/sandbox/drafts.h"
#include "plugins/salesforce/sandbox/endpoints.h"
#include "plugins/salesforce/sandbox/ids.h"

namespace penstock::sandbox::salesforce {
namespace {

constexpr std::size_t kMaxRecords = 200;
constexpr std::size_t kMaxRead = 2000;
constexpr int kMaxChunks = 10;
constexpr int kFirstCollections = 42, kFirstUpserts = 46;

// One record of the request.
struct Item {
  Object* object = nullptr;
  Draft draft;
  std::optional<RecordError> refused;  // already when it was read
};

struct Batch {
  bool all_or_none = false;
  std::vector<Item> items;
};

ApiError TooMany() {
  return Invalid("EXCEEDED_ID_LIMIT",
                 "record limit reached. cannot submit more than 200 records into this call");
}

// The object that attributes.type names.
std::optional<ApiError> ReadType(const Org& org, const Json& record, Object** object) {
  const Json* attributes = record.Find("attributes");
  const std::string* type = attributes == nullptr ? nullptr : attributes->FindText("type");
  if (type == nullptr) {
    return Invalid("INVALID_FIELD", "The attributes of a record must have a value for type.");
  }
  *object = org.Find(*type);
  if (*object == nullptr) {
    return Invalid("INVALID_TYPE", "sObject type '" + *type + "' is not supported.");
  }
  return std::nullopt;
}

std::optional<ApiError> ReadId(const Json& record, Operation operation, Draft* draft) {
  const Json* found = nullptr;
  for (const auto& [name, value] : record.members) {
    if (Lower(name) == "id") found = &value;
  }
  if (operation == Operation::kUpdate) {
    if (found == nullptr) return std::nullopt;  // the record is refused for it
    if (!found->IsString()) return BadJson("The id of a record must be a string.");
    draft->id = found->text;
    return std::nullopt;
  }
  if (draft->key != nullptr && draft->key->type == Type::kId) {
    if (found != nullptr && found->IsString()) draft->key_value = found->text;
    return std::nullopt;
  }
  if (found == nullptr || found->IsNull()) return std::nullopt;
  return Invalid("INVALID_FIELD", "The Id field should not be specified in the sobject data.");
}

std::optional<ApiError> ReadItem(const Org& org, const Request& request, const Json& record,
                                 Operation operation, Object* object, const Field* key,
                                 Item* item) {
  if (!record.IsObject()) return BadJson("Each of records must be an object.");
  if (auto error = ReadType(org, record, &item->object)) return error;
  if (object != nullptr && item->object != object) {
    return Invalid("INVALID_TYPE", "The type " + item->object->name() +
                                       " of a record is not the one of the URI, " + object->name() +
                                       ".");
  }
  item->draft.key = key;
  if (auto error = ReadId(record, operation, &item->draft)) return error;
  if (auto error = ReadDraft(org, *item->object, record, request.body, &item->draft)) {
    item->refused = RecordError{error->code, error->message, {}};
    return std::nullopt;
  }
  if (key == nullptr || key->type == Type::kId) return std::nullopt;
  for (const Offer& offer : item->draft.offers) {
    if (offer.field == key) item->draft.key_value = offer.text;
  }
  return std::nullopt;
}

std::optional<ApiError> ReadBatch(const Org& org, const Request& request, Operation operation,
                                  Object* object, const Field* key, Batch* batch) {
  Json json;
  std::string message;
  if (!ParseJson(request.body, &json, &message)) return BadJson(message);
  for (const auto& [name, value] : json.members) {
    if (name == "records" || (name == "allOrNone" && value.IsBool())) continue;
    return BadJson("Unrecognized field \"" + name + "\" at " + PlaceOf(request.body, value.end));
  }
  const Json* records = json.Find("records");
  if (records == nullptr || !records->IsArray()) return BadJson("records must be a list.");
  const Json* all = json.Find("allOrNone");
  batch->all_or_none = all != nullptr && all->IsTrue();
  if (records->items.size() > kMaxRecords) return TooMany();
  int chunks = 0;
  for (const Json& record : records->items) {
    Item item;
    if (auto error = ReadItem(org, request, record, operation, object, key, &item)) return error;
    if (batch->items.empty() || batch->items.back().object != item.object) ++chunks;
    batch->items.push_back(std::move(item));
  }
  if (chunks > kMaxChunks) {
    return Invalid("INVALID_OPERATION",
                   "Cannot have more than 10 chunks in a single operation. Please rearrange the "
                   "data to reduce chunking.");
  }
  return std::nullopt;
}

void RollBack(std::vector<Result>* results) {
  for (Result& result : *results) {
    if (!result.ok()) continue;
    result.created = false;
    result.errors.push_back(
        {"ALL_OR_NONE_OPERATION_ROLLED_BACK",
         "Record rolled back because not all records were valid and the request was using "
         "AllOrNone header",
         {}});
  }
}

// Writes records of one object that follow each other. All or none: nothing is applied unless all
// are good.
std::vector<Result> WriteBatch(const Org& org, const Request& request, Operation operation,
                               const Batch& batch) {
  std::vector<std::unique_ptr<Writer>> writers;
  std::vector<Result> results;
  std::vector<Draft> drafts;
  for (const Item& item : batch.items) {
    if (!item.refused) drafts.push_back(item.draft);
  }
  const std::set<std::string> repeated = RepeatedKeys(drafts);
  std::map<Object*, Writer*> by_object;
  std::vector<std::pair<Writer*, Prepared>> prepared;
  bool all_good = true;
  for (const Item& item : batch.items) {
    Writer*& writer = by_object[item.object];
    if (writer == nullptr) {
      writers.push_back(std::make_unique<Writer>(org, *item.object, operation, OptionsOf(request),
                                                 request.now_ms));
      writer = writers.back().get();
      writer->SetRepeated(repeated);
      if (batch.all_or_none) writer->SetWhole();
    }
    if (item.refused) {
      results.push_back({item.draft.id, false, {*item.refused}, {}});
    } else if (!item.object->schema.createable) {
      results.push_back({item.draft.id,
                         false,
                         {{"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                           "entity type cannot be written: " + item.object->name(),
                           {}}},
                         {}});
    } else if (!batch.all_or_none) {
      results.push_back(writer->Write(item.draft));
    } else {
      prepared.emplace_back(writer, writer->Prepare(item.draft));
      results.push_back(prepared.back().second.result);
    }
    all_good = all_good && results.back().ok();
  }
  if (!batch.all_or_none) return results;
  if (!all_good) {
    RollBack(&results);
    return results;
  }
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    prepared[i].first->Apply(&prepared[i].second);
    results[i] = prepared[i].second.result;
  }
  return results;
}

Response Answer(const std::vector<Result>& results, bool upsert) {
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartArray();
    for (const Result& result : results) {
      json.StartObject();
      if (!result.id.empty()) PutMember(json, "id", result.id);
      json.Key("success");
      json.Bool(result.ok());
      json.Key("errors");
      WriteErrors(json, result.errors);
      if (upsert) {
        json.Key("created");
        json.Bool(result.created);
      }
      json.EndObject();
    }
    json.EndArray();
  });
}

Response WriteAll(const Org& org, const Request& request, Operation operation, Object* object,
                  const Field* key) {
  const Org::Guard guard(org);
  Batch batch;
  if (auto error = ReadBatch(org, request, operation, object, key, &batch)) {
    return ErrorResponse(*error);
  }
  return Answer(WriteBatch(org, request, operation, batch), operation == Operation::kUpsert);
}

std::vector<std::string> Split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t end = list.find(',');
    const std::string_view one = Trim(list.substr(0, end));
    list = end == list.npos ? std::string_view() : list.substr(end + 1);
    if (!one.empty()) parts.emplace_back(one);
  }
  return parts;
}

Response Read(const Org& org, const Request& request, const std::vector<std::string>& ids,
              const std::vector<std::string>& names) {
  Object* object = org.Find(request.Param("object"));
  if (object == nullptr) return ErrorResponse(NotFound());
  if (ids.empty() || names.empty()) {
    return ErrorResponse(Invalid("MISSING_ARGUMENT", "ids and fields are required."));
  }
  if (ids.size() > kMaxRead) return ErrorResponse(TooMany());
  std::vector<const Field*> fields;
  for (const std::string& name : names) {
    fields.push_back(object->schema.Find(name));
    if (fields.back() == nullptr) return ErrorResponse(NoColumn(name, object->name()));
  }
  const Org::Guard guard(org);
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartArray();
    for (const std::string& id : ids) {
      const Record* record = object->table->FindById(id);
      if (record == nullptr || record->archived()) {
        json.Null();
        continue;
      }
      json.StartObject();
      WriteRow(json, org, *object, *record, fields, request.Param("version"));
      json.EndObject();
    }
    json.EndArray();
  });
}

}  // namespace

Response CreateRows(const Org& org, const Request& request) {
  if (VersionNumber(request) < kFirstCollections) return ErrorResponse(NotFound());
  return WriteAll(org, request, Operation::kInsert, nullptr, nullptr);
}

Response UpdateRows(const Org& org, const Request& request) {
  if (VersionNumber(request) < kFirstCollections) return ErrorResponse(NotFound());
  return WriteAll(org, request, Operation::kUpdate, nullptr, nullptr);
}

Response UpsertRows(const Org& org, const Request& request) {
  Object* object = org.Find(request.Param("object"));
  if (object == nullptr || VersionNumber(request) < kFirstUpserts) return ErrorResponse(NotFound());
  const Field* key = object->schema.Find(request.Param("field"));
  if (key == nullptr || !IsKey(*key)) {
    return ErrorResponse(NoSuchKey(request.Param("field")));
  }
  return WriteAll(org, request, Operation::kUpsert, object, key);
}

Response DeleteRows(const Org& org, const Request& request) {
  if (VersionNumber(request) < kFirstCollections) return ErrorResponse(NotFound());
  const std::vector<std::string> ids = Split(request.Query("ids"));
  if (ids.empty()) return ErrorResponse(Invalid("MISSING_ARGUMENT", "ids is required."));
  if (ids.size() > kMaxRecords) return ErrorResponse(TooMany());
  const Org::Guard guard(org);
  Batch batch;
  batch.all_or_none = Lower(request.Query("allOrNone")) == "true";
  Object* fallback = org.objects().front().get();
  for (const std::string& id : ids) {
    Item item;
    item.object = IsId(id) ? org.FindByPrefix(id) : nullptr;
    if (item.object == nullptr) item.object = fallback;  // whose writer says what is wrong with it
    item.draft.id = id;
    batch.items.push_back(std::move(item));
  }
  return Answer(WriteBatch(org, request, Operation::kDelete, batch), false);
}

Response GetRows(const Org& org, const Request& request) {
  return Read(org, request, Split(request.Query("ids")), Split(request.Query("fields")));
}

Response PostGetRows(const Org& org, const Request& request) {
  Json json;
  std::string error;
  if (!ParseJson(request.body, &json, &error)) return ErrorResponse(BadJson(error));
  std::vector<std::string> lists[2];
  const char* names[2] = {"ids", "fields"};
  for (int i = 0; i < 2; ++i) {
    const Json* list = json.Find(names[i]);
    if (list == nullptr || !list->IsArray()) {
      return ErrorResponse(BadJson(std::string(names[i]) + " must be a list of strings."));
    }
    for (const Json& item : list->items) lists[i].push_back(item.text);
  }
  return Read(org, request, lists[0], lists[1]);
}

}  // namespace penstock::sandbox::salesforce
