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

std::string Listed(const Json& values) {
  std::string out;
  for (const Json& value : values.GetArray()) {
    out += (out.empty() ? "" : ", ") +
           (value.IsString() ? std::string(value.GetString()) : ToText(value));
  }
  return out;
}

// 1000000 -> "1,000,000"; any other number as JSON has it.
std::string NumberText(const Json& number) {
  std::string text = ToText(number);
  if (!number.IsInt64() && !number.IsUint64()) return text;
  const size_t first = number.IsInt64() && number.GetInt64() < 0 ? 1 : 0;
  for (size_t at = text.size(); at > first + 3;) text.insert(at -= 3, ",");
  return text;
}

std::string Bounds(const Json& schema, const char* least, const char* most) {
  const Json* low = Find(schema, least);
  const Json* high = Find(schema, most);
  if (low != nullptr && high != nullptr) {
    return " from " + NumberText(*low) + " to " + NumberText(*high);
  }
  if (low != nullptr) return " of " + NumberText(*low) + " or more";
  return high == nullptr ? "" : " of at most " + NumberText(*high);
}

std::string TypeText(const Json& schema, const std::string& type) {
  if (type == "boolean") return "true or false";
  if (type == "integer") return "a whole number" + Bounds(schema, "minimum", "maximum");
  if (type == "number") return "a number" + Bounds(schema, "minimum", "maximum");
  if (type == "array") return "a list";
  if (type == "object") return "a map";
  if (type == "null") return "nothing";
  const Json* least = Find(schema, "minLength");
  const Json* most = Find(schema, "maxLength");
  const bool any =
      least != nullptr && most == nullptr && least->IsUint64() && least->GetUint64() == 1;
  if (any) return "text that is not empty";
  const std::string bounds = Bounds(schema, "minLength", "maxLength");
  return "text" + (bounds.empty() ? bounds : bounds + " characters");
}

std::string Taken(const Json& schema) {
  if (!schema.IsObject()) return "another value";
  if (const Json* values = Find(schema, "enum"); values != nullptr && values->IsArray()) {
    return (values->Size() == 1 ? "" : "one of ") + Listed(*values);
  }
  const Json* type = Find(schema, "type");
  if (type != nullptr && type->IsString()) return TypeText(schema, type->GetString());
  std::string out;
  if (type != nullptr && type->IsArray()) {
    for (const Json& one : type->GetArray()) {
      if (one.IsString()) out += (out.empty() ? "" : " or ") + TypeText(schema, one.GetString());
    }
  }
  return out.empty() ? "another value" : out;
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

// What breaks which rule first.
struct Broken {
  rapidjson::Pointer at;         // what has the unknown member, if it is that
  std::string unknown;           // that member
  const Json* schema = nullptr;  // of what is there; null: not to be found
  std::string keyword;           // of the rule
};

std::optional<Broken> FindBroken(const Json& document, const rapidjson::Document& schema) {
  const rapidjson::SchemaDocument compiled(schema);
  Pool pool;
  Validator validator(compiled, &pool);
  if (document.Accept(validator)) return std::nullopt;
  Broken broken;
  broken.at = validator.GetInvalidDocumentPointer();
  const char* found = validator.GetInvalidSchemaKeyword();
  broken.keyword = found == nullptr ? "" : found;
  broken.schema = validator.GetInvalidSchemaPointer().Get(schema);
  const size_t depth = broken.at.GetTokenCount();
  if (broken.keyword == "additionalProperties" && broken.schema != nullptr && depth > 0) {
    // The pointer is that of the property itself.
    const rapidjson::Pointer::Token& last = broken.at.GetTokens()[depth - 1];
    broken.unknown.assign(last.name, last.length);
    const std::string owner = PointerText(rapidjson::Pointer(broken.at.GetTokens(), depth - 1));
    broken.at = rapidjson::Pointer(owner.data(), owner.size());
  }
  return broken;
}

std::string Words(const Broken& broken, const Json& document) {
  if (!broken.unknown.empty()) return Unknown(broken.unknown, *broken.schema);
  const Json* at = broken.at.Get(document);
  if (broken.keyword == "allOf" && broken.schema != nullptr && at != nullptr) {
    return BrokenOf(*at, *broken.schema);
  }
  return Rule(at, broken.schema, broken.keyword);
}

std::string GivenText(const Json* value) {
  if (value == nullptr) return {};
  if (value->IsArray()) return "a list";
  if (value->IsObject()) return "a map";
  return value->IsNull() ? "empty" : ToText(*value);
}

std::string DottedText(const rapidjson::Pointer& pointer) {
  std::string out;
  for (size_t i = 0; i < pointer.GetTokenCount(); ++i) {
    const auto& token = pointer.GetTokens()[i];
    out += (out.empty() ? "" : ".") + std::string(token.name, token.length);
  }
  return out;
}

// Authors of documents know JSON Schema; users of settings need not.
void SayAsUsersDo(const Broken& broken, std::string* rule) {
  for (const char* known : {"type", "enum", "minimum", "maximum", "minLength", "maxLength"}) {
    if (broken.keyword == known) *rule = "takes " + Taken(*broken.schema);
  }
  if (broken.keyword == "pattern") *rule = "does not take";
  const Json* count = Find(*broken.schema, broken.keyword.c_str());
  if (count == nullptr) return;
  if (broken.keyword == "minItems") *rule = "takes at least " + ToText(*count) + " items";
  if (broken.keyword == "maxItems") *rule = "takes at most " + ToText(*count) + " items";
}

BrokenSetting SettingOf(const Broken& broken, const Json& document) {
  BrokenSetting out;
  const Json* value = broken.at.Get(document);
  out.name = DottedText(broken.at);
  out.given = GivenText(value);
  out.unknown = broken.unknown;
  out.rule = Words(broken, document);
  if (broken.schema == nullptr || !broken.schema->IsObject()) return out;
  const Json* known = Find(*broken.schema, "properties");
  if (!out.unknown.empty() && known != nullptr && known->IsObject()) {
    for (const auto& member : known->GetObject()) out.known.emplace_back(member.name.GetString());
  }
  if (const Json* values = Find(*broken.schema, "enum"); values != nullptr && values->IsArray()) {
    for (const Json& one : values->GetArray()) {
      if (one.IsString()) out.known.emplace_back(one.GetString());
    }
  }
  out.together = broken.keyword == "allOf";
  if (broken.unknown.empty()) SayAsUsersDo(broken, &out.rule);
  out.about = Text(*broken.schema, "description");
  if (out.about.empty()) out.about = Text(*broken.schema, "title");
  if (const Json* usual = Find(*broken.schema, "default")) out.usual = ToText(*usual);
  return out;
}

}  // namespace

Status Check(const Json& document, const rapidjson::Document& schema, std::string_view what) {
  const std::optional<Broken> broken = FindBroken(document, schema);
  if (!broken) return {};
  const std::string place = PointerText(broken->at);
  return Invalid("PS-DOC-INVALID", std::string(what) + (place.empty() ? "" : ": " + place) +
                                       (broken->keyword == "allOf" ? ": " : " ") +
                                       Words(*broken, document));
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

std::optional<BrokenSetting> FindBrokenSetting(std::string_view schema, std::string_view json) {
  rapidjson::Document schema_json, document;
  if (!documents::Parse(schema, "the schema", &schema_json).ok() || !schema_json.IsObject() ||
      !documents::Parse(json, "the settings", &document).ok()) {
    return std::nullopt;
  }
  const auto broken = documents::FindBroken(document, schema_json);
  if (!broken) return std::nullopt;
  return documents::SettingOf(*broken, document);
}

std::string TakenText(std::string_view schema) {
  rapidjson::Document json;
  if (!documents::Parse(schema, "the schema", &json).ok()) return {};
  return documents::Taken(json);
}

Status CheckSchemaKeywords(std::string_view schema, std::string_view what) {
  rapidjson::Document schema_json;
  if (!documents::Parse(schema, what, &schema_json).ok()) {
    return documents::Invalid("PS-DOC-SCHEMA", std::string(what) + " is not valid JSON");
  }
  return documents::CheckKeywords(schema_json, "", what);
}

}  // namespace penstock::sdk
