// The batch endpoints: what is checked for the whole batch, what record by record, and which of
// the two forms an answer takes.
#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "plugins/hubspot/sandbox/objects.h"

namespace penstock::sandbox::hubspot {
namespace {

constexpr rapidjson::SizeType kMaxInputs = 100;

enum class Operation { kCreate, kUpdate, kUpsert };

// One element of "inputs" on its way.
struct Input {
  std::string id;
  std::string id_property;
  std::string trace;
  const JsonValue* properties = nullptr;
  Write write;
  const Record* record = nullptr;
  bool is_new = false;
  std::optional<ApiError> error;
};

struct Batch {
  Operation operation = Operation::kUpdate;
  std::vector<Input> inputs;
  bool per_record = false;  // every input has a trace id of its own
};

std::optional<ApiError> ReadString(const JsonValue& object, const char* name, std::string* to) {
  const JsonValue* value = Member(object, name);
  if (value == nullptr) return std::nullopt;
  if (!value->IsString()) {
    return Invalid("Invalid input JSON: " + std::string(name) + " must be a string.");
  }
  *to = Text(*value);
  return std::nullopt;
}

// The same id twice is refused for the whole batch, with or without trace ids.
std::optional<ApiError> FindTwice(const std::vector<std::string>& ids) {
  std::set<std::string> seen, twice;
  for (const std::string& id : ids) {
    if (!seen.insert(id).second) twice.insert(id);
  }
  if (twice.empty()) return std::nullopt;
  std::string list;
  for (const std::string& id : twice) list += (list.empty() ? "" : ", ") + id;
  ApiError error =
      Invalid("Duplicate IDs found in batch input: [" + list + "]. IDs must be unique");
  error.context.emplace_back("ids", std::vector<std::string>(twice.begin(), twice.end()));
  return error;
}

// The body's "inputs", 1 to 100.
std::optional<ApiError> ReadInputs(const JsonValue& body, const JsonValue** inputs) {
  *inputs = Member(body, "inputs");
  if (!(*inputs)->IsArray()) return Invalid("Invalid input JSON: inputs must be a list.");
  if ((*inputs)->Empty()) return Invalid("The batch has no inputs.");
  if ((*inputs)->Size() > kMaxInputs) {
    return Invalid("The batch has " + std::to_string((*inputs)->Size()) +
                   " inputs; at most 100 are allowed.");
  }
  return std::nullopt;
}

std::optional<ApiError> ReadInput(Operation operation, const JsonValue& json, Input* input) {
  bool create = operation == Operation::kCreate;
  auto error = create ? CheckMembers(json, "an input", {"associations", "properties"},
                                     {"objectWriteTraceId"})
                      : CheckMembers(json, "an input", {"id", "properties"},
                                     {"idProperty", "objectWriteTraceId"});
  if (!error) error = ReadString(json, "id", &input->id);
  if (!error) error = ReadString(json, "idProperty", &input->id_property);
  if (!error) error = ReadString(json, "objectWriteTraceId", &input->trace);
  if (error) return error;
  if (create && !Member(json, "associations")->IsArray()) {
    return Invalid("Invalid input JSON: associations must be a list.");
  }
  std::string message;
  input->properties = ReadProperties(json, &message);
  if (input->properties == nullptr) return Invalid(message);
  return std::nullopt;
}

std::optional<ApiError> ReadBatch(const JsonValue& body, Batch* batch) {
  if (auto error = CheckMembers(body, "the body", {"inputs"}, {})) return error;
  const JsonValue* inputs = nullptr;
  if (auto error = ReadInputs(body, &inputs)) return error;
  std::unordered_set<std::string> traces;
  for (const JsonValue& json : inputs->GetArray()) {
    Input input;
    if (auto error = ReadInput(batch->operation, json, &input)) return error;
    if (!input.trace.empty()) traces.insert(input.trace);
    batch->inputs.push_back(std::move(input));
  }
  batch->per_record = traces.size() == batch->inputs.size();
  return std::nullopt;
}

// "0-2 property domain", of the error of properties that are not unique.
std::optional<ApiError> CheckIdProperty(const Portal& portal, const Object& object,
                                        const Batch& batch) {
  const std::string& name = batch.inputs.front().id_property;
  for (const Input& input : batch.inputs) {
    if (input.id_property != name) return Invalid("All inputs must have the same idProperty.");
  }
  bool record_id = name.empty() || name == "hs_object_id";
  bool upsert = batch.operation == Operation::kUpsert;
  if (IsIdProperty(object, name) && !(upsert && record_id)) return std::nullopt;
  std::string message = std::string("Unable to perform ") + (upsert ? "update/upsert" : "update") +
                        " by non-unique " + object.type_id + " property " +
                        (name.empty() ? "hs_object_id" : name);
  if (record_id) message += " in portal ID " + std::to_string(portal.id);
  return Invalid(message);
}

// Two inputs of one record, or of one key that is new.
std::optional<ApiError> FindDuplicates(const Object& object, const Batch& batch) {
  std::vector<std::string> ids;
  for (const Input& input : batch.inputs) {
    ids.push_back(input.record != nullptr ? object.table->Id(*input.record) : input.id);
  }
  return FindTwice(ids);
}

// Sets what an upsert needs beside the given properties: the key of a new record.
std::optional<ApiError> CheckKey(Input* input) {
  if (input->record != nullptr) return std::nullopt;
  for (const FieldValue& value : input->write.values) {
    if (value.name != input->id_property) continue;
    if (value.value == input->id) return std::nullopt;
    return Invalid("The id " + input->id + " and the property " + input->id_property +
                   " of a new record differ.");
  }
  input->write.values.push_back({input->id_property, input->id});
  return std::nullopt;
}

// Whether an upsert by e-mail leaves out a property that the record has.
std::optional<ApiError> CheckSparse(const Object& object, const Input& input) {
  if (input.record == nullptr || input.id_property != "email") return std::nullopt;
  std::optional<ApiError> error;
  object.table->ForEach(*input.record, [&](std::string_view name, std::string_view) {
    if (name == "email" || error) return;
    for (const FieldValue& value : input.write.values) {
      if (value.name == name) return;
    }
    error = Invalid("Partial upserts by email are not supported: property " + std::string(name) +
                    " is missing.");
  });
  return error;
}

// Whether an earlier input of this batch takes one of the unique values.
std::optional<ApiError> TakeUnique(const Object& object, const Input& input,
                                   std::set<std::string>* taken) {
  std::vector<std::string> mine;
  for (const FieldValue& value : input.write.values) {
    if (!value.value || !object.table->IsUnique(value.name)) continue;
    std::string key = value.name + "=" + *value.value;
    if (taken->contains(key)) {
      ApiError error;
      error.status = 409;
      error.category = "CONFLICT";
      error.message = "Another input of this batch has the same value of " + value.name + ".";
      return error;
    }
    mine.push_back(std::move(key));
  }
  taken->insert(mine.begin(), mine.end());
  return std::nullopt;
}

std::optional<ApiError> CheckInput(const Portal& portal, const Object& object, Operation operation,
                                   Input* input) {
  if (operation == Operation::kUpdate && (input->record == nullptr || input->record->archived())) {
    return NotFound("Could not get some " + object.singular +
                        " objects, they may be deleted or not exist. Check that ids are valid.",
                    {input->id});
  }
  input->write = CheckProperties(object, *input->properties);
  if (operation == Operation::kUpsert && input->record == nullptr) {
    std::string normal;
    if (input->id.empty()) {
      input->write.errors.push_back({input->id_property, "REQUIRED_VALUE", "The id is empty."});
    } else if (auto error = object.schema.Normalise(input->id_property, input->id, &normal)) {
      input->write.errors.push_back(*error);
    }
  }
  if (!input->write.errors.empty()) {
    return Invalid(ValueErrorMessage(input->write.errors, portal.id));
  }
  if (operation == Operation::kUpsert) {
    if (auto error = CheckKey(input)) return error;
    if (portal.switches.reject_sparse_upserts.load()) {
      if (auto error = CheckSparse(object, *input)) return error;
    }
  }
  return FindConflict(object, input->write.values, input->record);
}

// Checks all inputs. An error here is the whole batch's.
std::optional<ApiError> Check(const Portal& portal, const Object& object, Batch* batch) {
  if (batch->operation != Operation::kCreate) {
    if (auto error = CheckIdProperty(portal, object, *batch)) return error;
    for (Input& input : batch->inputs) {
      input.id = NormalId(input.id_property, input.id);
      input.record = FindRecord(object, input.id_property, input.id);
    }
    if (auto error = FindDuplicates(object, *batch)) return error;
  }
  std::set<std::string> taken;
  for (Input& input : batch->inputs) {
    input.error = CheckInput(portal, object, batch->operation, &input);
    if (!input.error) input.error = TakeUnique(object, input, &taken);
  }
  return std::nullopt;
}

// The one error of a batch without trace ids; refused values of all inputs in one message.
std::optional<ApiError> WholeError(const Portal& portal, const Batch& batch) {
  std::vector<ValueError> values;
  const ApiError* first = nullptr;
  for (const Input& input : batch.inputs) {
    if (input.error && first == nullptr) first = &*input.error;
    values.insert(values.end(), input.write.errors.begin(), input.write.errors.end());
  }
  if (first == nullptr) return std::nullopt;
  if (!values.empty()) return Invalid(ValueErrorMessage(values, portal.id));
  return *first;
}

void Apply(const Object& object, std::int64_t now_ms, Batch* batch) {
  for (Input& input : batch->inputs) {
    if (input.error) continue;
    if (input.record == nullptr) {
      input.record = &object.table->Create(input.write.values, now_ms);
      input.is_new = true;
    } else {
      object.table->Update(*input.record, input.write.values, now_ms);
    }
  }
}

template <typename T>
void Shuffle(const Portal& portal, std::vector<T>* items) {
  if (!portal.switches.shuffle.load()) return;
  for (std::size_t i = items->size(); i > 1; --i) {
    std::swap((*items)[i - 1], (*items)[portal.sandbox->Random(static_cast<std::uint32_t>(i))]);
  }
}

void WriteErrors(const Portal& portal, const std::vector<const Input*>& failed, JsonWriter& json) {
  std::vector<ApiError> errors;
  ApiError* missing = nullptr;
  errors.reserve(failed.size());
  for (const Input* input : failed) {
    ApiError error = *input->error;
    error.context.insert(error.context.begin(), {"objectWriteTraceId", {input->trace}});
    bool group = error.category == "OBJECT_NOT_FOUND" && portal.switches.group_errors.load();
    if (group && missing != nullptr) {
      for (std::size_t i = 0; i < missing->context.size(); ++i) {
        auto& into = missing->context[i].second;
        into.insert(into.end(), error.context[i].second.begin(), error.context[i].second.end());
      }
      continue;
    }
    errors.push_back(std::move(error));
    if (group) missing = &errors.back();
  }
  json.Key("numErrors");
  json.Uint64(errors.size());
  json.Key("errors");
  json.StartArray();
  for (const ApiError& error : errors) WriteBatchError(json, error);
  json.EndArray();
}

void WriteStamps(const Portal& portal, const Request& request, JsonWriter& json) {
  PutMember(json, "status", "COMPLETE");
  PutMember(json, "startedAt", IsoTime(request.now_ms));
  PutMember(json, "completedAt", IsoTime(portal.sandbox->clock.NowMs()));
}

std::vector<std::string> ResultNames(const Object& object, const Input& input) {
  std::vector<std::string> names;
  for (const FieldValue& value : input.write.values) names.push_back(value.name);
  for (std::string name : WantedProperties(object, "hs_object_id"))
    names.push_back(std::move(name));
  return names;
}

Response Answer(const Portal& portal, const Object& object, const Request& request,
                const Batch& batch) {
  std::vector<const Input*> done, failed;
  for (const Input& input : batch.inputs) (input.error ? failed : done).push_back(&input);
  Shuffle(portal, &done);
  Shuffle(portal, &failed);
  int good = batch.operation == Operation::kCreate ? 201 : 200;
  bool traces = portal.switches.trace_ids_in_results.load();
  return Response::Json(failed.empty() ? good : 207, [&](JsonWriter& json) {
    json.StartObject();
    WriteStamps(portal, request, json);
    json.Key("results");
    json.StartArray();
    for (const Input* input : done) {
      json.StartObject();
      WriteRecord(json, object, *input->record, ResultNames(object, *input), true);
      if (batch.operation == Operation::kUpsert) {
        json.Key("new");
        json.Bool(input->is_new);
      }
      if (traces && !input->trace.empty()) PutMember(json, "objectWriteTraceId", input->trace);
      json.EndObject();
    }
    json.EndArray();
    if (!failed.empty()) WriteErrors(portal, failed, json);
    json.EndObject();
  });
}

Response WriteBatch(const Portal& portal, const Request& request, Operation operation) {
  return WithBody(portal, request, [&](Object& object, const JsonValue& body) {
    Batch batch;
    batch.operation = operation;
    if (auto error = ReadBatch(body, &batch)) return ErrorResponse(*error);
    if (operation == Operation::kUpdate && portal.switches.update_all_or_nothing.load()) {
      batch.per_record = false;
    }
    if (auto error = Check(portal, object, &batch)) return ErrorResponse(*error);
    if (!batch.per_record) {
      if (auto error = WholeError(portal, batch)) return ErrorResponse(*error);
    }
    Apply(object, request.now_ms, &batch);
    return Answer(portal, object, request, batch);
  });
}

// The ids of a read or an archive.
std::optional<ApiError> ReadIds(const JsonValue& body, std::vector<std::string>* ids) {
  const JsonValue* inputs = nullptr;
  if (auto error = ReadInputs(body, &inputs)) return error;
  for (const JsonValue& input : inputs->GetArray()) {
    if (auto error = CheckMembers(input, "an input", {"id"}, {})) return error;
    if (auto error = ReadString(input, "id", &ids->emplace_back())) return error;
  }
  return std::nullopt;
}

std::optional<ApiError> ReadNames(const JsonValue& body, const char* name, std::string* list) {
  const JsonValue* names = Member(body, name);
  if (!names->IsArray())
    return Invalid("Invalid input JSON: " + std::string(name) + " must be a list.");
  for (const JsonValue& one : names->GetArray()) {
    if (!one.IsString())
      return Invalid("Invalid input JSON: " + std::string(name) + " has only strings.");
    *list += std::string(Text(one)) + ",";
  }
  return std::nullopt;
}

Response ReadAnswer(const Portal& portal, const Object& object, const Request& request,
                    std::vector<const Record*> found, const std::vector<std::string>& missing,
                    const std::vector<std::string>& wanted) {
  Shuffle(portal, &found);
  return Response::Json(missing.empty() ? 200 : 207, [&](JsonWriter& json) {
    json.StartObject();
    WriteStamps(portal, request, json);
    json.Key("results");
    json.StartArray();
    for (const Record* record : found) {
      json.StartObject();
      WriteRecord(json, object, *record, wanted, false);
      json.EndObject();
    }
    json.EndArray();
    if (!missing.empty()) {
      json.Key("numErrors");
      json.Int(1);
      json.Key("errors");
      json.StartArray();
      WriteBatchError(
          json,
          NotFound("Could not get some " + object.singular +
                       " objects, they may be deleted or not exist. Check that ids are valid.",
                   missing));
      json.EndArray();
    }
    json.EndObject();
  });
}

}  // namespace

Response BatchCreate(const Portal& portal, const Request& request) {
  return WriteBatch(portal, request, Operation::kCreate);
}

Response BatchUpdate(const Portal& portal, const Request& request) {
  return WriteBatch(portal, request, Operation::kUpdate);
}

Response BatchUpsert(const Portal& portal, const Request& request) {
  return WriteBatch(portal, request, Operation::kUpsert);
}

Response BatchRead(const Portal& portal, const Request& request) {
  return WithBody(portal, request, [&](Object& object, const JsonValue& body) {
    std::vector<std::string> ids;
    std::string id_property, properties, history;
    auto error = CheckMembers(body, "the body", {"inputs", "properties", "propertiesWithHistory"},
                              {"idProperty"});
    if (!error) error = ReadIds(body, &ids);
    if (!error) error = ReadString(body, "idProperty", &id_property);
    if (!error) error = ReadNames(body, "properties", &properties);
    if (!error) error = ReadNames(body, "propertiesWithHistory", &history);
    if (error) return ErrorResponse(*error);
    for (std::string& id : ids) id = NormalId(id_property, id);
    if (auto twice = FindTwice(ids)) return ErrorResponse(*twice);
    if (!IsIdProperty(object, id_property)) {
      return ErrorResponse(Invalid("Property " + id_property + " has no unique values."));
    }
    bool archived = request.Query("archived") == "true";
    std::vector<const Record*> found;
    std::vector<std::string> missing;
    std::unordered_set<const Record*> seen;
    for (const std::string& id : ids) {
      const Record* record = FindRecord(object, id_property, id);
      if (record == nullptr || record->archived() != archived) {
        missing.push_back(id);
      } else if (seen.insert(record).second) {
        found.push_back(record);
      }
    }
    auto wanted = WantedProperties(object, properties);
    if (!id_property.empty()) wanted.push_back(id_property);
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    return ReadAnswer(portal, object, request, std::move(found), missing, wanted);
  });
}

Response BatchArchive(const Portal& portal, const Request& request) {
  return WithBody(portal, request, [&](Object& object, const JsonValue& body) {
    std::vector<std::string> ids;
    auto error = CheckMembers(body, "the body", {"inputs"}, {});
    if (!error) error = ReadIds(body, &ids);
    if (!error) error = FindTwice(ids);
    if (error) return ErrorResponse(*error);
    for (const std::string& id : ids) {
      const Record* record = object.table->FindById(id);
      if (record != nullptr) object.table->Archive(*record, request.now_ms);
    }
    return Response::Empty(204);
  });
}

}  // namespace penstock::sandbox::hubspot
