#include <rapidjson/pointer.h>
#include <rapidjson/schema.h>

#include <algorithm>
#include <array>

#include "sdk/documents/reader.h"
#include "sdk/documents/validate.h"

namespace penstock::sdk {
namespace documents {
namespace {

std::string PointerText(const rapidjson::Pointer& pointer) {
  rapidjson::StringBuffer buffer;
  pointer.Stringify(buffer);
  return std::string(buffer.GetString(), buffer.GetSize());
}

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string Missing(const Json& object, const Json& rule) {
  for (const Json& name : rule.GetArray()) {
    if (object.FindMember(name) == object.MemberEnd()) {
      return "lacks " + Quoted({name.GetString(), name.GetStringLength()});
    }
  }
  return "lacks a property";
}

std::string Unknown(const std::string& culprit, const Json& schema) {
  const Json* known = Find(schema, "properties");
  std::string names;
  if (known != nullptr) {
    for (const auto& member : known->GetObject()) {
      names += (names.empty() ? "" : ", ") + std::string(member.name.GetString());
    }
  }
  return "has " + Quoted(culprit) + ", which is not known here" +
         (names.empty() ? "" : " (known: " + names + ")");
}

// The broken rule in words. Quotes the schema and names of properties, never values.
std::string Rule(const Json* document, const Json* schema, const std::string& keyword) {
  const Json* rule =
      schema == nullptr || !schema->IsObject() ? nullptr : Find(*schema, keyword.c_str());
  if (keyword == "oneOf") return "matches none, or several, of the forms allowed here";
  if (rule == nullptr) return "breaks the rule \"" + keyword + "\"";
  if (document != nullptr && document->IsObject() && keyword == "required" && rule->IsArray()) {
    return Missing(*document, *rule);
  }
  if (keyword == "type") return "must be of type " + ToText(*rule);
  if (keyword == "enum") return "must be one of " + ToText(*rule);
  if (keyword == "pattern") return "must match " + ToText(*rule);
  return "breaks the rule " + keyword + ": " + ToText(*rule);
}

// From a pool: the validator leaks its states when it stops at an error.
using Pool = rapidjson::MemoryPoolAllocator<>;
using Validator =
    rapidjson::GenericSchemaValidator<rapidjson::SchemaDocument,
                                      rapidjson::BaseReaderHandler<rapidjson::UTF8<>>, Pool>;

// What the first broken rule of an allOf says of itself.
std::string BrokenOf(const Json& document, const Json& schema) {
  const Json* rules = Find(schema, "allOf");
  if (rules == nullptr || !rules->IsArray()) return "breaks a rule";
  for (const Json& rule : rules->GetArray()) {
    const rapidjson::SchemaDocument compiled(rule);
    Pool pool;
    Validator validator(compiled, &pool);
    if (!document.Accept(validator)) return Text(rule, "description");
  }
  return "breaks a rule";
}

constexpr std::array<std::string_view, 21> kKeywords = {
    "type",      "properties",  "required", "additionalProperties",
    "enum",      "minimum",     "maximum",  "minLength",
    "maxLength", "pattern",     "items",    "minItems",
    "maxItems",  "oneOf",       "allOf",    "not",
    "title",     "description", "default",  "x-secret",
    "x-order"};

Status CheckKeywords(const Json& schema, const std::string& pointer, std::string_view what) {
  if (!schema.IsObject()) {
    return Invalid("PS-DOC-SCHEMA", std::string(what) + ": " + pointer + " must be an object");
  }
  for (const auto& member : schema.GetObject()) {
    const std::string name(member.name.GetString(), member.name.GetStringLength());
    if (std::find(kKeywords.begin(), kKeywords.end(), name) == kKeywords.end()) {
      return Invalid("PS-DOC-SCHEMA", std::string(what) + ": " + pointer + "/" + name +
                                          " is no keyword that this schema may use");
    }
    Status nested;
    if (name == "properties" && member.value.IsObject()) {
      for (const auto& property : member.value.GetObject()) {
        nested = CheckKeywords(property.value, pointer + "/properties/" + property.name.GetString(),
                               what);
        if (!nested.ok()) return nested;
      }
    } else if (name == "items" || name == "not" ||
               (name == "additionalProperties" && !member.value.IsBool())) {
      nested = CheckKeywords(member.value, pointer + "/" + name, what);
    } else if ((name == "oneOf" || name == "allOf") && member.value.IsArray()) {
      for (const Json& form : member.value.GetArray()) {
        nested = CheckKeywords(form, pointer + "/" + name, what);
        if (nested.ok() && name == "allOf" && Text(form, "description").empty()) {
          nested = Invalid("PS-DOC-SCHEMA",
                           std::string(what) + ": " + pointer +
                               "/allOf has a rule whose description does not say what breaks it");
        }
        if (!nested.ok()) return nested;
      }
    }
    if (!nested.ok()) return nested;
  }
  return {};
}

}  // namespace

Status Check(const Json& document, const rapidjson::Document& schema, std::string_view what) {
  const rapidjson::SchemaDocument compiled(schema);
  Pool pool;
  Validator validator(compiled, &pool);
  if (document.Accept(validator)) return {};
  const rapidjson::Pointer at = validator.GetInvalidDocumentPointer();
  const rapidjson::Pointer rule_at = validator.GetInvalidSchemaPointer();
  const char* found = validator.GetInvalidSchemaKeyword();
  const std::string keyword = found == nullptr ? "" : found;
  const Json* broken = rule_at.Get(schema);
  std::string place = PointerText(at);
  std::string rule;
  const char* joint = " ";
  if (keyword == "additionalProperties" && broken != nullptr && at.GetTokenCount() > 0) {
    // The pointer is that of the property itself.
    const rapidjson::Pointer::Token& last = at.GetTokens()[at.GetTokenCount() - 1];
    place = PointerText(rapidjson::Pointer(at.GetTokens(), at.GetTokenCount() - 1));
    rule = Unknown(std::string(last.name, last.length), *broken);
  } else if (keyword == "allOf" && broken != nullptr && at.Get(document) != nullptr) {
    joint = ": ";
    rule = BrokenOf(*at.Get(document), *broken);
  } else {
    rule = Rule(at.Get(document), broken, keyword);
  }
  return Invalid("PS-DOC-INVALID",
                 std::string(what) + (place.empty() ? "" : ": " + place) + joint + rule);
}

}  // namespace documents

Status ValidateJson(std::string_view schema, std::string_view json, std::string_view what) {
  rapidjson::Document schema_json;
  if (!documents::Parse(schema, "the schema", &schema_json).ok() || !schema_json.IsObject()) {
    return documents::Invalid("PS-DOC-SCHEMA",
                              "the schema of " + std::string(what) + " is not a JSON object");
  }
  rapidjson::Document document;
  Status parsed = documents::Parse(json, what, &document);
  if (!parsed.ok()) return parsed;
  return documents::Check(document, schema_json, what);
}

Status CheckSchemaKeywords(std::string_view schema, std::string_view what) {
  rapidjson::Document schema_json;
  if (!documents::Parse(schema, what, &schema_json).ok()) {
    return documents::Invalid("PS-DOC-SCHEMA", std::string(what) + " is not valid JSON");
  }
  return documents::CheckKeywords(schema_json, "", what);
}

}  // namespace penstock::sdk
