#include "plugins/hubspot/sandbox/errors.h"

#include <Poco/UUIDGenerator.h>

namespace penstock::sandbox::hubspot {
namespace {

void WriteContext(JsonWriter& json, const Context& context) {
  json.StartObject();
  for (const auto& [name, values] : context) {
    json.Key(name.c_str());
    json.StartArray();
    for (const std::string& value : values) PutString(json, value);
    json.EndArray();
  }
  json.EndObject();
}

// The members that a whole answer and a batch's element share.
void WriteCommon(JsonWriter& json, const ApiError& error) {
  PutMember(json, "status", "error");
  PutMember(json, "category", error.category);
  PutMember(json, "message", error.message);
  json.Key("context");
  WriteContext(json, error.context);
  json.Key("errors");
  json.StartArray();
  if (!error.detail.empty()) {
    json.StartObject();
    PutMember(json, "message", error.detail);
    json.Key("context");
    WriteContext(json, error.detail_context);
    json.EndObject();
  }
  json.EndArray();
  json.Key("links");
  json.StartObject();
  json.EndObject();
}

// A 429 as documented: an error type and the limit's name, and no category.
void WriteRateLimit(JsonWriter& json, const ApiError& error, const std::string& correlation) {
  json.StartObject();
  PutMember(json, "status", "error");
  PutMember(json, "message", error.message);
  PutMember(json, "errorType", "RATE_LIMIT");
  PutMember(json, "correlationId", correlation);
  PutMember(json, "policyName", error.policy);
  PutMember(json, "requestId", NewUuid());
  json.EndObject();
}

}  // namespace

std::string NewUuid() { return Poco::UUIDGenerator::defaultGenerator().createRandom().toString(); }

Response ErrorResponse(const ApiError& error) {
  std::string correlation = NewUuid();
  Response response = Response::Json(error.status, [&](JsonWriter& json) {
    if (!error.policy.empty()) return WriteRateLimit(json, error, correlation);
    json.StartObject();
    WriteCommon(json, error);
    PutMember(json, "correlationId", correlation);
    json.EndObject();
  });
  response.headers.emplace_back("X-HubSpot-Correlation-Id", correlation);
  return response;
}

void WriteBatchError(JsonWriter& json, const ApiError& error) {
  json.StartObject();
  WriteCommon(json, error);
  json.EndObject();
}

ApiError Invalid(std::string message) {
  ApiError error;
  error.message = std::move(message);
  return error;
}

ApiError NotFound(std::string message, std::vector<std::string> ids) {
  ApiError error;
  error.status = 404;
  error.category = "OBJECT_NOT_FOUND";
  error.message = std::move(message);
  error.context.emplace_back("ids", std::move(ids));
  return error;
}

ApiError RateLimited(std::string_view policy, bool as_category) {
  ApiError error;
  error.status = 429;
  error.category = "RATE_LIMITS";
  if (!as_category) error.policy = policy;
  std::string_view name = policy == "DAILY"      ? "daily"
                          : policy == "SECONDLY" ? "secondly"
                                                 : "ten_secondly_rolling";
  error.message = "You have reached your " + std::string(name) + " limit.";
  return error;
}

}  // namespace penstock::sandbox::hubspot
