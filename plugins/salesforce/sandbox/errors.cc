#include "plugins/salesforce/sandbox/errors.h"

namespace penstock::sandbox::salesforce {
namespace {

void WriteError(JsonWriter& json, const char* code_name, std::string_view code,
                std::string_view message, const std::vector<std::string>& fields) {
  json.StartObject();
  PutMember(json, code_name, code);
  PutMember(json, "message", message);
  json.Key("fields");
  json.StartArray();
  for (const std::string& field : fields) PutString(json, field);
  json.EndArray();
  json.EndObject();
}

}  // namespace

Response ErrorResponse(const ApiError& error) {
  return Response::Json(error.status, [&](JsonWriter& json) {
    json.StartArray();
    if (error.fields.empty()) {
      json.StartObject();
      PutMember(json, "message", error.message);
      PutMember(json, "errorCode", error.code);
      json.EndObject();
    } else {
      WriteError(json, "errorCode", error.code, error.message, error.fields);
    }
    json.EndArray();
  });
}

Response ErrorResponse(int status, const std::vector<RecordError>& errors) {
  return Response::Json(status, [&](JsonWriter& json) {
    json.StartArray();
    for (const RecordError& error : errors) {
      WriteError(json, "errorCode", error.code, error.message, error.fields);
    }
    json.EndArray();
  });
}

void WriteErrors(JsonWriter& json, const std::vector<RecordError>& errors) {
  json.StartArray();
  for (const RecordError& error : errors) {
    WriteError(json, "statusCode", error.code, error.message, error.fields);
  }
  json.EndArray();
}

std::string CsvError(const std::vector<RecordError>& errors) {
  std::string text;
  for (const RecordError& error : errors) {
    if (!text.empty()) text += ';';
    text += error.code + ":" + error.message + ":";
    for (std::size_t i = 0; i < error.fields.size(); ++i)
      text += (i > 0 ? "," : "") + error.fields[i];
    text += error.fields.empty() ? "--" : " --";
  }
  return text;
}

ApiError Invalid(const char* code, std::string message) {
  return {400, code, std::move(message), {}};
}

ApiError NoSuchKey(std::string_view field) {
  return {404,
          "NOT_FOUND",
          "Provided external ID field does not exist or is not accessible: " + std::string(field),
          {}};
}

ApiError NotFound() { return {404, "NOT_FOUND", "The requested resource does not exist", {}}; }

ApiError BadJson(std::string message) { return {400, "JSON_PARSER_ERROR", std::move(message), {}}; }

ApiError NoColumn(std::string_view field, std::string_view object) {
  return {400,
          "INVALID_FIELD",
          "No such column '" + std::string(field) + "' on sobject of type " + std::string(object),
          {}};
}

}  // namespace penstock::sandbox::salesforce
