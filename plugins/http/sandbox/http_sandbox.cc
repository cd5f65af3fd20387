// The receiver of README.md: a stand-in of an internal API and of a webhook, behind two doors.
#include "plugins/http/sandbox/records.h"
#include "plugins/http/sandbox/replays.h"
#include "plugins/http/sandbox/signatures.h"
#include "sdk/testing/vendor.h"

namespace penstock::sandbox {
namespace {

using receiver::Fate;
using receiver::Records;
using receiver::Replays;
using receiver::Signatures;

constexpr rapidjson::SizeType kMaxBatch = 200;
constexpr char kFormType[] = "application/x-www-form-urlencoded";

void PutError(JsonWriter& json, const Fate& fate) {
  json.Key("error");
  json.StartObject();
  PutMember(json, "code", fate.code);
  PutMember(json, "message", fate.message);
  if (!fate.field.empty()) PutMember(json, "field", fate.field);
  json.EndObject();
}

int StatusOf(const Fate& fate) {
  if (fate.status == "created") return 201;
  if (fate.status == "missing") return 404;
  if (fate.status == "exists") return 409;
  return fate.status == "rejected" ? 422 : 200;
}

class HttpSandbox : public Vendor {
 public:
  std::string Name() const override { return "http"; }
  std::string Examples() const override {
    return "  http-sandbox --port 0\n"
           "  http-sandbox --port 8099 --object orders --key number --token secret\n";
  }
  std::string Usage(const std::string& url) const override {
    return "  signed:  base_url: \"" + url + "/hooks\"  config: {auth: standard_webhooks, …}  " +
           secrets_.front() + "\n  token:   base_url: \"" + url +
           "/api\"  config: {auth: bearer, …}  " + token_ + "\n";
  }
  void AddOptions(CommandLine& line) override {
    line.Add("--secret", &secrets_, "A secret of /hooks, whsec_ and base64; may be repeated")
        .ShowDefault();
    line.Add("--token", &token_, "The token of /api").ShowDefault();
    line.Add("--object", &objects_, "An object it has; may be repeated").ShowDefault();
    line.Add("--key", &key_, "The field that identifies a record").ShowDefault();
  }

  bool Start(Sandbox& sandbox, std::string* error) override {
    sandbox_ = &sandbox;
    records_.emplace(key_);
    for (const std::string& secret : secrets_) {
      if (signatures_.Add(secret)) continue;
      *error = "--secret must be whsec_ and base64 of 24 to 64 bytes.";
      return false;
    }
    std::uint64_t first = 1'000'000'000'001;
    for (const std::string& object : objects_) {
      sandbox.store.AddTable({object, first, /*json_values=*/true, {key_}, {}});
      first += 1'000'000'000'000;
    }
    for (const std::string door : {"/api", "/hooks"}) AddRoutes(door);
    return true;
  }

  std::optional<Response> Admit(Request& request) override {
    if (request.path.starts_with("/hooks/")) {
      auto refused = signatures_.Check(request);
      if (!refused) return std::nullopt;
      return ErrorOf(401, {"", "", refused->code, refused->message, ""});
    }
    if (request.BearerToken() == token_) return std::nullopt;
    return ErrorOf(401, {"", "", "unauthorized", "The token is not valid.", ""});
  }

  Response Error(const Request& /*request*/, int status, std::string_view message) override {
    const char* code = status == 401   ? "unauthorized"
                       : status == 404 ? "not_found"
                       : status == 405 ? "method_not_allowed"
                       : status < 500  ? "bad_request"
                                       : "server_error";
    return ErrorOf(status, {"", "", code, std::string(message), ""});
  }
  std::string EmptyBody(const Request& /*request*/) override { return R"({"results":[]})"; }
  void Reset() override { replays_.Clear(); }
  // Texts come without quotes here: what is no JSON is a text.
  void Normalise(const Table& /*table*/, Values* values) override {
    for (FieldValue& value : *values) {
      JsonDocument json;
      json.Parse(value.value->data(), value.value->size());
      if (json.HasParseError()) {
        value.value = WriteJson([&](JsonWriter& out) { PutString(out, *value.value); });
      }
    }
  }

 private:
  using Work = Response (HttpSandbox::*)(const Request&, Table&);

  static Response ErrorOf(int status, const Fate& fate) {
    return Response::Json(status, [&](JsonWriter& json) {
      json.StartObject();
      PutError(json, fate);
      json.EndObject();
    });
  }

  void AddRoutes(const std::string& door) {
    sandbox_->router.Add("GET", door + "/account", [this](const Request&) { return Account(); });
    const auto add = [&](const char* method, const std::string& path, Work work) {
      sandbox_->router.Add(method, door + path,
                           [this, work](const Request& request) { return Once(request, work); });
    };
    add("POST", "/{object}", &HttpSandbox::Insert);
    add("PUT", "/{object}/{key}", &HttpSandbox::Upsert);
    add("PATCH", "/{object}/{key}", &HttpSandbox::Update);
    add("DELETE", "/{object}/{key}", &HttpSandbox::Delete);
    add("POST", "/{object}/batch", &HttpSandbox::Batch);
    add("POST", "/{object}/strict", &HttpSandbox::Strict);
    add("POST", "/{object}/report", &HttpSandbox::Report);
  }

  // The object must be there; a request with a known key is not done again.
  Response Once(const Request& request, Work work) {
    Table* table = sandbox_->store.Find(request.Param("object"));
    if (table == nullptr) return Error(request, 404, "No such object.");
    std::string key(request.Header("Idempotency-Key"));
    if (key.empty()) key = request.Header("webhook-id");
    return replays_.Answer(
        request, key, [&] { return (this->*work)(request, *table); },
        [](int status, const char* code, const char* message) {
          return ErrorOf(status, {"", "", code, message, ""});
        });
  }

  Response Account() const {
    const std::string& id = sandbox_->options.account;
    return Response::Json(200, [&](JsonWriter& json) {
      json.StartObject();
      json.Key("account");
      json.StartObject();
      PutMember(json, "id", id.empty() ? "http-sandbox" : id);
      PutMember(json, "name", "HTTP sandbox");
      json.EndObject();
      json.EndObject();
    });
  }

  // ---- one record

  static Response Answer(const Fate& fate) {
    if (fate.status == "deleted") return Response::Empty(204);
    if (fate.failed()) return ErrorOf(StatusOf(fate), fate);
    return Response::Json(StatusOf(fate), [&](JsonWriter& json) {
      json.StartObject();
      PutMember(json, "status", fate.status);
      PutMember(json, "id", fate.id);
      json.EndObject();
    });
  }

  // A JSON object, or a form, whose values are texts.
  static bool ReadRecord(const Request& request, JsonDocument* record, std::string* error) {
    if (!request.Header("Content-Type").starts_with(kFormType)) {
      return request.ParseBody(record, error);
    }
    record->SetObject();
    std::string_view rest = request.body;
    while (!rest.empty()) {
      std::string_view pair = rest.substr(0, rest.find('&'));
      rest = pair.size() < rest.size() ? rest.substr(pair.size() + 1) : std::string_view();
      std::size_t equals = std::min(pair.find('='), pair.size());
      JsonValue name(UrlDecode(pair.substr(0, equals), true), record->GetAllocator());
      JsonValue value(UrlDecode(pair.substr(std::min(equals + 1, pair.size())), true),
                      record->GetAllocator());
      record->AddMember(name, value, record->GetAllocator());
    }
    return true;
  }

  Response Insert(const Request& request, Table& table) { return One(request, table, "insert"); }
  Response Upsert(const Request& request, Table& table) { return One(request, table, "upsert"); }
  Response Update(const Request& request, Table& table) { return One(request, table, "update"); }
  Response Delete(const Request& request, Table& table) { return One(request, table, "delete"); }

  Response One(const Request& request, Table& table, const std::string& operation) {
    JsonDocument record(rapidjson::kObjectType);
    std::string error;
    if (operation != "delete" && !ReadRecord(request, &record, &error)) {
      return Error(request, 400, error);
    }
    if (!record.IsObject()) return Error(request, 400, "A record must be an object.");
    if (const std::string& key = request.Param("key"); !key.empty()) {
      const JsonValue* own = Member(record, key_);
      if (own == nullptr) {
        record.AddMember(JsonValue(key_, record.GetAllocator()),
                         JsonValue(key, record.GetAllocator()), record.GetAllocator());
      } else if ((own->IsString() ? std::string(Text(*own)) : ToJson(*own)) != key) {
        return Error(request, 400, "The key in the address is not that in the body.");
      }
    }
    auto lock = table.Lock();
    return Answer(records_->Apply(table, operation, record, request.now_ms));
  }

  // ---- several records: {"operation": "upsert", "records": […]}

  const JsonValue* List(const Request& request, JsonDocument* body, std::string* operation,
                        Response* refused) {
    std::string error;
    if (!request.ParseBody(body, &error) || !body->IsObject()) {
      *refused = Error(request, 400, error.empty() ? "The body must be an object." : error);
      return nullptr;
    }
    for (const auto& member : std::as_const(*body).GetObject()) {
      std::string_view name = Text(member.name);
      if (name == "operation" && member.value.IsString()) *operation = Text(member.value);
      if (name == "operation" || name == "records") continue;
      *refused = Error(request, 400, "\"" + std::string(name) + "\" is not known.");
      return nullptr;
    }
    const bool known = *operation == "upsert" || *operation == "insert" || *operation == "update" ||
                       *operation == "delete";
    const JsonValue* records = Member(*body, "records");
    if (!known || records == nullptr || !records->IsArray() || records->Empty()) {
      *refused = Error(request, 400,
                       known ? "\"records\" must be a list of records." : "No such operation.");
      return nullptr;
    }
    if (records->Size() > kMaxBatch) {
      *refused = Error(request, 413, "At most 200 records.");
      return nullptr;
    }
    return records;
  }

  // Each for itself; the results come in another order than the records.
  Response Batch(const Request& request, Table& table) {
    JsonDocument body;
    std::string operation = "upsert";
    Response refused;
    const JsonValue* records = List(request, &body, &operation, &refused);
    if (records == nullptr) return refused;
    auto lock = table.Lock();
    std::vector<std::string> results;
    for (const JsonValue& record : records->GetArray()) {
      const Fate fate = records_->Apply(table, operation, record, request.now_ms);
      results.push_back(WriteJson([&](JsonWriter& json) {
        json.StartObject();
        if (const JsonValue* key = Member(record, key_)) {
          json.Key(key_.c_str());
          key->Accept(json);
        }
        PutMember(json, "status", fate.status);
        if (!fate.id.empty()) PutMember(json, "id", fate.id);
        if (fate.failed()) PutError(json, fate);
        json.EndObject();
      }));
    }
    return Response::Json(200, [&](JsonWriter& json) {
      json.StartObject();
      json.Key("results");
      json.StartArray();
      for (auto it = results.rbegin(); it != results.rend(); ++it) {
        json.RawValue(it->data(), it->size(), rapidjson::kObjectType);
      }
      json.EndArray();
      json.EndObject();
    });
  }

  // All or nothing: one bad record, and nothing is done.
  Response Strict(const Request& request, Table& table) {
    JsonDocument body;
    std::string operation = "upsert";
    Response refused;
    const JsonValue* records = List(request, &body, &operation, &refused);
    if (records == nullptr) return refused;
    auto lock = table.Lock();
    for (const JsonValue& record : records->GetArray()) {
      if (auto bad = records_->Refuse(record, /*whole=*/true)) return ErrorOf(400, *bad);
    }
    for (const JsonValue& record : records->GetArray()) {
      records_->Apply(table, operation, record, request.now_ms);
    }
    return Response::Json(200, [&](JsonWriter& json) {
      json.StartObject();
      json.Key("written");
      json.Uint(records->Size());
      json.EndObject();
    });
  }

  // Each for itself; the answer names only what failed, by its index.
  Response Report(const Request& request, Table& table) {
    JsonDocument body;
    std::string operation = "upsert";
    Response refused;
    const JsonValue* records = List(request, &body, &operation, &refused);
    if (records == nullptr) return refused;
    auto lock = table.Lock();
    return Response::Json(200, [&](JsonWriter& json) {
      json.StartObject();
      json.Key("ok");
      json.Bool(true);
      json.Key("failures");
      json.StartArray();
      for (rapidjson::SizeType i = 0; i < records->Size(); ++i) {
        const Fate fate = records_->Apply(table, operation, (*records)[i], request.now_ms);
        if (!fate.failed()) continue;
        json.StartObject();
        json.Key("index");
        json.Uint(i);
        PutMember(json, "code", fate.code);
        PutMember(json, "message", fate.message);
        PutMember(json, "field", fate.field);
        json.EndObject();
      }
      json.EndArray();
      json.EndObject();
    });
  }

  Sandbox* sandbox_ = nullptr;
  Signatures signatures_;
  Replays replays_;
  std::optional<Records> records_;
  std::vector<std::string> secrets_ = {"whsec_cGVuc3RvY2staHR0cC1zYW5kYm94LXNlY3JldA=="};
  std::string token_ = "http-sandbox";
  std::vector<std::string> objects_ = {"customers"};
  std::string key_ = "email";
};

}  // namespace
}  // namespace penstock::sandbox

int main(int argc, char** argv) {
  penstock::sandbox::HttpSandbox vendor;
  return penstock::sandbox::SandboxMain(argc, argv, vendor);
}
