#include "plugins/http/config.h"

#include <algorithm>

#include "plugins/http/config_reader.h"
#include "plugins/http/operation.h"

namespace penstock::http_plugin {

namespace {

using sdk::FieldType;
using sdk::Normaliser;

constexpr std::pair<std::string_view, FieldType> kTypes[] = {
    {"string", FieldType::kString},       {"boolean", FieldType::kBoolean},
    {"integer", FieldType::kInteger},     {"decimal", FieldType::kDecimal},
    {"double", FieldType::kDouble},       {"date", FieldType::kDate},
    {"timestamp", FieldType::kTimestamp}, {"json", FieldType::kJson},
    {"bytes", FieldType::kBytes},         {"list", FieldType::kList}};
constexpr std::pair<std::string_view, Normaliser> kNormalisers[] = {{"trim", Normaliser::kTrim},
                                                                    {"lower", Normaliser::kLower},
                                                                    {"digits", Normaliser::kDigits},
                                                                    {"e164", Normaliser::kE164}};

// One of a closed list of words.
template <typename T, size_t N>
T OneOf(const Place& place, const std::pair<std::string_view, T> (&words)[N], T otherwise) {
  const std::string text = place.Text();
  std::string known;
  for (const auto& [word, value] : words) {
    if (word == text) return value;
    known += (known.empty() ? "" : ", ") + std::string(word);
  }
  place.Wrong("must be one of " + known);
  return otherwise;
}

sdk::Field ReadField(const Place& place, const std::string& name) {
  sdk::Field field;
  field.name = name;
  const bool map = place.value().IsObject();
  field.type = OneOf(map ? place["type"] : place, kTypes, FieldType::kString);
  if (name.empty() || name[0] == '$' || name.find_first_of("{}") != std::string::npos) {
    place.Wrong("has a name that is empty, begins with $ or holds a brace");
  }
  if (!map) return field;
  place.KnowsOnly({"type", "label", "required", "max_length", "enum", "normalisers"});
  field.label = place["label"].Text();
  field.required = place["required"].Flag(false);
  field.max_length = place["max_length"].Number(1, UINT32_MAX, 0);
  field.allowed = place["enum"].Texts();
  field.multiple = field.type == FieldType::kList && !field.allowed.empty();
  for (const Place& item : place["normalisers"].Items()) {
    field.normalisers.push_back(OneOf(item, kNormalisers, Normaliser::kTrim));
  }
  return field;
}

ObjectConfig ReadObject(const Place& place, const std::string& name,
                        const std::vector<std::pair<std::string, Text>>& headers) {
  ObjectConfig object;
  object.name = name;
  place.KnowsOnly({"label", "key", "parallel", "fields", "operations"});
  object.label = place["label"].Text();
  object.key = place["key"].Text();
  object.parallel = place["parallel"].Number(1, 64, 2);
  for (const auto& [field, at] : place["fields"].Members()) {
    object.fields.push_back(ReadField(at, field));
  }
  const auto key = std::find_if(object.fields.begin(), object.fields.end(),
                                [&](const sdk::Field& field) { return field.name == object.key; });
  if (key == object.fields.end()) {
    place["key"].Wrong("must name one of \"fields\"");
    return object;
  }
  key->required = key->unique = true;
  for (const auto& [operation, at] : place["operations"].Members()) {
    if (operation != "upsert" && operation != "insert" && operation != "update" &&
        operation != "delete") {
      at.Wrong("is no operation; there are upsert, insert, update and delete");
    }
    object.operations[operation] = ReadOperation(at, operation, object, headers);
  }
  if (object.operations.empty()) place["operations"].Wrong("has no operation");
  return object;
}

CheckConfig ReadCheck(const Place& place) {
  CheckConfig check;
  place.KnowsOnly({"path", "id", "name"});
  check.path = place["path"].Text();
  if (!check.path.starts_with("/")) place["path"].Wrong("must begin with /");
  check.id = place["id"].JsonPointer();
  check.name = place["name"].JsonPointer();
  return check;
}

// The destination's headers are of no record.
std::vector<std::pair<std::string, Text>> ReadCommonHeaders(const Place& place, Config* config) {
  std::vector<std::pair<std::string, Text>> headers = ReadHeaders(place);
  for (const auto& [name, text] : headers) {
    if (!HolesOf(text).empty()) {
      place[name.c_str()].Wrong("is sent with every request, so it cannot have {…} of a record");
    }
    config->headers.emplace_back(name, text.empty() ? "" : text[0].text);
  }
  return headers;
}

}  // namespace

bool ObjectConfig::Has(std::string_view field) const {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const sdk::Field& own) { return own.name == field; });
}

const ObjectConfig* Config::Find(std::string_view name) const {
  for (const ObjectConfig& object : objects) {
    if (object.name == name) return &object;
  }
  return nullptr;
}

sdk::Result<Config> ReadConfig(std::string_view json) {
  const auto failed = [](const std::string& sentence) {
    return sdk::Failure{PENSTOCK_E_INVALID_CONFIG, "http.CONFIG", sentence, 0};
  };
  rapidjson::Document document;
  if (!sdk::ParseJson(json, &document) || !document.IsObject()) {
    return failed("config: it is not a JSON object");
  }
  Complaint complaint;
  const Place root(&document, "", &complaint);
  Config config;
  root.KnowsOnly(
      {"auth", "secret", "auth_header", "headers", "account", "check", "objects", "$base_url"});
  root["auth"].Text();  // the host's to use
  root["auth_header"].Text();
  config.account = root["account"].Text();
  config.base_url = root["$base_url"].Text();
  if (root["check"].there()) config.check = ReadCheck(root["check"]);
  const auto headers = ReadCommonHeaders(root["headers"], &config);
  for (const auto& [name, place] : root["objects"].Members()) {
    if (name.empty()) place.Wrong("has no name");
    config.objects.push_back(ReadObject(place, name, headers));
  }
  if (config.objects.empty()) root["objects"].Wrong("has no object");
  if (!complaint.sentence().empty()) return failed(complaint.sentence());
  return config;
}

}  // namespace penstock::http_plugin
