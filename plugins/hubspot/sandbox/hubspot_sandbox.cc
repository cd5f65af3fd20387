// The HubSpot sandbox: routes, options and manners of the account; README.md says what is true to
// the vendor and what is a choice.
#include <charconv>

#include "plugins/hubspot/sandbox/access.h"
#include "plugins/hubspot/sandbox/oauth.h"
#include "plugins/hubspot/sandbox/objects.h"

namespace penstock::sandbox::hubspot {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::string_view kPropertyPrefix = "property/";

std::vector<std::string> AllScopes() {
  std::vector<std::string> scopes = {"oauth"};
  for (const char* object : {"contacts", "companies", "deals"}) {
    for (const char* kind : {"objects", "schemas"}) {
      for (const char* right : {"read", "write"}) {
        scopes.push_back("crm." + std::string(kind) + "." + object + "." + right);
      }
    }
  }
  return scopes;
}

std::optional<std::vector<std::string>> StringList(const JsonValue& value) {
  if (!value.IsArray()) return std::nullopt;
  std::vector<std::string> list;
  for (const JsonValue& item : value.GetArray()) {
    if (!item.IsString()) return std::nullopt;
    list.emplace_back(Text(item));
  }
  return list;
}

class HubSpot : public Vendor {
 public:
  std::string Name() const override { return "hubspot"; }

  std::vector<std::string> Profiles() const override {
    std::vector<std::string> names;
    for (const Profile& profile : hubspot::Profiles()) names.push_back(profile.name);
    return names;
  }

  std::string Examples() const override {
    return "  hubspot-sandbox --port 8089 --profile free --latency 80\n"
           "  hubspot-sandbox --port 0 --no-limits --data ./portal --token pat-mine\n"
           "  hubspot-sandbox --port 0 --scopes "
           "crm.objects.contacts.read,crm.schemas.contacts.read\n";
  }

  std::string Usage(const std::string& url) const override {
    return "  in penstock.yaml: crm: {connector: hubspot, base_url: \"" + url +
           "\", config: {access_token: \"${env:HUBSPOT_TOKEN}\"}}\n  HUBSPOT_TOKEN=" +
           tokens_given_.front() + "\n";
  }

  void AddOptions(CommandLine& line) override {
    line.Add("--token", &tokens_given_, "A token it accepts; may be repeated").ShowDefault();
    line.Add("--scopes", &scopes_given_, "Scopes of the tokens, comma-separated (default: all)")
        .SplitAt(',');
    line.Add("--client-id", &app_given_.client_id, "Client id of the OAuth app").ShowDefault();
    line.Add("--client-secret", &app_given_.client_secret, "Its secret").ShowDefault();
    line.Add("--refresh-token", &app_given_.refresh_tokens, "Its refresh token; may be repeated")
        .ShowDefault();
    line.Add("--token-life", &app_given_.life_s, "Seconds that its access tokens live")
        .ShowDefault();
    line.AddFlag("--trace-ids-in-results", &trace_ids_,
                 "Results of a batch carry their objectWriteTraceId");
    line.Add("--search-lag", &search_lag_ms_, "Milliseconds until a search finds a write")
        .ShowDefault();
  }

  bool Start(Sandbox& sandbox, std::string* error) override;
  void OnSetting(const std::string& key, const JsonValue& value) override;
  std::string TableName(const std::string& path_name) const override;
  std::optional<Response> Admit(Request& request) override;
  void Finish(const Request& request, Response* response) override;
  Response Error(const Request& request, int status, std::string_view message) override;
  std::string EmptyBody(const Request& request) override;
  bool Configure(std::string_view name, const JsonValue& value) override;
  void Normalise(const Table& table, Values* values) override;
  void Reset() override;

 private:
  using Endpoint = Response (*)(const Portal&, const Request&);

  void AddObject(const std::string& name, std::string type_id, std::string singular,
                 std::uint64_t first_id);
  void Route(const char* method, const char* path, Endpoint endpoint);
  void AddRoutes();
  void FillSchema(Object* object);
  std::vector<std::string> NeededScopes(const Request& request) const;
  Response Details() const;
  Response Usage(const Request& request);
  Response PrivateAppToken(const Request& request) const;
  Response OAuthToken(const Request& request) const;

  Portal portal_;
  Tokens tokens_;
  OAuthApp app_;
  AppOptions app_given_;
  std::unique_ptr<Limits> limits_;
  std::vector<std::string> tokens_given_ = {"pat-sandbox"};
  std::vector<std::string> scopes_given_;
  bool trace_ids_ = false;
  std::int64_t search_lag_ms_ = 3000;
};

bool HubSpot::Start(Sandbox& sandbox, std::string* error) {
  portal_.sandbox = &sandbox;
  const std::string& account = sandbox.options.account;
  portal_.id = 24680135;
  if (!account.empty()) {
    auto [end, failed] =
        std::from_chars(account.data(), account.data() + account.size(), portal_.id);
    if (failed != std::errc() || end != account.data() + account.size() || portal_.id <= 0) {
      *error = "The account of HubSpot is a number, not " + account + ".";
      return false;
    }
  }
  tokens_.Set(tokens_given_, scopes_given_.empty() ? AllScopes() : scopes_given_);
  app_.Set(app_given_);
  for (const Profile& profile : hubspot::Profiles()) {
    if (profile.name == sandbox.options.profile) limits_ = std::make_unique<Limits>(profile);
  }
  portal_.switches.trace_ids_in_results.store(trace_ids_);
  portal_.switches.search_lag_ms.store(search_lag_ms_);
  AddObject("contacts", "0-1", "CONTACT", 101'000'000'001);
  AddObject("companies", "0-2", "COMPANY", 202'000'000'001);
  AddObject("deals", "0-3", "DEAL", 303'000'000'001);
  AddRoutes();
  return true;
}

void HubSpot::AddObject(const std::string& name, std::string type_id, std::string singular,
                        std::uint64_t first_id) {
  auto object = std::make_unique<Object>();
  object->name = name;
  object->type_id = std::move(type_id);
  object->singular = std::move(singular);
  TableOptions options;
  options.name = name;
  options.first_id = first_id;
  if (name == "contacts") {
    options.unique = {"email"};
    options.aliases = {{"email", "hs_additional_emails"}};
  }
  object->table = &portal_.sandbox->store.AddTable(std::move(options));
  FillSchema(object.get());
  portal_.objects[name] = std::move(object);
}

void HubSpot::FillSchema(Object* object) {
  object->schema = Schema();
  for (Property& property : DefaultProperties(object->name)) {
    object->schema.Put(std::move(property));
  }
}

void HubSpot::Route(const char* method, const char* path, Endpoint endpoint) {
  portal_.sandbox->router.Add(method, path, [this, endpoint](const Request& request) {
    return endpoint(portal_, request);
  });
}

void HubSpot::AddRoutes() {
  Route("POST", "/crm/v3/objects/{object}/batch/create", BatchCreate);
  Route("POST", "/crm/v3/objects/{object}/batch/read", BatchRead);
  Route("POST", "/crm/v3/objects/{object}/batch/update", BatchUpdate);
  Route("POST", "/crm/v3/objects/{object}/batch/upsert", BatchUpsert);
  Route("POST", "/crm/v3/objects/{object}/batch/archive", BatchArchive);
  Route("POST", "/crm/v3/objects/{object}/search", SearchRecords);
  Route("GET", "/crm/v3/objects/{object}", ListRecords);
  Route("POST", "/crm/v3/objects/{object}", CreateRecord);
  Route("GET", "/crm/v3/objects/{object}/{id}", GetRecord);
  Route("PATCH", "/crm/v3/objects/{object}/{id}", PatchRecord);
  Route("DELETE", "/crm/v3/objects/{object}/{id}", DeleteRecord);
  Route("GET", "/crm/v3/properties/{object}", ListProperties);
  Route("POST", "/crm/v3/properties/{object}", CreateProperty);
  Route("GET", "/crm/v3/properties/{object}/{name}", GetProperty);
  Route("DELETE", "/crm/v3/properties/{object}/{name}", DeleteProperty);
  Router& router = portal_.sandbox->router;
  router.Add("GET", "/account-info/v3/details", [this](const Request&) { return Details(); });
  router.Add("GET", "/account-info/v3/api-usage/daily/private-apps",
             [this](const Request& request) { return Usage(request); });
  router.Add("POST", "/oauth/v2/private-apps/get/access-token-info",
             [this](const Request& request) { return PrivateAppToken(request); });
  router.Add("POST", "/oauth/v1/token",
             [this](const Request& request) { return app_.Exchange(request); });
  router.Add("GET", "/oauth/v1/access-tokens/{token}",
             [this](const Request& request) { return OAuthToken(request); });
}

// A property that a user made ("property/contacts/tier") or removed (null).
void HubSpot::OnSetting(const std::string& key, const JsonValue& value) {
  if (!key.starts_with(kPropertyPrefix)) return;
  std::size_t slash = key.find('/', kPropertyPrefix.size());
  if (slash == key.npos) return;
  Object* object = portal_.Find(key.substr(kPropertyPrefix.size(), slash - kPropertyPrefix.size()));
  if (object == nullptr) return;
  Property property;
  std::string error;
  if (!ReadProperty(value, &property, &error)) {
    object->schema.Remove(key.substr(slash + 1));
    return;
  }
  if (property.unique) object->table->AddUnique(property.name);
  object->schema.Put(std::move(property));
}

std::string HubSpot::TableName(const std::string& path_name) const {
  const Object* object = portal_.Find(path_name);
  return object == nullptr ? path_name : object->name;
}

// One of these scopes is needed; none: any token will do.
std::vector<std::string> HubSpot::NeededScopes(const Request& request) const {
  const std::string& route = request.route;
  auto object = request.params.find("object");
  if (object == request.params.end() || portal_.Find(object->second) == nullptr) return {};
  std::string name = TableName(object->second);
  auto scope = [&](const char* kind, const char* right) {
    return "crm." + std::string(kind) + "." + name + "." + right;
  };
  bool read = request.method == "GET" || route.ends_with("/read") || route.ends_with("/search");
  if (route.starts_with("/crm/v3/properties")) {
    if (!read) return {scope("schemas", "write")};
    return {scope("schemas", "read"), scope("objects", "read")};
  }
  return {scope("objects", read ? "read" : "write")};
}

std::optional<Response> HubSpot::Admit(Request& request) {
  // Introspection is given the token itself.
  if (request.route.starts_with("/oauth/")) return std::nullopt;
  const OAuthApp::Standing standing = app_.Use(request.BearerToken(), request.now_ms);
  if (standing == OAuthApp::Standing::kExpired) {
    ApiError error;
    error.status = 401;
    error.category = "EXPIRED_AUTHENTICATION";
    error.message = "The OAuth token used to make this call expired.";
    return ErrorResponse(error);
  }
  if (auto error = tokens_.Refuse(request.BearerToken(), NeededScopes(request),
                                  standing == OAuthApp::Standing::kGood)) {
    return ErrorResponse(*error);
  }
  const bool search = request.route.ends_with("/search");
  Headers headers;
  std::optional<ApiError> error;
  if (portal_.sandbox->limits.load()) {
    error = limits_->Take(request.now_ms, search, portal_.switches.rate_limit_category.load(),
                          &headers);
  } else if (!search) {
    Limits::AddBoundless(&headers);
  }
  for (auto& [name, value] : headers) request.notes[name] = value;
  if (error) return ErrorResponse(*error);
  return std::nullopt;
}

void HubSpot::Finish(const Request& request, Response* response) {
  for (const auto& [name, value] : request.notes) response->headers.emplace_back(name, value);
  for (const auto& [name, value] : response->headers) {
    if (name == "X-HubSpot-Correlation-Id") return;
  }
  response->headers.emplace_back("X-HubSpot-Correlation-Id", NewUuid());
}

Response HubSpot::Error(const Request& request, int status, std::string_view message) {
  ApiError error;
  if (status == 429) {
    error = RateLimited(request.route.ends_with("/search") ? "SECONDLY" : "TEN_SECONDLY_ROLLING",
                        portal_.switches.rate_limit_category.load());
  } else if (status == 401) {
    error.category = "INVALID_AUTHENTICATION";
  } else if (status == 403) {
    error.category = "MISSING_SCOPES";
  } else if (status == 404 || status == 405) {
    error.category = "OBJECT_NOT_FOUND";
  } else if (status == 409) {
    error.category = "CONFLICT";
  } else if (status == 423) {
    error.category = "LOCKED";
  } else if (status == 477) {
    error.category = "MIGRATION_IN_PROGRESS";
  } else if (status >= 500) {
    error.category = "INTERNAL_ERROR";
  }
  error.status = status;
  if (error.message.empty()) {
    error.message = message.empty() ? "The access token is not valid." : std::string(message);
  }
  Response response = ErrorResponse(error);
  // The one status for which the vendor documents it.
  if (status == 477) response.headers.emplace_back("Retry-After", "2");
  return response;
}

std::string HubSpot::EmptyBody(const Request& request) {
  if (request.path.find("/batch/") == std::string::npos) return R"({"results":[]})";
  return WriteJson([&](JsonWriter& json) {
    json.StartObject();
    PutMember(json, "status", "COMPLETE");
    PutMember(json, "startedAt", IsoTime(request.now_ms));
    PutMember(json, "completedAt", IsoTime(request.now_ms));
    json.Key("results");
    json.StartArray();
    json.EndArray();
    json.EndObject();
  });
}

bool HubSpot::Configure(std::string_view name, const JsonValue& value) {
  Switches& switches = portal_.switches;
  std::atomic<bool>* flag = name == "trace_ids_in_results"    ? &switches.trace_ids_in_results
                            : name == "shuffle"               ? &switches.shuffle
                            : name == "group_errors"          ? &switches.group_errors
                            : name == "reject_sparse_upserts" ? &switches.reject_sparse_upserts
                            : name == "update_all_or_nothing" ? &switches.update_all_or_nothing
                            : name == "rate_limit_category"   ? &switches.rate_limit_category
                                                              : nullptr;
  if (flag != nullptr && value.IsBool()) {
    flag->store(value.GetBool());
    return true;
  }
  if (value.IsInt64() && name == "search_lag_ms") {
    switches.search_lag_ms.store(value.GetInt64());
    return true;
  }
  if (value.IsInt64() && name == "daily_used") {
    limits_->SetUsedToday(portal_.sandbox->clock.NowMs(), value.GetInt64());
    return true;
  }
  if (app_.Configure(name, value)) return true;
  auto list = StringList(value);
  if (!list) return false;
  if (name == "tokens") {
    tokens_.SetTokens(std::move(*list));
  } else if (name == "scopes") {
    tokens_.SetScopes(std::move(*list));
  } else {
    return false;
  }
  return true;
}

void HubSpot::Normalise(const Table& table, Values* values) {
  Object* object = portal_.Find(table.name());
  for (FieldValue& value : *values) {
    if (!value.value) continue;
    std::string normal;
    if (object->schema.Normalise(value.name, *value.value, &normal)) continue;
    value.value = std::move(normal);
  }
}

void HubSpot::Reset() {
  for (const auto& [name, object] : portal_.objects) {
    auto lock = object->table->Lock();
    FillSchema(object.get());
  }
  limits_->Clear();
  tokens_.Set(tokens_given_, scopes_given_.empty() ? AllScopes() : scopes_given_);
  app_.Set(app_given_);
  portal_.switches.trace_ids_in_results.store(trace_ids_);
  portal_.switches.search_lag_ms.store(search_lag_ms_);
  portal_.switches.shuffle.store(true);
  portal_.switches.group_errors.store(false);
  portal_.switches.reject_sparse_upserts.store(false);
  portal_.switches.update_all_or_nothing.store(false);
  portal_.switches.rate_limit_category.store(false);
}

Response HubSpot::Details() const {
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartObject();
    json.Key("portalId");
    json.Int64(portal_.id);
    PutMember(json, "portalName", "Penstock sandbox");
    PutMember(json, "accountType", "STANDARD");
    PutMember(json, "timeZone", "UTC");
    PutMember(json, "companyCurrency", "USD");
    json.Key("additionalCurrencies");
    json.StartArray();
    json.EndArray();
    PutMember(json, "utcOffset", "+00:00");
    json.Key("utcOffsetMilliseconds");
    json.Int(0);
    PutMember(json, "uiDomain", "app.hubspot.com");
    PutMember(json, "dataHostingLocation", "na1");
    json.EndObject();
  });
}

Response HubSpot::Usage(const Request& request) {
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartObject();
    json.Key("results");
    json.StartArray();
    json.StartObject();
    PutMember(json, "name", "private-apps-api-calls-daily");
    json.Key("usageLimit");
    json.Int64(limits_->per_day());
    json.Key("currentUsage");
    json.Int64(limits_->used_today(request.now_ms));
    PutMember(json, "collectedAt", IsoTime(request.now_ms));
    PutMember(json, "fetchStatus", "SUCCESS");
    PutMember(json, "resetsAt", IsoTime((request.now_ms / kDayMs + 1) * kDayMs));
    json.EndObject();
    json.EndArray();
    json.EndObject();
  });
}

// What a private app's token opens; the token is in the body.
Response HubSpot::PrivateAppToken(const Request& request) const {
  JsonDocument body;
  std::string error;
  if (!request.ParseBody(&body, &error)) return ErrorResponse(Invalid(error));
  const JsonValue* token = Member(body, "tokenKey");
  if (token == nullptr || !token->IsString()) {
    return ErrorResponse(
        Invalid("Invalid input JSON: Some required fields were not set: [tokenKey]"));
  }
  if (auto refused = tokens_.Refuse(Text(*token), {})) return ErrorResponse(*refused);
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartObject();
    json.Key("userId");
    json.Int(1001);
    json.Key("hubId");
    json.Int64(portal_.id);
    json.Key("appId");
    json.Int(2002);
    json.Key("scopes");
    json.StartArray();
    for (const std::string& scope : tokens_.Scopes()) PutString(json, scope);
    json.EndArray();
    json.EndObject();
  });
}

// The same of an OAuth token, which is in the path.
Response HubSpot::OAuthToken(const Request& request) const {
  const std::string& token = request.Param("token");
  const bool issued = app_.Of(token, request.now_ms) == OAuthApp::Standing::kGood;
  if (!issued && !tokens_.Knows(token))
    return ErrorResponse(NotFound("The access token is not valid.", {}));
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartObject();
    PutMember(json, "token", token);
    PutMember(json, "user", "user@example.com");
    PutMember(json, "hub_domain", "sandbox.example.com");
    json.Key("scopes");
    json.StartArray();
    for (const std::string& scope : tokens_.Scopes()) PutString(json, scope);
    json.EndArray();
    json.Key("hub_id");
    json.Int64(portal_.id);
    json.Key("app_id");
    json.Int(2002);
    json.Key("expires_in");
    json.Int64(issued ? app_.SecondsLeft(token, request.now_ms) : 1800);
    json.Key("user_id");
    json.Int(1001);
    PutMember(json, "token_type", "access");
    json.EndObject();
  });
}

}  // namespace
}  // namespace penstock::sandbox::hubspot

int main(int argc, char** argv) {
  penstock::sandbox::hubspot::HubSpot vendor;
  return penstock::sandbox::SandboxMain(argc, argv, vendor);
}
