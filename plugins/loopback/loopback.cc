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

Failure Unexpected(std::string_view what, const HttpResponse& response) {
  const std::string tail = response.answered() ? "status " + std::to_string(response.status())
                                               : std::string(response.error());
  switch (response.answered() ? response.status() : 0) {
    case 0:
      return {PENSTOCK_E_UNAVAILABLE, "loopback.UNAVAILABLE", std::string(what) + ": " + tail, 0};
    case 401:
      return {PENSTOCK_E_UNAUTHENTICATED, "loopback.UNAUTHENTICATED",
              "the loopback sandbox does not accept this token", 0};
    case 403:
      return {PENSTOCK_E_PERMISSION, "loopback.FORBIDDEN",
              std::string(what) + ": this token is not allowed to do it", 0};
    case 404:
      return {PENSTOCK_E_NOT_FOUND, "loopback.NOT_FOUND",
              std::string(what) + ": the loopback sandbox does not know this object", 0};
    case 429:
      return {PENSTOCK_E_RATE_LIMITED, "loopback.RATE_LIMITED", std::string(what) + ": " + tail,
              response.retry_after_ms()};
    default:
      return {response.status() >= 500 ? PENSTOCK_E_UNAVAILABLE : PENSTOCK_E_INTERNAL,
              "loopback.UNEXPECTED", std::string(what) + ": " + tail, 0};
  }
}

FieldType TypeOf(std::string_view type) {
  if (type == "number") return FieldType::kDecimal;
  if (type == "bool") return FieldType::kBoolean;
  return FieldType::kString;
}

// Record keys are text, whatever type the key came as.
std::string KeyText(const penstock_value& value) {
  std::string json;
  if (value.type == PENSTOCK_STRING) return std::string(TextOf(value));
  if (value.type != PENSTOCK_NULL && value.type != PENSTOCK_ABSENT) AppendJson(value, &json);
  return json;
}

class LoopbackWriter {
 public:
  LoopbackWriter(Http http, Assignment assignment)
      : http_(http), assignment_(std::move(assignment)) {
    for (size_t i = 0; i < assignment_.fields.size(); ++i) {
      if (assignment_.fields[i].key) key_ = i;
    }
  }

  Status Write(Call call, const Batch& batch, Outcomes& outcomes) {
    const size_t size = std::min<size_t>(assignment_.limits.max_request_records, kMaxRecords);
    const std::vector<Range> ranges = Chunk(batch.size(), size);
    std::vector<HttpRequest> requests;
    for (const Range& range : ranges) requests.push_back(Request(batch, range));
    CallResult result;
    Status performed =
        http_.PerformAll(call, requests, [&](size_t index, const HttpResponse& response) {
          result.Add(Take(requests[index].seqs, response, outcomes));
        });
    return performed.ok() ? result.Conclude() : performed;
  }

  Status Finish(Call, Outcomes&) { return {}; }

 private:
  HttpRequest Request(const Batch& batch, const Range& range) const {
    JsonWriter json;
    json.BeginObject().Key("records").BeginArray();
    for (size_t i = range.begin; i < range.end; ++i) {
      json.BeginObject().Key("key").String(KeyText(batch.value(i, key_)));
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
    for (size_t i = range.begin; i < range.end; ++i) request.seqs.push_back(batch.seq(i));
    return request;
  }

  // The outcomes of one request's records; not ok when the run should stop.
  Status Take(const std::vector<uint64_t>& seqs, const HttpResponse& response, Outcomes& outcomes) {
    if (ReportFate(response, seqs, outcomes)) {
      return response.success() ? Status() : Status(Unexpected("writing", response));
    }
    if (response.status() == 400) {
      Refused(seqs, response, outcomes);
      return {};
    }
    if (!response.success()) {
      for (const uint64_t seq : seqs) outcomes.Unsent(seq, {"NOT_ACCEPTED", {}, {}});
      return Unexpected("writing", response);
    }
    rapidjson::Document answer;
    const JsonValue* results =
        ParseJson(response.body(), &answer) ? ArrayMember(answer, "results") : nullptr;
    if (results == nullptr || results->Size() != seqs.size()) {
      for (const uint64_t seq : seqs) {
        outcomes.InDoubt(seq, {"BAD_ANSWER", "the answer does not have one result a record", {}});
      }
      return {};
    }
    for (rapidjson::SizeType i = 0; i < results->Size(); ++i) {
      One(seqs[i], (*results)[i], outcomes);
    }
    return {};
  }

  // 400: nothing of the request was applied.
  void Refused(const std::vector<uint64_t>& seqs, const HttpResponse& response,
               Outcomes& outcomes) {
    rapidjson::Document answer;
    if (!ParseJson(response.body(), &answer)) answer.SetObject();
    const Reason reason{TextMember(answer, "code"), TextMember(answer, "message"), {}};
    ++group_;
    for (const uint64_t seq : seqs) {
      if (seqs.size() > 1) {
        outcomes.Split(seq, group_, reason);
      } else {
        outcomes.Rejected(seq, ErrorClass::kData, reason);
      }
    }
  }

  static void One(uint64_t seq, const JsonValue& result, Outcomes& outcomes) {
    const std::string_view status = TextMember(result, "status");
    const std::string_view id = TextMember(result, "id");
    const Reason reason{TextMember(result, "code"), TextMember(result, "message"),
                        TextMember(result, "field")};
    if (status == "created") {
      outcomes.Created(seq, id);
    } else if (status == "updated") {
      outcomes.Updated(seq, id);
    } else if (status == "deleted") {
      outcomes.Deleted(seq, id);
    } else if (status == "missing") {
      outcomes.Missing(seq, reason);
    } else if (status == "exists") {
      outcomes.Exists(seq, id, reason);
    } else if (status == "rejected") {
      outcomes.Rejected(seq, ErrorClass::kData, reason);
    } else {
      outcomes.InDoubt(seq, {"BAD_ANSWER", "the answer has a status that is not known", {}});
    }
  }

  Http http_;
  Assignment assignment_;
  size_t key_ = 0;
  uint32_t group_ = 0;
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
    Status status = Get(call, "/v1/account", &answer);
    if (!status.ok()) return status.failure();
    CheckReport report;
    report.account_id = TextMember(answer, "id");
    report.account_name = TextMember(answer, "name");
    return report;
  }

  Result<Catalog> Discover(Call call, const std::vector<std::string>& objects) {
    rapidjson::Document answer;
    Status status = Get(call, "/v1/objects", &answer);
    if (!status.ok()) return status.failure();
    Catalog catalog;
    const JsonValue* list = ArrayMember(answer, "objects");
    if (list == nullptr) return catalog;
    for (const JsonValue& item : list->GetArray()) {
      Object object = ObjectOf(item);
      if (objects.empty() ||
          std::find(objects.begin(), objects.end(), object.name) != objects.end()) {
        catalog.objects.push_back(std::move(object));
      }
    }
    return catalog;
  }

  Result<std::unique_ptr<LoopbackWriter>> Begin(Call, const Assignment& assignment,
                                                std::span<const Note>) {
    const bool keyed = std::any_of(assignment.fields.begin(), assignment.fields.end(),
                                   [](const auto& field) { return field.key; });
    if (!keyed) {
      return Failure{PENSTOCK_E_INVALID_ARGUMENT, "loopback.NO_KEY",
                     "the assignment of " + assignment.object + " lacks its key", 0};
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
  Status Get(Call call, const char* url, rapidjson::Document* answer) const {
    return Read(call, HttpRequest::Get(url), answer);
  }

  Status Read(Call call, const HttpRequest& request, rapidjson::Document* answer) const {
    Status result;
    Status performed = http_.Perform(call, request, [&](const HttpResponse& response) {
      if (!response.success()) {
        result = Unexpected("GET " + request.url, response);
      } else if (!ParseJson(response.body(), answer)) {
        result = Failure{PENSTOCK_E_INTERNAL, "loopback.BAD_ANSWER",
                         request.url + ": the answer is not JSON", 0};
      }
    });
    return performed.ok() ? result : performed;
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
    for (size_t i = range.begin; i < range.end; ++i) json.String(KeyText(keys.value(i, 0)));
    json.EndArray().EndObject();
    HttpRequest request = HttpRequest::Post("/v1/" + assignment.object + "/lookup", json.Take());
    request.idempotent = true;
    rapidjson::Document answer;
    Status status = Read(call, request, &answer);
    if (!status.ok()) return status;
    const JsonValue* records = ArrayMember(answer, "records");
    for (size_t i = range.begin; i < range.end; ++i) {
      const std::string key = KeyText(keys.value(i, 0));
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
