// The loopback sandbox: the protocol of README.md on the sandbox library, in one file.
#include <map>
#include <mutex>
#include <set>

#include "sdk/testing/vendor.h"

namespace penstock::sandbox {
namespace {

constexpr rapidjson::SizeType kMaxBatch = 100;
const std::vector<std::pair<std::string, std::string>> kFields = {{"name", "string"},
                                                                  {"note", "string"},
                                                                  {"amount", "number"},
                                                                  {"active", "bool"},
                                                                  {"extra", "any"}};

bool Fits(const std::string& field, const JsonValue& value) {
  if (value.IsObject() || value.IsArray()) return false;
  if (value.IsNull()) return true;
  for (const auto& [name, type] : kFields) {
    if (name != field) continue;
    return type == "any" || (type == "string" && value.IsString()) ||
           (type == "number" && value.IsNumber()) || (type == "bool" && value.IsBool());
  }
  return true;
}

class Loopback : public Vendor {
 public:
  std::string Name() const override { return "loopback"; }
  std::string Examples() const override {
    return "  loopback-sandbox --port 0 --object things --object people\n";
  }
  void AddOptions(CommandLine& line) override {
    line.Add("--token", &token_, "The token it accepts").ShowDefault();
    line.Add("--object", &objects_, "An object it has; may be repeated").ShowDefault();
  }

  bool Start(Sandbox& sandbox, std::string* /*error*/) override {
    sandbox_ = &sandbox;
    std::uint64_t first = 1'000'000'000'001;
    for (const std::string& object : objects_) {
      sandbox.store.AddTable({object, first, /*json_values=*/true, {"key"}, {}});
      first += 1'000'000'000'000;
    }
    sandbox.router.Add("GET", "/v1/account", [this](const Request&) { return Account(); });
    sandbox.router.Add("GET", "/v1/objects", [this](const Request&) { return Objects(); });
    sandbox.router.Add("POST", "/v1/{object}/batch",
                       [this](const Request& request) { return Batch(request); });
    sandbox.router.Add("POST", "/v1/{object}/lookup",
                       [this](const Request& request) { return Lookup(request); });
    sandbox.router.Add("POST", "/v1/{object}/jobs",
                       [this](const Request& request) { return MakeJob(request); });
    for (const auto& [method, path] :
         {std::pair{"PUT", "/rows"}, std::pair{"POST", "/complete"}, std::pair{"POST", "/abort"},
          std::pair{"GET", ""}, std::pair{"GET", "/results"}}) {
      sandbox.router.Add(method, std::string("/v1/{object}/jobs/{job}") + path,
                         [this, step = std::string(path)](const Request& request) {
                           return JobStep(request, step);
                         });
    }
    return true;
  }

  std::optional<Response> Admit(Request& request) override {
    if (request.BearerToken() == token_) return std::nullopt;
    return Error(request, 401, "The token is not valid.");
  }

  Response Error(const Request& /*request*/, int status, std::string_view message) override {
    return Response::Json(status, [&](JsonWriter& json) {
      json.StartObject();
      PutMember(json, "code",
                status == 401   ? "unauthorized"
                : status == 404 ? "not_found"
                : status < 500  ? "bad_request"
                                : "server_error");
      PutMember(json, "message", message);
      json.EndObject();
    });
  }
  std::string EmptyBody(const Request& /*request*/) override { return R"({"results":[]})"; }
  void Reset() override {
    const std::lock_guard lock(jobs_mutex_);
    jobs_.clear();
  }

 private:
  Response Account() const {
    const std::string& id = sandbox_->options.account;
    return Response::Json(200, [&](JsonWriter& json) {
      json.StartObject();
      PutMember(json, "id", id.empty() ? "loopback" : id);
      PutMember(json, "name", "Loopback sandbox");
      json.EndObject();
    });
  }

  Response Objects() const {
    return Response::Json(200, [&](JsonWriter& json) {
      json.StartObject();
      json.Key("objects");
      json.StartArray();
      for (const std::string& object : objects_) {
        json.StartObject();
        PutMember(json, "name", object);
        PutMember(json, "key", "key");
        json.Key("max_batch");
        json.Uint(kMaxBatch);
        json.Key("fields");
        json.StartArray();
        for (const auto& [name, type] : kFields) {
          json.StartObject();
          PutMember(json, "name", name);
          PutMember(json, "type", type);
          json.EndObject();
        }
        json.EndArray();
        json.EndObject();
      }
      json.EndArray();
      json.EndObject();
    });
  }

  // The array `name` of the body, 1 to 100 elements; nullptr with `answer` set otherwise.
  const JsonValue* List(const Request& request, const char* name, JsonDocument* body, Table** table,
                        Response* answer) {
    std::string error = "\"" + std::string(name) + "\" must be a list of 1 to 100 elements.";
    *table = sandbox_->store.Find(request.Param("object"));
    const JsonValue* list = nullptr;
    if (*table == nullptr) {
      *answer = Error(request, 404, "No such object.");
    } else if (!request.ParseBody(body, &error) || (list = Member(*body, name)) == nullptr ||
               !list->IsArray() || list->Empty() || list->Size() > kMaxBatch) {
      *answer = Error(request, 400, error);
      list = nullptr;
    }
    return list;
  }

  Response Batch(const Request& request) {
    JsonDocument body;
    Table* table = nullptr;
    Response refused;
    const JsonValue* records = List(request, "records", &body, &table, &refused);
    if (records == nullptr) return refused;
    auto lock = table->Lock();
    std::set<std::string> seen;
    return Response::Json(200, [&](JsonWriter& json) {
      json.StartObject();
      json.Key("results");
      json.StartArray();
      for (const JsonValue& record : records->GetArray()) {
        json.StartObject();
        One(*table, record, request.now_ms, &seen, json);
        json.EndObject();
      }
      json.EndArray();
      json.EndObject();
    });
  }

  static void Reject(JsonWriter& json, const char* code, const char* message) {
    PutMember(json, "status", "rejected");
    PutMember(json, "code", code);
    PutMember(json, "message", message);
  }

  static void One(Table& table, const JsonValue& record, std::int64_t now_ms,
                  std::set<std::string>* seen, JsonWriter& json) {
    const JsonValue* key = Member(record, "key");
    bool good_key = key != nullptr && key->IsString() && key->GetStringLength() > 0;
    PutMember(json, "key", good_key ? Text(*key) : std::string_view());
    if (!good_key) return Reject(json, "bad_key", "The key must be a string and not empty.");
    if (!seen->emplace(Text(*key)).second) {
      return Reject(json, "duplicate_key", "The key is twice in this batch.");
    }
    const JsonValue* op = Member(record, "op");
    std::string_view verb = op != nullptr && op->IsString() ? Text(*op) : std::string_view();
    if (verb != "upsert" && verb != "insert" && verb != "update" && verb != "delete") {
      return Reject(json, "bad_op", "The op must be upsert, insert, update or delete.");
    }
    Values values{{"key", ToJson(*key)}};
    const JsonValue* fields = Member(record, "fields");
    if (fields != nullptr && fields->IsObject()) {
      for (const auto& field : fields->GetObject()) {
        std::string name(Text(field.name));
        if (name == "key" || !Fits(name, field.value)) {
          PutMember(json, "field", name);
          return Reject(json, "bad_type", "The value does not fit the field's type.");
        }
        values.push_back({name, ToJson(field.value)});
        if (field.value.IsNull()) values.back().value.reset();
      }
    }
    const Record* known = table.FindByKey("key", *values.front().value);
    bool insert = known == nullptr && (verb == "upsert" || verb == "insert");
    const char* status = insert             ? "created"
                         : known == nullptr ? "missing"
                         : verb == "insert" ? "exists"
                         : verb == "delete" ? "deleted"
                                            : "updated";
    if (insert) known = &table.Create(values, now_ms);
    if (status == std::string_view("deleted")) table.Archive(*known, now_ms);
    if (status == std::string_view("updated")) table.Update(*known, values, now_ms);
    PutMember(json, "status", status);
    if (known != nullptr) PutMember(json, "id", table.Id(*known));
  }

  struct Job {
    std::string state = "open";
    std::string rows, results;
    int polls = 0;
  };

  Response MakeJob(const Request& request) {
    if (sandbox_->store.Find(request.Param("object")) == nullptr) {
      return Error(request, 404, "No such object.");
    }
    const std::lock_guard lock(jobs_mutex_);
    const std::string id = "j" + std::to_string(jobs_.size() + 1);
    jobs_[id];
    return Response::Json(201, R"({"id":")" + id + "\"}");
  }

  // What is asked of a job in a state that it cannot be asked in is a conflict.
  Response JobStep(const Request& request, const std::string& step) {
    Table* const table = sandbox_->store.Find(request.Param("object"));
    const std::lock_guard lock(jobs_mutex_);
    const auto at = jobs_.find(request.Param("job"));
    if (table == nullptr || at == jobs_.end()) return Error(request, 404, "No such job.");
    Job& job = at->second;
    const auto needs = [&](const char* state) { return job.state == state; };
    if (step == "/results") {
      return needs("done") ? Response::Json(200, job.results) : Conflict(request);
    }
    if (step == "/rows") {
      if (!needs("open")) return Conflict(request);
      job.rows = request.body;
      job.state = "uploaded";
    } else if (step == "/complete") {
      if (!needs("uploaded")) return Conflict(request);
      job.state = "running";
    } else if (step == "/abort") {
      if (!needs("open") && !needs("uploaded")) return Conflict(request);
      job.state = "aborted";
    } else if (needs("running") && ++job.polls > 2) {
      Process(*table, request.now_ms, &job);
    }
    return Response::Json(200, R"({"state":")" + job.state + "\"}");
  }

  Response Conflict(const Request& request) {
    return Error(request, 409, "The job is not in a state for this.");
  }

  static void Process(Table& table, std::int64_t now_ms, Job* job) {
    JsonDocument body;
    body.Parse(job->rows.data(), job->rows.size());
    const JsonValue* records = body.HasParseError() ? nullptr : Member(body, "records");
    auto lock = table.Lock();
    std::set<std::string> seen;
    job->results = Response::Json(200, [&](JsonWriter& json) {
                     json.StartObject();
                     json.Key("results");
                     json.StartArray();
                     for (rapidjson::SizeType i = 0;
                          records != nullptr && records->IsArray() && i < records->Size(); ++i) {
                       json.StartObject();
                       One(table, (*records)[i], now_ms, &seen, json);
                       json.EndObject();
                     }
                     json.EndArray();
                     json.EndObject();
                   }).body;
    job->rows.clear();
    job->state = "done";
  }

  Response Lookup(const Request& request) {
    JsonDocument body;
    Table* table = nullptr;
    Response refused;
    const JsonValue* keys = List(request, "keys", &body, &table, &refused);
    if (keys == nullptr) return refused;
    auto lock = table->Lock();
    return Response::Json(200, [&](JsonWriter& json) {
      json.StartObject();
      json.Key("records");
      json.StartArray();
      for (const JsonValue& key : keys->GetArray()) {
        const Record* record = key.IsString() ? table->FindByKey("key", ToJson(key)) : nullptr;
        if (record == nullptr) continue;
        json.StartObject();
        PutMember(json, "key", Text(key));
        PutMember(json, "id", table->Id(*record));
        json.Key("fields");
        json.StartObject();
        table->ForEach(*record, [&](std::string_view name, std::string_view value) {
          if (name == "key") return;
          json.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
          json.RawValue(value.data(), value.size(), rapidjson::kStringType);
        });
        json.EndObject();
        json.EndObject();
      }
      json.EndArray();
      json.EndObject();
    });
  }

  Sandbox* sandbox_ = nullptr;
  std::mutex jobs_mutex_;
  std::map<std::string, Job> jobs_;
  std::string token_ = "loopback";
  std::vector<std::string> objects_ = {"things"};
};

}  // namespace
}  // namespace penstock::sandbox

int main(int argc, char** argv) {
  penstock::sandbox::Loopback vendor;
  return penstock::sandbox::SandboxMain(argc, argv, vendor);
}
