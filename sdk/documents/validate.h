// Checks JSON against a JSON Schema: configuration against a manifest's config_schema, options
// against an object's options_schema, documents against sdk/schema.
#pragma once

#include <string>
#include <string_view>

#include "penstock/result.hpp"

namespace penstock::sdk {

/// OK when `json` is JSON and obeys `schema` (draft-04 keywords). Otherwise INVALID_ARGUMENT with
/// code PS-DOC-SYNTAX or PS-DOC-INVALID and one sentence that names `what`, the JSON pointer and
/// the broken rule; it quotes names and allowed values, never the document's own values, since they
/// may be secret. PS-DOC-SCHEMA when `schema` itself is unreadable. [thread-safe]
Status ValidateJson(std::string_view schema, std::string_view json, std::string_view what);

/// OK when `schema` uses only the keywords that config_schema and options_schema may use: type,
/// properties, required, additionalProperties, enum, minimum, maximum, minLength, maxLength,
/// pattern, items, minItems, maxItems, oneOf, allOf, not, title, description, default, x-secret,
/// x-order. Others would be ignored in silence. Each rule of an allOf has a description that says
/// what breaks it: the user reads that. PS-DOC-SCHEMA names the pointer. [thread-safe]
Status CheckSchemaKeywords(std::string_view schema, std::string_view what);

}  // namespace penstock::sdk
