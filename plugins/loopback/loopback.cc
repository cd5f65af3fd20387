// The smallest connector: one object, one endpoint, one request per hundred records. The protocol
// is in sandbox/README.md.
#include <algorithm>

#include "penstock/connector.hpp"
#include "penstock/json_reader.hpp"
#include "penstock_manifest.h"

namespace penstock::loopback {
namespace {

using namespace sdk;  // NOLINT(google-build-using-namespace): what a connector is written in

constexpr size_t kMaxRecords = 100;

FieldType TypeOf(std::string_view type) {
  if (type == "number") return FieldType::kDecimal;
  if (type == "bool") return FieldType::kBoolean;
  return FieldType::kString;
}

class LoopbackWriter {
 public:
  // The assignment has its key.
  LoopbackWriter(Http http, Assignment assignment)
      : http_(http), assignment_(std::move(assignment)), key_(assignment_.KeyFields().front()) {}

  Status Write(Call call, const Batch& batch, Outcomes& outcomes) {
    const size_t size = std::min<size_t>(assignment_.limits.max_request_records, kMaxRecords);
    WriteRequests requests(batch);
    for (const Range& range : Chunk(batch.size(), size)) requests.Add(Body(batch, range), range);
    return requests.Send(http_, call, outcomes,
                         [&](size_t, const HttpResponse& response, RequestOutcomes& records) {
                           return Take(response, records);
                         });
  }

  Status Finish(Call, Outcomes&) { return {}; }

 private:
  HttpRequest Body(const Batch& batch, const Range& range) const {
    JsonWriter json;
    json.BeginObject().Key("records").BeginArray();
    for (size_t i = range.begin; i < range.end; ++i) {
      json.BeginObject().Key("key").String(PlainText(batch.value(i, key_)));
      json.Key("op").String(assignment_.operation).Key("fields").BeginObject();
      for (size_t f = 0; f < batch.n_fields(); ++f) {
        const penstock_value& value = batch.value(i, f);
        if (f == key_ || value.type == PENSTOCK_ABSENT) continue;
        json.Key(assignment_.fields[f].name).Value(value);
      }
      json.EndObject().EndObject();
    }
    json.EndArray().EndObject();
    HttpRequest request = HttpRequest::Post("/v1/" + assignment_.object + "/batch", json.Take());
    request.idempotent = assignment_.operation != "insert";
    return request;
  }

  // The outcomes of one request's records; not ok when the run should stop.
  static Status Take(const HttpResponse& response, RequestOutcomes& records) {
    if (!response.success() && response.status() != 400) {
      return HttpFailure(response, "loopback", "writing");
    }
    rapidjson::Document answer;
    if (!ParseJson(response.body(), &answer)) answer.SetObject();
    if (response.status() == 400) {
      records.RestRefused({TextMember(answer, "code"), TextMember(answer, "message"), {}});
      return {};
    }
    const JsonValue* results = ArrayMember(answer, "results");
    if (results == nullptr || results->Size() != records.size()) {
      records.RestInDoubt({"BAD_ANSWER", "the answer does not have one result a record", {}});
      return {};
    }
    for (rapidjson::SizeType i = 0; i < results->Size(); ++i) One(i, (*results)[i], records);
    return {};
  }

  static void One(size_t place, const JsonValue& result, RequestOutcomes& records) {
    const std::string_view status = TextMember(result, "status");
    const std::string_view id = TextMember(result, "id");
    const Reason reason{TextMember(result, "code"), TextMember(result, "message"),
                        TextMember(result, "field")};
    if (status == "created") {
      records.Created(place, id);
    } else if (status == "updated") {
      records.Updated(place, id);
    } else if (status == "deleted") {
      records.Deleted(place, id);
    } else if (status == "missing") {
      records.Missing(place, reason);
    } else if (status == "exists") {
      records.Exists(place, id, reason);
    } else if (status == "rejected") {
      records.Rejected(place, ErrorClass::kData, reason);
    } else {
      records.InDoubt(place, {"BAD_ANSWER", "the answer has a status that is not known", {}});
    }
  }

  Http http_;
  Assignment assignment_;
  size_t key_;
};

class Loopback {
 public:
  using Writer = LoopbackWriter;

  explicit Loopback(Host host) : http_(host) {}

  static Result<std::unique_ptr<Loopback>> Open(Host host, Call, std::string_view) {
    return std::make_unique<Loopback>(host);
  }

  Result<CheckReport> Check(Call call) {
    rapidjson::Document answer;
    Status status = Read(call, HttpRequest::Get("/v1/account"), "reading the account", &answer);
    if (!status.ok()) return status.failure();
    CheckReport report;
    report.account_id = TextMember(answer, "id");
    report.account_name = TextMember(answer, "name");
    return report;
  }

  Result<Catalog> Discover(Call call, const std::vector<std::string>& objects) {
    rapidjson::Document answer;
    Status status = Read(call, HttpRequest::Get("/v1/objects"), "reading the objects", &answer);
    if (!status.ok()) return status.failure();
    Catalog catalog;
    const JsonValue* list = ArrayMember(answer, "objects");
    if (list == nullptr) return catalog;
    for (const JsonValue& item : list->GetArray()) {
      Object object = ObjectOf(item);
      if (IsAskedFor(objects, object.name)) catalog.objects.push_back(std::move(object));
    }
    return catalog;
  }

  Result<std::unique_ptr<LoopbackWriter>> Begin(Call, const Assignment& assignment,
                                                std::span<const Note>) {
    if (assignment.KeyFields().size() != 1) {
      return Failure{PENSTOCK_E_INVALID_ARGUMENT, "loopback.NO_KEY",
                     "the assignment of " + assignment.object + " lacks its key, one field", 0};
    }
    return std::make_unique<LoopbackWriter>(http_, assignment);
  }

  Status Lookup(Call call, const Assignment& assignment, const Keys& keys, Found& found) {
    for (const Range& range : Chunk(keys.size(), kMaxRecords)) {
      Status status = LookupRange(call, assignment, keys, range, found);
      if (!status.ok()) return status;
    }
    return {};
  }

 private:
  Status Read(Call call, const HttpRequest& request, std::string_view doing,
              rapidjson::Document* answer) const {
    return FetchJson(http_, call, request, "loopback", doing, answer);
  }

  static Object ObjectOf(const JsonValue& item) {
    Object object;
    object.name = object.label = TextMember(item, "name");
    Field key;
    key.name = TextMember(item, "key");
    key.required = key.unique = true;
    object.fields.push_back(key);
    if (const JsonValue* fields = ArrayMember(item, "fields")) {
      for (const JsonValue& json : fields->GetArray()) {
        Field field;
        field.name = field.label = TextMember(json, "name");
        field.type = TypeOf(TextMember(json, "type"));
        if (field.name != key.name) object.fields.push_back(std::move(field));
      }
    }
    for (const char* name : {"upsert", "insert", "update", "delete"}) {
      Operation& operation = object.operations[name];
      operation.identifiers = {{key.name}};
      operation.idempotent = std::string_view(name) != "insert";
    }
    object.limits.max_request_records = kMaxRecords;
    return object;
  }

  Status LookupRange(Call call, const Assignment& assignment, const Keys& keys, const Range& range,
                     Found& found) const {
    JsonWriter json;
    json.BeginObject().Key("keys").BeginArray();
    for (size_t i = range.begin; i < range.end; ++i) json.String(PlainText(keys.value(i, 0)));
    json.EndArray().EndObject();
    HttpRequest request = HttpRequest::Post("/v1/" + assignment.object + "/lookup", json.Take());
    request.idempotent = true;
    rapidjson::Document answer;
    Status status = Read(call, request, "finding records", &answer);
    if (!status.ok()) return status;
    const JsonValue* records = ArrayMember(answer, "records");
    for (size_t i = range.begin; i < range.end; ++i) {
      const std::string key = PlainText(keys.value(i, 0));
      const JsonValue* hit = nullptr;
      for (rapidjson::SizeType r = 0; records != nullptr && r < records->Size(); ++r) {
        if (TextMember((*records)[r], "key") == key) hit = &(*records)[r];
      }
      if (hit != nullptr) {
        found.At(i, TextMember(*hit, "id"));
      } else {
        found.Nothing(i);
      }
    }
    return {};
  }

  Http http_;
};

}  // namespace
}  // namespace penstock::loopback

PENSTOCK_CONNECTOR(penstock::loopback::Loopback, kManifest)
