#include "plugins/hubspot/sandbox/oauth.h"

#include <algorithm>
#include <optional>

#include "plugins/hubspot/sandbox/errors.h"

namespace penstock::sandbox::hubspot {
namespace {

using Form = std::map<std::string, std::string>;

// The members of a form; nothing when one is there twice.
std::optional<Form> ReadForm(std::string_view body) {
  Form form;
  while (!body.empty()) {
    const std::string_view pair = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(body.size(), pair.size() + 1));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string name = UrlDecode(pair.substr(0, equals), true);
    const std::string value = equals == pair.size() ? "" : UrlDecode(pair.substr(equals + 1), true);
    if (!form.emplace(name, value).second) return std::nullopt;
  }
  return form;
}

// The token endpoint has errors of its own form.
Response Refused(std::string_view status, std::string_view message) {
  const std::string correlation = NewUuid();
  Response response = Response::Json(400, [&](JsonWriter& json) {
    json.StartObject();
    PutMember(json, "status", status);
    PutMember(json, "message", message);
    PutMember(json, "correlationId", correlation);
    json.EndObject();
  });
  response.headers.emplace_back("X-HubSpot-Correlation-Id", correlation);
  return response;
}

}  // namespace

void OAuthApp::Set(const AppOptions& options) {
  const std::lock_guard lock(mutex_);
  options_ = options;
  refresh_tokens_ = {options.refresh_tokens.begin(), options.refresh_tokens.end()};
  access_tokens_.clear();
  rotate_ = false;
  calls_left_ = 0;
}

Response OAuthApp::Exchange(const Request& request) {
  const std::string type = Lower(Trim(request.Header("Content-Type")));
  if (!type.starts_with("application/x-www-form-urlencoded")) {
    return Refused("BAD_REQUEST", "the body must be a form");
  }
  auto form = ReadForm(request.body);
  if (!form) return Refused("BAD_REQUEST", "a parameter is there twice");
  for (const auto& [name, value] : *form) {
    if (name != "grant_type" && name != "client_id" && name != "client_secret" &&
        name != "refresh_token") {
      return Refused("BAD_REQUEST", "unknown parameter " + name);
    }
  }
  if ((*form)["grant_type"] != "refresh_token") {
    return Refused("BAD_GRANT_TYPE", "missing or unknown grant type");
  }
  const std::lock_guard lock(mutex_);
  if ((*form)["client_id"] != options_.client_id) {
    return Refused("BAD_CLIENT_ID", "missing or unknown client id");
  }
  if ((*form)["client_secret"] != options_.client_secret) {
    return Refused("BAD_CLIENT_SECRET", "missing or invalid client secret");
  }
  std::string refresh_token = (*form)["refresh_token"];
  if (!refresh_tokens_.contains(refresh_token)) {
    return Refused("BAD_REFRESH_TOKEN", "missing or invalid refresh token");
  }
  if (rotate_) {
    refresh_tokens_.erase(refresh_token);
    refresh_token = "sandbox-rt-" + NewUuid();
    refresh_tokens_.insert(refresh_token);
  }
  const std::string access_token = "sandbox-at-" + NewUuid();
  access_tokens_[access_token] = request.now_ms + options_.life_s * 1000;
  Response response = Response::Json(200, [&](JsonWriter& json) {
    json.StartObject();
    PutMember(json, "token_type", "bearer");
    PutMember(json, "refresh_token", refresh_token);
    PutMember(json, "access_token", access_token);
    json.Key("expires_in");
    json.Int64(options_.life_s);
    json.EndObject();
  });
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

void OAuthApp::Expire() {
  for (auto& [token, until_ms] : access_tokens_) until_ms = 0;
}

OAuthApp::Standing OAuthApp::Of(std::string_view access_token, std::int64_t now_ms) const {
  const std::lock_guard lock(mutex_);
  return Judge(access_token, now_ms);
}

OAuthApp::Standing OAuthApp::Use(std::string_view access_token, std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  const Standing standing = Judge(access_token, now_ms);
  if (standing == Standing::kGood && calls_left_ > 0 && --calls_left_ == 0) Expire();
  return standing;
}

OAuthApp::Standing OAuthApp::Judge(std::string_view access_token, std::int64_t now_ms) const {
  const auto found = access_tokens_.find(access_token);
  if (found == access_tokens_.end()) return Standing::kUnknown;
  return now_ms < found->second ? Standing::kGood : Standing::kExpired;
}

std::int64_t OAuthApp::SecondsLeft(std::string_view access_token, std::int64_t now_ms) const {
  const std::lock_guard lock(mutex_);
  const auto found = access_tokens_.find(access_token);
  return found == access_tokens_.end() ? 0
                                       : std::max<std::int64_t>(0, found->second - now_ms) / 1000;
}

bool OAuthApp::Configure(std::string_view name, const JsonValue& value) {
  const std::lock_guard lock(mutex_);
  if (name == "token_life_s" && value.IsInt64() && value.GetInt64() > 0) {
    options_.life_s = value.GetInt64();
  } else if (name == "rotate_refresh_tokens" && value.IsBool()) {
    rotate_ = value.GetBool();
  } else if (name == "expire_tokens" && value.IsTrue()) {
    Expire();
  } else if (name == "expire_after_calls" && value.IsInt64() && value.GetInt64() > 0) {
    calls_left_ = value.GetInt64();
  } else if (name == "refresh_tokens" && value.IsArray()) {
    std::set<std::string, std::less<>> tokens;
    for (const JsonValue& token : value.GetArray()) {
      if (!token.IsString()) return false;
      tokens.emplace(Text(token));
    }
    refresh_tokens_ = std::move(tokens);
  } else {
    return false;
  }
  return true;
}

}  // namespace penstock::sandbox::hubspot
