// The Salesforce sandbox: routes, options and manners of the org; README.md says what is true to
// the vendor and what is a choice.
#include <fstream>
#include <sstream>

#include "default_org.h"
#include "plugins/salesforce/sandbox/endpoints.h"
#include "plugins/salesforce/sandbox/errors.h"
#include "plugins/salesforce/sandbox/ingest.h"
#include "plugins/salesforce/sandbox/oauth.h"
#include "plugins/salesforce/sandbox/query.h"
#include "plugins/salesforce/sandbox/usage.h"
#include "plugins/salesforce/sandbox/values.h"

namespace penstock::sandbox::salesforce {
namespace {

constexpr std::string_view kRoot = "/services/data/";
constexpr std::int64_t kMaxBody = 50LL << 20;

class Salesforce : public Vendor {
 public:
  std::string Name() const override { return "salesforce"; }

  std::vector<std::string> Profiles() const override {
    std::vector<std::string> names;
    for (const Edition& edition : Editions()) names.push_back(edition.name);
    return names;
  }

  std::string Examples() const override {
    return "  salesforce-sandbox --port 8090 --profile enterprise --latency 80\n"
           "  salesforce-sandbox --port 0 --no-limits --data ./org --schema org.yaml\n"
           "  salesforce-sandbox --port 0 --jwt-key certificate.pem\n";
  }

  std::string Usage(const std::string& url) const override {
    return "  OAuth client credentials: client id " + oauth_.app.client_id + ", client secret " +
           oauth_.app.client_secret + ", token URL " + url + "/services/oauth2/token\n";
  }

  void AddOptions(CommandLine& line) override {
    App& app = oauth_.app;
    line.Add("--schema", &schema_file_, "YAML file of the org (default: an org of its own)")
        .ExistingFile();
    line.Add("--client-id", &app.client_id, "Consumer key of the connected app").ShowDefault();
    line.Add("--client-secret", &app.client_secret, "Its secret").ShowDefault();
    line.Add("--password", &app.password, "Password of the first user").ShowDefault();
    line.Add("--refresh-token", &app.refresh_token, "The refresh token it accepts").ShowDefault();
    line.Add("--token", &app.token, "A token that never expires, for programs that do not log in")
        .ShowDefault();
    line.Add("--scopes", &scopes_, "Scopes of tokens (default: api, refresh_token, openid)")
        .SplitAt(',');
    line.Add("--jwt-key", &app.jwt_key,
             "PEM certificate or public key of JWT bearers (default: made in --data)")
        .ExistingFile();
    line.Add("--instance-url", &app.instance_url,
             "instance_url of token answers (default: where the token was asked for)");
    line.Add("--token-seconds", &app.token_seconds, "Life of a token").ShowDefault();
    line.Add("--token-uses", &app.token_uses, "Requests until a token expires, -1: no such limit")
        .ShowDefault();
    line.Add("--bulk-latency", &bulk_latency_ms_, "Milliseconds that a bulk job lasts at least")
        .ShowDefault();
  }

  bool Start(Sandbox& sandbox, std::string* error) override;
  Body BodyOf(const Request& request) override;
  std::optional<Response> Admit(Request& request) override;
  void Finish(const Request& request, Response* response) override;
  Response Error(const Request& request, int status, std::string_view message) override;
  std::string EmptyBody(const Request& request) override;
  std::string TableName(const std::string& path_name) const override;
  bool Configure(std::string_view name, const JsonValue& value) override;
  void Normalise(const Table& table, Values* values) override;
  void WriteStats(JsonWriter& json) override;
  void Stop() override { ingest_->Stop(); }
  void Reset() override;

 private:
  using Endpoint = Response (*)(const Org&, const Request&);

  bool ReadOrg(OrgSchema* schema, std::string* error) const;
  void Route(const char* method, const std::string& path, Endpoint endpoint);
  void AddRoutes();
  void AddRowRoutes();
  bool ConfigureFlag(std::string_view name, bool value);
  bool ConfigureNumber(std::string_view name, std::int64_t value);
  bool SetRecordFaults(const JsonValue& list);

  Org org_;
  OAuth oauth_;
  Queries queries_{org_};
  std::unique_ptr<salesforce::Usage> usage_;
  std::unique_ptr<Ingest> ingest_;
  std::string schema_file_;
  std::vector<std::string> scopes_;
  std::int64_t bulk_latency_ms_ = 0;
  std::atomic<int> concurrent_limit_{0};
};

bool Salesforce::ReadOrg(OrgSchema* schema, std::string* error) const {
  if (schema_file_.empty()) return ReadSchema(kDefaultOrg, "default org", schema, error);
  std::ifstream in(schema_file_);
  std::stringstream text;
  text << in.rdbuf();
  return ReadSchema(text.str(), schema_file_, schema, error);
}

bool Salesforce::Start(Sandbox& sandbox, std::string* error) {
  OrgSchema schema;
  if (!ReadOrg(&schema, error)) return false;
  if (!org_.Open(&sandbox, std::move(schema), sandbox.options.account, error)) return false;
  if (!scopes_.empty()) oauth_.app.scopes = scopes_;
  if (!oauth_.Open(org_, error)) return false;
  for (const Edition& edition : Editions()) {
    if (edition.name == sandbox.options.profile)
      usage_ = std::make_unique<salesforce::Usage>(edition);
  }
  ingest_ = std::make_unique<Ingest>(org_, usage_->batches, bulk_latency_ms_);
  if (!ingest_->Open(error)) return false;
  AddRoutes();
  return true;
}

void Salesforce::Route(const char* method, const std::string& path, Endpoint endpoint) {
  org_.sandbox().router.Add(
      method, "/services/data/{version}" + path,
      [this, endpoint](const Request& request) { return endpoint(org_, request); });
}

void Salesforce::AddRoutes() {
  Router& router = org_.sandbox().router;
  auto add = [&](const char* method, const char* path, auto handler) {
    router.Add(method, path, [handler](const Request& request) { return handler(request); });
  };
  add("POST", "/services/oauth2/token", [this](const Request& r) { return oauth_.Token(r); });
  add("POST", "/services/oauth2/revoke", [this](const Request& r) { return oauth_.Revoke(r); });
  for (const char* method : {"GET", "POST"}) {
    add(method, "/services/oauth2/userinfo",
        [this](const Request& r) { return oauth_.UserInfo(r); });
  }
  add("GET", "/id/{org}/{user}", [this](const Request& r) { return oauth_.Identity(r); });
  add("GET", "/services/data", GetVersions);
  add("GET", "/services/data/", GetVersions);
  add("GET", "/services/data/{version}/limits", [this](const Request& request) {
    return Response::Json(200,
                          [&](JsonWriter& json) { usage_->WriteLimits(json, request.now_ms); });
  });
  Route("GET", "", GetResources);
  Route("GET", "/", GetResources);
  Route("POST", "/composite", Composite);
  Route("POST", "/composite/", Composite);
  Route("POST", "/composite/sobjects", CreateRows);
  Route("PATCH", "/composite/sobjects", UpdateRows);
  Route("DELETE", "/composite/sobjects", DeleteRows);
  Route("GET", "/composite/sobjects/{object}", GetRows);
  Route("POST", "/composite/sobjects/{object}", PostGetRows);
  Route("PATCH", "/composite/sobjects/{object}/{field}", UpsertRows);
  AddRowRoutes();
  queries_.AddRoutes();
  ingest_->AddRoutes();
}

void Salesforce::AddRowRoutes() {
  Route("GET", "/sobjects", DescribeGlobal);
  Route("GET", "/sobjects/", DescribeGlobal);
  for (const char* end : {"", "/"}) {
    Route("GET", std::string("/sobjects/{object}") + end, BasicInformation);
    Route("POST", std::string("/sobjects/{object}") + end, CreateRow);
  }
  Route("GET", "/sobjects/{object}/describe", DescribeObject);
  Route("GET", "/sobjects/{object}/describe/", DescribeObject);
  Route("GET", "/sobjects/{object}/{id}", GetRow);
  Route("PATCH", "/sobjects/{object}/{id}", UpdateRow);
  Route("DELETE", "/sobjects/{object}/{id}", DeleteRow);
  Route("GET", "/sobjects/{object}/{field}/{value}", GetRowByKey);
  Route("PATCH", "/sobjects/{object}/{field}/{value}", UpsertRow);
  Route("DELETE", "/sobjects/{object}/{field}/{value}", DeleteRowByKey);
}

Vendor::Body Salesforce::BodyOf(const Request& request) {
  Body body;
  body.limit = kMaxBody;
  const bool batches = request.path.ends_with("/batches") || request.path.ends_with("/batches/");
  if (request.method == "PUT" && batches) {
    body.limit = kMaxUpload;
    body.spool = ingest_->folder();
  }
  return body;
}

std::optional<Response> Salesforce::Admit(Request& request) {
  if (!request.path.starts_with(kRoot) || request.path == kRoot) return std::nullopt;
  if (auto error = oauth_.Refuse(request)) return ErrorResponse(*error);
  request.notes["counted"] = "yes";
  const bool limited = org_.sandbox().limits.load();
  const int most = concurrent_limit_.load();
  if (limited && most > 0 && org_.sandbox().stats.in_flight() > most) {
    return ErrorResponse({403,
                          "REQUEST_LIMIT_EXCEEDED",
                          "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
                          {}});
  }
  if (auto error = usage_->Take(request.now_ms, limited)) return ErrorResponse(*error);
  const std::string& version = request.Param("version");
  if (!version.empty() && !IsVersion(version)) return ErrorResponse(NotFound());
  const std::string_view type = request.Header("Content-Type");
  const bool sends = request.method == "POST" || request.method == "PATCH";
  if (sends && !type.starts_with("application/json")) {
    return ErrorResponse({415,
                          "UNSUPPORTED_MEDIA_TYPE",
                          "Content type of the request is not supported: " + std::string(type),
                          {}});
  }
  return std::nullopt;
}

void Salesforce::Finish(const Request& request, Response* response) {
  if (!request.notes.contains("counted")) return;
  response->headers.emplace_back("Sforce-Limit-Info",
                                 usage_->Header(request.now_ms, org_.sandbox().limits.load()));
}

Response Salesforce::Error(const Request& request, int status, std::string_view message) {
  ApiError error{status, "UNKNOWN_EXCEPTION", std::string(message), {}};
  if (status == 401) {
    error.code = "INVALID_SESSION_ID";
    error.message = "Session expired or invalid";
  } else if (status == 403 || status == 429) {
    error.code = "REQUEST_LIMIT_EXCEEDED";
    error.message = "TotalRequests Limit exceeded.";
  } else if (status == 404) {
    error = NotFound();
  } else if (status == 405) {
    error.code = "METHOD_NOT_ALLOWED";
    error.message = "HTTP Method '" + request.method + "' not allowed.";
  } else if (status == 413) {
    error.code = "REQUEST_ENTITY_TOO_LARGE";
  } else if (status == 503) {
    error.code = "SERVER_UNAVAILABLE";
  } else if (status == 400) {
    error.code = "JSON_PARSER_ERROR";
  }
  return ErrorResponse(error);
}

std::string Salesforce::EmptyBody(const Request& request) {
  return request.path.find("/composite/sobjects") == std::string::npos ? "{}" : "[]";
}

std::string Salesforce::TableName(const std::string& path_name) const {
  const Object* object = org_.Find(path_name);
  return object == nullptr ? path_name : object->name();
}

bool Salesforce::ConfigureFlag(std::string_view name, bool value) {
  Switches& switches = org_.switches;
  if (name == "expire_tokens") {
    if (value) oauth_.ExpireAll();
  } else if (name == "blocked") {
    oauth_.SetBlocked(value);
  } else if (name == "duplicate_rule") {
    switches.duplicate_rule.store(value);
  } else if (name == "row_locks") {
    switches.row_locks.store(value);
  } else if (name == "hard_delete") {
    switches.hard_delete.store(value);
  } else if (name == "shuffle") {
    switches.shuffle.store(value);
  } else if (name == "strict_line_breaks") {
    switches.strict_line_breaks.store(value);
  } else {
    return false;
  }
  return true;
}

bool Salesforce::ConfigureNumber(std::string_view name, std::int64_t value) {
  const std::int64_t now = org_.sandbox().clock.NowMs();
  if (name == "token_uses") {
    oauth_.SetTokenUses(value);
  } else if (name == "expire_after_calls" || name == "block_after_calls") {
    oauth_.ExpireAfter(value, name == "block_after_calls");
  } else if (name == "token_seconds") {
    oauth_.SetTokenSeconds(value);
  } else if (name == "daily_used") {
    usage_->calls.Set(now, value);
  } else if (name == "bulk_batches_used") {
    usage_->batches.Set(now, value);
  } else if (name == "concurrent_limit") {
    concurrent_limit_.store(static_cast<int>(value));
  } else {
    return false;
  }
  return true;
}

bool Salesforce::SetRecordFaults(const JsonValue& list) {
  if (!list.IsArray()) return false;
  std::vector<RecordFault> faults;
  for (const JsonValue& item : list.GetArray()) {
    RecordFault fault;
    fault.error = {"UNABLE_TO_LOCK_ROW",
                   "unable to obtain exclusive access to this record or 1 records: 0",
                   {}};
    if (!item.IsObject()) return false;
    for (const auto& member : item.GetObject()) {
      const std::string_view name = Text(member.name);
      std::string* text = name == "object"    ? &fault.object
                          : name == "field"   ? &fault.field
                          : name == "value"   ? &fault.value
                          : name == "code"    ? &fault.error.code
                          : name == "message" ? &fault.error.message
                                              : nullptr;
      std::int64_t* number = name == "after"   ? &fault.after
                             : name == "times" ? &fault.times
                             : name == "every" ? &fault.every
                                               : nullptr;
      if (text != nullptr && member.value.IsString()) {
        *text = Text(member.value);
      } else if (number != nullptr && member.value.IsInt64()) {
        *number = member.value.GetInt64();
      } else {
        return false;
      }
    }
    if (fault.every < 1) return false;
    faults.push_back(std::move(fault));
  }
  const Org::Guard guard(org_);
  org_.record_faults = std::move(faults);
  return true;
}

bool Salesforce::Configure(std::string_view name, const JsonValue& value) {
  if (name == "record_faults") return SetRecordFaults(value);
  if (ingest_->Configure(name, value)) return true;
  if (value.IsBool()) return ConfigureFlag(name, value.GetBool());
  return value.IsInt64() && ConfigureNumber(name, value.GetInt64());
}

// Objects that were there before: values in the form that is kept, system fields filled.
void Salesforce::Normalise(const Table& table, Values* values) {
  const Object* object = org_.Find(table.name());
  for (FieldValue& value : *values) {
    const Field* field = object->schema.Find(value.name);
    if (field == nullptr || !value.value) continue;
    value.name = field->name;
    std::string text;
    if (TakeCsv(*field, *value.value, &text)) value.value = text;
    CheckValue(*field, &value.value);
  }
  if (!object->schema.owned) return;
  for (const FieldValue& value : *values) {
    if (value.name == "OwnerId") return;
  }
  values->push_back({"OwnerId", org_.UserId()});
}

void Salesforce::WriteStats(JsonWriter& json) {
  json.Key("assigned");
  json.StartObject();
  for (const auto& object : org_.objects()) {
    if (!object->schema.assignment_rule) continue;
    json.Key(object->name().c_str());
    json.Uint64(object->assigned.load());
  }
  json.EndObject();
  ingest_->WriteStats(json);
}

void Salesforce::Reset() {
  ingest_->Reset();
  org_.sandbox().store.Clear();  // jobs may have written since it was cleared
  queries_.Reset();
  {
    const Org::Guard guard(org_);
    org_.record_faults.clear();
    org_.locked_parents.clear();
  }
  org_.Seed();
  oauth_.Reset();
  usage_->calls.Set(org_.sandbox().clock.NowMs(), 0);
  usage_->batches.Set(org_.sandbox().clock.NowMs(), 0);
  concurrent_limit_.store(0);
  org_.switches.duplicate_rule.store(false);
  org_.switches.row_locks.store(false);
  org_.switches.hard_delete.store(true);
  org_.switches.shuffle.store(true);
  org_.switches.strict_line_breaks.store(false);
}

}  // namespace
}  // namespace penstock::sandbox::salesforce

int main(int argc, char** argv) {
  penstock::sandbox::salesforce::Salesforce vendor;
  return penstock::sandbox::SandboxMain(argc, argv, vendor);
}
