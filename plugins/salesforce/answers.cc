#include "plugins/salesforce/answers.h"

namespace penstock::salesforce {

using sdk::Failure;
using sdk::JsonValue;
using sdk::TextMember;

namespace {

// Short enough to be waited for, long enough for requests of more than 20 seconds to end.
constexpr int64_t kConcurrentWaitMs = 10000;

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Failure Make(penstock_status status, std::string_view code, std::string message,
             int64_t retry_after_ms = 0) {
  return {status, "salesforce." + std::string(code), std::move(message), retry_after_ms};
}

Failure LimitFailure(const ApiError& error, const std::string& doing) {
  // "TotalRequests Limit exceeded." against "ConcurrentRequests (...) Limit exceeded."
  if (Has(error.message, "oncurrent")) {
    return Make(PENSTOCK_E_RATE_LIMITED, "CONCURRENT_LIMIT",
                doing + ": too many long requests are running in this Salesforce organization",
                kConcurrentWaitMs);
  }
  return Make(PENSTOCK_E_QUOTA, "DAILY_LIMIT",
              "the Salesforce organization has used up its API requests of 24 hours; the window "
              "rolls, so requests come free again hour by hour, and all of them within 24 hours; "
              "who uses them is shown in Salesforce under Setup, System Overview");
}

Failure Forbidden(const ApiError& error, const std::string& doing) {
  if (error.code == "API_DISABLED_FOR_ORG" || error.code == "API_CURRENTLY_DISABLED") {
    return Make(PENSTOCK_E_PERMISSION, error.code,
                doing +
                    ": the API is not enabled for this organization or user; the edition must "
                    "include API access and the user needs the permission API Enabled");
  }
  return Make(PENSTOCK_E_PERMISSION, error.code.empty() ? "FORBIDDEN" : error.code,
              doing + ": Salesforce does not permit it" +
                  (error.message.empty() ? "" : ": " + error.message));
}

}  // namespace

ApiError ReadError(const JsonValue& errors) {
  ApiError error;
  if (!errors.IsArray() || errors.Empty()) return error;
  const JsonValue& first = errors[0];
  error.code = TextMember(first, "statusCode");
  if (error.code.empty()) error.code = TextMember(first, "errorCode");
  error.message = TextMember(first, "message");
  if (const JsonValue* fields = sdk::ArrayMember(first, "fields")) {
    for (const JsonValue& field : fields->GetArray()) {
      if (field.IsString()) error.fields.emplace_back(sdk::JsonText(field));
    }
  }
  error.more = errors.Size() - 1;
  return error;
}

ApiError ReadError(const sdk::HttpResponse& response) {
  rapidjson::Document body;
  return sdk::ParseJson(response.body(), &body) ? ReadError(body) : ApiError();
}

sdk::Status RunStatus(const ApiError& error, std::string_view doing_view) {
  const std::string doing(doing_view);
  if (error.code == "REQUEST_LIMIT_EXCEEDED") return LimitFailure(error, doing);
  if (error.code == "STORAGE_LIMIT_EXCEEDED") {
    return Make(PENSTOCK_E_QUOTA, error.code,
                doing +
                    ": the Salesforce organization has no data storage left; free some, or buy "
                    "more, then run again");
  }
  if (error.code == "API_DISABLED_FOR_ORG" || error.code == "API_CURRENTLY_DISABLED") {
    return Forbidden(error, doing);
  }
  return {};
}

Failure RunFailure(const sdk::HttpResponse& response, const ApiError& error,
                   std::string_view doing_view) {
  const std::string doing(doing_view);
  if (!response.answered()) return sdk::HttpFailure(response, "salesforce", doing);
  sdk::Status known = RunStatus(error, doing);
  if (!known.ok()) return known.failure();
  if (error.code == "LIMIT_EXCEEDED") {
    return Make(PENSTOCK_E_QUOTA, error.code,
                doing + ": the Salesforce organization has used up a limit: " + error.message);
  }
  switch (response.status()) {
    case 401:
      return Make(PENSTOCK_E_UNAUTHENTICATED, error.code.empty() ? "UNAUTHENTICATED" : error.code,
                  doing +
                      ": Salesforce does not accept the session; it may have expired or been "
                      "revoked, or the user may be frozen or have no access to the API");
    case 403:
      return Forbidden(error, doing);
    default:
      break;
  }
  if (error.code == "INVALID_FIELD" || error.code == "INVALID_TYPE") {
    return Make(PENSTOCK_E_NOT_FOUND, error.code,
                doing + ": " + error.message +
                    "; the object or field is gone, or the user may no longer see it");
  }
  Failure failure = sdk::HttpFailure(response, "salesforce", doing, error.message);
  if (!error.code.empty() && failure.status == PENSTOCK_E_INTERNAL) {
    failure.code = "salesforce." + error.code;
  }
  return failure;
}

sdk::Status Read(const sdk::Http& http, sdk::Call call, const sdk::HttpRequest& request,
                 std::string_view doing, rapidjson::Document* document, std::string* limit_info) {
  sdk::Status result;
  sdk::Status performed = http.Perform(call, request, [&](const sdk::HttpResponse& response) {
    if (limit_info != nullptr) *limit_info = response.Header("Sforce-Limit-Info");
    if (!response.success()) {
      result = RunFailure(response, ReadError(response), doing);
    } else if (!sdk::ParseJsonNumbersAsText(response.body(), document) ||
               (!document->IsObject() && !document->IsArray())) {
      result = BadAnswer(doing, "the answer is neither a JSON object nor a list");
    }
  });
  return performed.ok() ? result : performed;
}

Failure BadAnswer(std::string_view doing, std::string_view what) {
  return Make(PENSTOCK_E_INTERNAL, "BAD_ANSWER", std::string(doing) + ": " + std::string(what));
}

}  // namespace penstock::salesforce
