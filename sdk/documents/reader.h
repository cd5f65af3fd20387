// Reading a document: parsed with bounds, checked against its schema, then taken apart without
// further doubt about types. For the files of this folder only.
#pragma once

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/documents.hpp"
#include "penstock/result.hpp"

namespace penstock::sdk::documents {

using Json = rapidjson::Value;
using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

inline constexpr int kMaxDepth = 64;

/// INVALID_ARGUMENT with a PS-DOC code.
Failure Invalid(std::string code, std::string message);

/// Parses `text`; `what` names the document in messages.
Status Parse(std::string_view text, std::string_view what, rapidjson::Document* out);

/// Checks a parsed document against a parsed schema.
Status Check(const Json& document, const rapidjson::Document& schema, std::string_view what);

/// Both of the above, against a schema of sdk/schema.
Status ParseChecked(std::string_view text, const char* schema, std::string_view what,
                    rapidjson::Document* out, Unknown unknown = Unknown::kRefused);

// Members of an object that passed its schema; the default where they are missing.
const Json* Find(const Json& object, const char* name);
std::string Text(const Json& object, const char* name, const char* otherwise = "");
bool Flag(const Json& object, const char* name, bool otherwise);
uint64_t Number(const Json& object, const char* name, uint64_t otherwise);
std::vector<std::string> Texts(const Json& object, const char* name);
/// The JSON text of a member, or empty.
std::string RawText(const Json& object, const char* name);
std::string ToText(const Json& value);

// Writing.
void Write(Writer* writer, const char* name, std::string_view text);
void Write(Writer* writer, const char* name, const std::vector<std::string>& texts);
void Write(Writer* writer, const char* name, bool flag);
void Write(Writer* writer, const char* name, uint64_t number);
/// `json` must be valid JSON: it is written as it stands.
void WriteRaw(Writer* writer, const char* name, const std::string& json);

}  // namespace penstock::sdk::documents
