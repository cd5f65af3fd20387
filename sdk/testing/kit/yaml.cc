#include "sdk/testing/kit/yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>

#include "penstock/json.hpp"
#include "sdk/testing/kit/exact_json.h"

namespace penstock::kit {
namespace {

// As JSON writes numbers.
bool LooksLikeNumber(const std::string& text) {
  size_t at = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const size_t start = at;
    while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0) ++at;
    return at - start;
  };
  const size_t first = at;
  const size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[first] == '0')) return false;
  if (at < text.size() && text[at] == '.' && (++at, digits() == 0)) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

void Scalar(const YAML::Node& node, sdk::JsonWriter* json) {
  const std::string& text = node.Scalar();
  // "!" is the tag of a quoted scalar: it is text whatever it looks like.
  const bool plain = node.Tag() != "!";
  if (plain && (text == "true" || text == "false" || LooksLikeNumber(text))) {
    json->Raw(text);
  } else if (plain && (text.empty() || text == "null" || text == "~")) {
    json->Raw("null");
  } else {
    json->String(text);
  }
}

void Put(const YAML::Node& node, sdk::JsonWriter* json) {
  switch (node.Type()) {
    case YAML::NodeType::Map:
      json->BeginObject();
      for (const auto& member : node) {
        json->Key(member.first.Scalar());
        Put(member.second, json);
      }
      json->EndObject();
      break;
    case YAML::NodeType::Sequence:
      json->BeginArray();
      for (const auto& item : node) Put(item, json);
      json->EndArray();
      break;
    case YAML::NodeType::Scalar:
      Scalar(node, json);
      break;
    default:
      json->Raw("null");
  }
}

// Words need no quotes; everything else gets them.
bool IsWord(std::string_view text) {
  if (text == "true" || text == "false" || text == "null" || text.empty()) return false;
  return std::isalpha(static_cast<unsigned char>(text[0])) != 0 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
         });
}

void Emit(const Json& value, YAML::Emitter* out) {
  if (value.IsObject()) {
    if (value.ObjectEmpty()) *out << YAML::Flow;
    *out << YAML::BeginMap;
    for (const auto& member : value.GetObject()) {
      *out << YAML::Key << std::string(Plain(member.name)) << YAML::Value;
      Emit(member.value, out);
    }
    *out << YAML::EndMap;
  } else if (value.IsArray()) {
    if (value.Empty()) *out << YAML::Flow;
    *out << YAML::BeginSeq;
    for (const Json& item : value.GetArray()) Emit(item, out);
    *out << YAML::EndSeq;
  } else if (IsText(value) && !IsWord(Plain(value))) {
    *out << YAML::DoubleQuoted << std::string(Plain(value));
  } else if (value.IsString()) {
    *out << std::string(Plain(value));
  } else if (value.IsBool()) {
    *out << value.GetBool();
  } else {
    *out << YAML::Null;
  }
}

}  // namespace

std::string JsonToYaml(const std::string& json) {
  rapidjson::Document document;
  if (!ParseExact(json, &document)) return {};
  YAML::Emitter out;
  Emit(document, &out);
  return std::string(out.c_str(), out.size()) + "\n";
}

sdk::Result<std::string> YamlToJson(const std::string& yaml) {
  try {
    sdk::JsonWriter json;
    Put(YAML::Load(yaml), &json);
    return json.Take();
  } catch (const YAML::Exception& e) {
    return sdk::Failure{PENSTOCK_E_INVALID_ARGUMENT, "KIT-YAML",
                        "line " + std::to_string(e.mark.line + 1) + ", column " +
                            std::to_string(e.mark.column + 1) + ": " + e.msg,
                        0};
  }
}

}  // namespace penstock::kit
