// Checks JSON against a JSON Schema: configuration against a manifest's config_schema, options
// against an object's options_schema, documents against sdk/schema.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/result.hpp"

namespace penstock::sdk {

/// OK when `json` is JSON and obeys `schema` (draft-04 keywords). Otherwise INVALID_ARGUMENT with
/// code PS-DOC-SYNTAX or PS-DOC-INVALID and one sentence that names `what`, the JSON pointer and
/// the broken rule; it quotes names and allowed values, never the document's own values, since they
/// may be secret. PS-DOC-SCHEMA when `schema` itself is unreadable. [thread-safe]
Status ValidateJson(std::string_view schema, std::string_view json, std::string_view what);

/// The first setting that a schema refuses, in the words of whoever wrote it.
struct BrokenSetting {
  std::string name;   // "bulk_threshold", "objects.contacts.fields"; empty: the settings as a whole
  std::string given;  // "0", "\"fast\"", "a list": not to be shown of a setting that may be secret
  std::string rule;   // what follows its name: "takes true or false", "lacks \"path\""
  bool together = false;  // several settings do not go together: `rule` is the whole sentence
  std::string unknown;    // the member that it may not have, if it is that
  std::vector<std::string> known;  // those that it may have then; the values that it takes, if few
  std::string usual;               // its default, as JSON; empty: none
  std::string about;               // what the schema says of it; empty: nothing
};
/// Nothing when `json` obeys `schema`, or when one of them cannot be read. [thread-safe]
std::optional<BrokenSetting> FindBrokenSetting(std::string_view schema, std::string_view json);

/// What a setting takes, of the schema of this one: "one of auto, collections, bulk", "true or
/// false", "a whole number from 1 to 1,000". [thread-safe]
std::string TakenText(std::string_view schema);

/// OK when `schema` uses only the keywords that config_schema and options_schema may use: type,
/// properties, required, additionalProperties, enum, minimum, maximum, minLength, maxLength,
/// pattern, items, minItems, maxItems, oneOf, allOf, not, title, description, default, x-secret,
/// x-order. Others would be ignored in silence. Each rule of an allOf has a description that says
/// what breaks it: the user reads that. PS-DOC-SCHEMA names the pointer. [thread-safe]
Status CheckSchemaKeywords(std::string_view schema, std::string_view what);

}  // namespace penstock::sdk
