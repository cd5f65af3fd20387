#include "plugins/salesforce/sandbox/oauth.h"

#include <algorithm>
#include <charconv>

#include "plugins/salesforce/sandbox/json.h"

namespace penstock::sandbox::salesforce {
namespace {

constexpr std::int64_t kSkewMs = 180'000;
// Longest life of an assertion, by the vendor's documentation.
constexpr std::int64_t kAssertionMs = 180'000;

Response Refused(std::string_view error, std::string_view description) {
  return Response::Json(400, [&](JsonWriter& json) {
    json.StartObject();
    PutMember(json, "error", error);
    PutMember(json, "error_description", description);
    json.EndObject();
  });
}

Response BadToken(const char* what) {
  Response response = Response::Json(403, std::string(what));
  response.content_type = "text/html;charset=UTF-8";
  return response;
}

// "Authorization: Basic" carries the client's name and secret as well.
void ReadBasic(const Request& request, std::map<std::string, std::string>* form) {
  constexpr std::string_view kScheme = "Basic ";
  std::string_view value = request.Header("Authorization");
  if (!value.starts_with(kScheme)) return;
  std::string text(Trim(value.substr(kScheme.size())));
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  while (text.ends_with('=')) text.pop_back();
  const auto pair = FromBase64Url(text);
  if (!pair) return;
  const std::size_t colon = pair->find(':');
  if (colon == pair->npos) return;
  (*form)["client_id"] = UrlDecode(pair->substr(0, colon), true);
  (*form)["client_secret"] = UrlDecode(pair->substr(colon + 1), true);
}

const std::string& At(const std::map<std::string, std::string>& form, const char* name) {
  static const std::string nothing;
  const auto found = form.find(name);
  return found == form.end() ? nothing : found->second;
}

// The time of a claim in milliseconds. Tools send seconds or milliseconds.
std::optional<std::int64_t> TimeOf(const Json& claims, const char* name) {
  const Json* value = claims.Find(name);
  if (value == nullptr) return std::nullopt;
  std::int64_t time = 0;
  const std::string text = value->text.substr(0, value->text.find('.'));
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return time > 100'000'000'000 ? time : time * 1000;
}

}  // namespace

bool OAuth::Open(const Org& org, std::string* error) {
  org_ = &org;
  uses_ = app.token_uses;
  seconds_ = app.token_seconds;
  const std::string& folder = org.sandbox().options.data_directory;
  if (!app.jwt_key.empty()) {
    key_ = JwtKey::Read(app.jwt_key, error);
  } else if (!folder.empty()) {
    key_ = JwtKey::InFolder(folder, error);
  } else {
    return true;
  }
  return key_ != nullptr;
}

std::optional<Response> OAuth::CheckClient(const Form& form) const {
  if (At(form, "client_id") != app.client_id) {
    return Refused("invalid_client_id", "client identifier invalid");
  }
  const bool refresh = At(form, "grant_type") == "refresh_token";
  const std::string& secret = At(form, "client_secret");
  if (secret == app.client_secret || (refresh && secret.empty())) return std::nullopt;
  return Refused("invalid_client", "invalid client credentials");
}

Response OAuth::Token(const Request& request) {
  if (!request.Header("Content-Type").starts_with("application/x-www-form-urlencoded")) {
    return Refused("unsupported_grant_type", "grant type not supported");
  }
  Form form = ReadForm(request.body);
  ReadBasic(request, &form);
  const std::string& grant = At(form, "grant_type");
  if (grant == "urn:ietf:params:oauth:grant-type:jwt-bearer") return ByJwt(request, form);
  if (grant != "client_credentials" && grant != "refresh_token" && grant != "password") {
    return Refused("unsupported_grant_type", "grant type not supported");
  }
  if (auto refused = CheckClient(form)) return *refused;
  if (grant == "refresh_token") return ByRefreshToken(request, form);
  if (grant == "password") return ByPassword(request, form);
  return Issue(request);
}

Response OAuth::ByPassword(const Request& request, const Form& form) {
  const auto& users = org_->schema().users;
  const bool known = At(form, "username") == users.front().at("Username");
  if (!known || At(form, "password") != app.password) {
    return Refused("invalid_grant", "authentication failure");
  }
  return Issue(request);
}

Response OAuth::ByRefreshToken(const Request& request, const Form& form) {
  const bool revoked = [&] {
    std::lock_guard lock(mutex_);
    return revoked_;
  }();
  if (revoked || At(form, "refresh_token") != app.refresh_token) {
    return Refused("invalid_grant", "expired access/refresh token");
  }
  return Issue(request);
}

bool OAuth::IsAudience(const Request& request, std::string audience) const {
  while (audience.ends_with('/')) audience.pop_back();
  return audience == "https://login.salesforce.com" || audience == "https://test.salesforce.com" ||
         audience == InstanceOf(request);
}

Response OAuth::ByJwt(const Request& request, const Form& form) {
  const auto text = key_ ? key_->Open(At(form, "assertion")) : std::nullopt;
  Json claims;
  std::string error;
  if (!text || !ParseJson(*text, &claims, &error)) {
    return Refused("invalid_grant", "invalid assertion");
  }
  const std::string* issuer = claims.FindText("iss");
  if (issuer == nullptr || *issuer != app.client_id) {
    return Refused("invalid_client_id", "client identifier invalid");
  }
  const std::string* audience = claims.FindText("aud");
  if (audience == nullptr || !IsAudience(request, *audience)) {
    return Refused("invalid_grant", "audience is invalid");
  }
  const auto expires = TimeOf(claims, "exp");
  if (!expires || *expires < request.now_ms - kSkewMs ||
      *expires > request.now_ms + kAssertionMs + kSkewMs) {
    return Refused("invalid_grant", "expired authorization code");
  }
  const std::string* user = claims.FindText("sub");
  if (user == nullptr || *user != org_->schema().users.front().at("Username")) {
    return Refused("invalid_grant", "user hasn't approved this consumer");
  }
  return Issue(request);
}

std::string OAuth::NewToken() {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string token = org_->id().substr(0, 15) + "!AQ";
  for (int i = 0; i < 60; ++i) {
    token += kDigits[org_->sandbox().Random(static_cast<std::uint32_t>(kDigits.size()))];
  }
  return token;
}

Response OAuth::Issue(const Request& request) {
  const std::string token = NewToken();
  {
    std::lock_guard lock(mutex_);
    if (blocked_) {
      return Refused("invalid_grant", "user is not admin approved to access this app");
    }
    if (calls_left_ == 0) calls_left_ = -1;  // those that were to end have ended
    tokens_[token] = {request.now_ms + seconds_ * 1000, uses_};
  }
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartObject();
    PutMember(json, "access_token", token);
    PutMember(json, "signature", token.substr(18, 43) + "=");
    std::string scopes;
    for (const std::string& scope : app.scopes) scopes += (scopes.empty() ? "" : " ") + scope;
    PutMember(json, "scope", scopes);
    PutMember(json, "instance_url", InstanceOf(request));
    PutMember(json, "id", IdentityUrl(request));
    PutMember(json, "token_type", "Bearer");
    PutMember(json, "issued_at", std::to_string(request.now_ms));
    json.EndObject();
  });
}

std::string OAuth::InstanceOf(const Request& request) const {
  if (!app.instance_url.empty()) return app.instance_url;
  const bool tls = !org_->sandbox().options.tls_certificate.empty();
  return (tls ? "https://" : "http://") + std::string(request.Header("Host"));
}

std::string OAuth::IdentityUrl(const Request& request) const {
  return InstanceOf(request) + "/id/" + org_->id() + "/" + org_->UserId();
}

Response OAuth::Revoke(const Request& request) {
  const Form form = ReadForm(request.body);
  const std::string& token = At(form, "token");
  std::lock_guard lock(mutex_);
  if (token == app.refresh_token && !revoked_) {
    revoked_ = true;
    tokens_.clear();
  } else if (tokens_.erase(token) == 0) {
    return Refused("unsupported_token_type", "this token type is not supported");
  }
  return Response::Json(200, std::string());
}

bool OAuth::IsFixedToken(const Request& request) const {
  return !blocked_ && !app.token.empty() && request.BearerToken() == app.token;
}

bool OAuth::Knows(const Request& request) const {
  std::lock_guard lock(mutex_);
  if (IsFixedToken(request)) return true;
  const auto found = tokens_.find(request.BearerToken());
  return found != tokens_.end() && found->second.until_ms > request.now_ms &&
         found->second.uses != 0;
}

Response OAuth::UserInfo(const Request& request) {
  if (request.BearerToken().empty()) return BadToken("Missing_OAuth_Token");
  if (!Knows(request)) return BadToken("Bad_OAuth_Token");
  const auto& user = org_->schema().users.front();
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartObject();
    PutMember(json, "sub", IdentityUrl(request));
    PutMember(json, "user_id", org_->UserId());
    PutMember(json, "organization_id", org_->id());
    PutMember(json, "preferred_username", At(user, "Username"));
    PutMember(json, "nickname", At(user, "FirstName"));
    PutMember(json, "name", At(user, "FirstName") + " " + At(user, "LastName"));
    PutMember(json, "email", At(user, "Email"));
    json.Key("email_verified");
    json.Bool(true);
    PutMember(json, "zoneinfo", "GMT");
    json.Key("active");
    json.Bool(true);
    PutMember(json, "user_type", "STANDARD");
    PutMember(json, "language", "en_US");
    PutMember(json, "locale", "en_US");
    json.Key("urls");
    json.StartObject();
    PutMember(json, "rest", InstanceOf(request) + "/services/data/v{version}/");
    PutMember(json, "sobjects", InstanceOf(request) + "/services/data/v{version}/sobjects/");
    PutMember(json, "query", InstanceOf(request) + "/services/data/v{version}/query/");
    json.EndObject();
    json.EndObject();
  });
}

Response OAuth::Identity(const Request& request) {
  if (request.Param("org") != org_->id() || request.Param("user") != org_->UserId()) {
    return BadToken("Wrong_Org");
  }
  Response response = UserInfo(request);
  // The same person under the older names.
  if (response.status != 200) return response;
  const auto& user = org_->schema().users.front();
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartObject();
    PutMember(json, "id", IdentityUrl(request));
    json.Key("asserted_user");
    json.Bool(true);
    PutMember(json, "user_id", org_->UserId());
    PutMember(json, "organization_id", org_->id());
    PutMember(json, "username", At(user, "Username"));
    PutMember(json, "display_name", At(user, "FirstName") + " " + At(user, "LastName"));
    PutMember(json, "email", At(user, "Email"));
    json.Key("active");
    json.Bool(true);
    json.EndObject();
  });
}

std::optional<ApiError> OAuth::Refuse(const Request& request) {
  std::lock_guard lock(mutex_);
  if (calls_left_ == 0) {
    tokens_.clear();
    blocked_ = blocked_ || block_then_;
  }
  const auto found = tokens_.find(request.BearerToken());
  if (found != tokens_.end() && found->second.until_ms > request.now_ms &&
      found->second.uses != 0) {
    if (found->second.uses > 0) --found->second.uses;
    if (calls_left_ > 0) --calls_left_;
  } else if (!IsFixedToken(request)) {
    return ApiError{401, "INVALID_SESSION_ID", "Session expired or invalid", {}};
  }
  for (const char* scope : {"api", "full"}) {
    if (std::find(app.scopes.begin(), app.scopes.end(), scope) != app.scopes.end()) {
      return std::nullopt;
    }
  }
  return ApiError{
      403, "INVALID_SESSION_ID", "This session is not valid for use with the REST API", {}};
}

void OAuth::ExpireAll() {
  std::lock_guard lock(mutex_);
  tokens_.clear();
}

void OAuth::ExpireAfter(std::int64_t calls, bool block) {
  std::lock_guard lock(mutex_);
  calls_left_ = calls;
  block_then_ = block;
}

void OAuth::SetBlocked(bool blocked) {
  std::lock_guard lock(mutex_);
  blocked_ = blocked;
  block_then_ = false;
  if (blocked) tokens_.clear();
}

void OAuth::SetTokenUses(std::int64_t uses) {
  std::lock_guard lock(mutex_);
  uses_ = uses;
}

void OAuth::SetTokenSeconds(std::int64_t seconds) {
  std::lock_guard lock(mutex_);
  seconds_ = seconds;
}

void OAuth::Reset() {
  std::lock_guard lock(mutex_);
  tokens_.clear();
  uses_ = app.token_uses;
  seconds_ = app.token_seconds;
  calls_left_ = -1;
  blocked_ = block_then_ = revoked_ = false;
}

}  // namespace penstock::sandbox::salesforce
