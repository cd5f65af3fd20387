#include "plugins/hubspot/answers.h"

#include <set>

namespace penstock::hubspot {

using sdk::ArrayMember;
using sdk::Failure;
using sdk::JsonValue;
using sdk::Member;
using sdk::TextMember;

namespace {

constexpr std::string_view kRefusedProperties = "Property values were not valid: ";

// A text, or a list of texts: HubSpot sends both.
void AppendTexts(const JsonValue* value, std::vector<std::string>* texts) {
  if (value == nullptr) return;
  if (value->IsString()) texts->emplace_back(sdk::JsonText(*value));
  if (!value->IsArray()) return;
  for (const JsonValue& item : value->GetArray()) {
    if (item.IsString()) texts->emplace_back(sdk::JsonText(item));
  }
}

void ReadContext(const JsonValue& json, ApiError* error) {
  const JsonValue* context = Member(json, "context");
  if (context == nullptr) return;
  AppendTexts(Member(*context, "objectWriteTraceId"), &error->trace_ids);
  AppendTexts(Member(*context, "ids"), &error->ids);
  AppendTexts(Member(*context, "requiredScopes"), &error->scopes);
  AppendTexts(Member(*context, "requiredGranularScopes"), &error->scopes);
  if (error->field.empty()) {
    std::vector<std::string> names;
    AppendTexts(Member(*context, "propertyName"), &names);
    if (!names.empty()) error->field = names.front();
  }
}

// The message carries a JSON list of refused properties behind a fixed sentence.
void ReadRefusedProperties(ApiError* error) {
  const size_t at = error->message.find(kRefusedProperties);
  if (at == std::string::npos) return;
  rapidjson::Document list;
  const std::string_view json =
      std::string_view(error->message).substr(at + kRefusedProperties.size());
  if (!sdk::ParseJson(json, &list) || !list.IsArray() || list.Empty()) return;
  std::set<std::string_view> names;
  for (const JsonValue& refused : list.GetArray()) names.insert(TextMember(refused, "name"));
  error->n_fields = names.size();
  error->code = TextMember(list[0], "error");
  error->field = TextMember(list[0], "name");
  error->field_message = TextMember(list[0], "message");
}

bool IsDaily(const ApiError& error) {
  return error.policy == "DAILY" || error.message.find("daily limit") != std::string::npos;
}

// HubSpot does not promise Retry-After with a 429; then the policy tells how long its window is.
int64_t RateLimitWait(const sdk::HttpResponse& response, const ApiError& error) {
  if (response.retry_after_ms() > 0) return response.retry_after_ms();
  return error.policy == "SECONDLY" ? 1000 : 10000;
}

Failure Make(penstock_status status, std::string_view code, std::string message,
             int64_t retry_after_ms = 0) {
  return {status, "hubspot." + std::string(code), std::move(message), retry_after_ms};
}

Failure Forbidden(const ApiError& error, const std::string& doing) {
  if (!error.scopes.empty()) {
    return Make(PENSTOCK_E_PERMISSION, "MISSING_SCOPES",
                doing + ": the access token lacks the scope " + ScopeText(error) +
                    "; add it to the app or service key in HubSpot");
  }
  return Make(PENSTOCK_E_PERMISSION, error.category.empty() ? "FORBIDDEN" : error.category,
              doing + ": HubSpot does not permit it: " + error.message);
}

}  // namespace

ApiError ReadError(const JsonValue& json) {
  ApiError error;
  error.category = TextMember(json, "category");
  error.message = TextMember(json, "message");
  error.policy = TextMember(json, "policyName");
  ReadContext(json, &error);
  if (const JsonValue* details = ArrayMember(json, "errors")) {
    for (const JsonValue& detail : details->GetArray()) {
      if (error.code.empty()) error.code = TextMember(detail, "code");
      if (error.message.empty()) error.message = TextMember(detail, "message");
      ReadContext(detail, &error);
    }
  }
  ReadRefusedProperties(&error);
  return error;
}

ApiError ReadError(const sdk::HttpResponse& response) {
  rapidjson::Document body;
  return sdk::ParseJson(response.body(), &body) ? ReadError(body) : ApiError();
}

Failure RunFailure(const sdk::HttpResponse& response, const ApiError& error,
                   std::string_view doing_view) {
  const std::string doing(doing_view);
  if (!response.answered()) return sdk::HttpFailure(response, "hubspot", doing);
  const std::string said = error.message.empty() ? "" : ": " + error.message;
  switch (response.status()) {
    case 401:
      return Make(PENSTOCK_E_UNAUTHENTICATED,
                  error.category.empty() ? "INVALID_AUTHENTICATION" : error.category,
                  "HubSpot does not accept the access token; check access_token, it may have been "
                  "rotated or revoked");
    case 403:
      return Forbidden(error, doing);
    case 404:
      return Make(PENSTOCK_E_NOT_FOUND, "NOT_FOUND", doing + ": HubSpot answers 404" + said);
    case 429:
      if (IsDaily(error)) {
        return Make(PENSTOCK_E_QUOTA, "DAILY_LIMIT",
                    "HubSpot's daily limit of requests is used up; it is renewed at midnight in "
                    "the account's time zone");
      }
      return Make(PENSTOCK_E_RATE_LIMITED, "RATE_LIMITED", doing + ": HubSpot's rate limit" + said,
                  RateLimitWait(response, error));
    case 423:
    case 477:
      return Make(PENSTOCK_E_UNAVAILABLE, "LOCKED",
                  doing + ": the account is locked for now" + said,
                  response.retry_after_ms() > 0 ? response.retry_after_ms() : 2000);
    default:
      return Make(response.status() >= 500 ? PENSTOCK_E_UNAVAILABLE : PENSTOCK_E_INTERNAL,
                  "HTTP_" + std::to_string(response.status()),
                  doing + ": HubSpot answers " + std::to_string(response.status()) + said,
                  response.retry_after_ms());
  }
}

std::string ScopeText(const ApiError& error) {
  std::string joined;
  for (const std::string& scope : error.scopes) joined += (joined.empty() ? "" : " or ") + scope;
  return joined;
}

sdk::Status Read(const sdk::Http& http, sdk::Call call, const sdk::HttpRequest& request,
                 std::string_view doing, rapidjson::Document* document) {
  sdk::Status result;
  sdk::Status performed = http.Perform(call, request, [&](const sdk::HttpResponse& response) {
    if (!response.success()) {
      result = RunFailure(response, ReadError(response), doing);
    } else if (!sdk::ParseJson(response.body(), document) || !document->IsObject()) {
      result = Make(PENSTOCK_E_INTERNAL, "BAD_ANSWER",
                    std::string(doing) + ": the answer is not a JSON object");
    }
  });
  return performed.ok() ? result : performed;
}

}  // namespace penstock::hubspot
