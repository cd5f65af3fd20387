#include "sdk/testing/kit/filling.h"

#include "penstock/json.hpp"
#include "sdk/testing/kit/exact_json.h"

namespace penstock::kit {

bool Match(std::string_view pattern, std::string_view path, Names* names) {
  while (!pattern.empty()) {
    if (pattern.front() == '{') {
      const size_t close = pattern.find('}');
      if (close == std::string_view::npos) return false;
      const std::string_view value = path.substr(0, path.find('/'));
      if (value.empty()) return false;
      std::string text;
      sdk::AppendJsonString(value, &text);
      (*names)[std::string(pattern.substr(1, close - 1))] = text;
      pattern.remove_prefix(close + 1);
      path.remove_prefix(value.size());
      continue;
    }
    if (path.empty() || path.front() != pattern.front()) return false;
    pattern.remove_prefix(1);
    path.remove_prefix(1);
  }
  return path.empty();
}

std::string Unquoted(const std::string& json) {
  rapidjson::Document document;
  return ParseExact(json, &document) && document.IsString() ? std::string(Plain(document)) : json;
}

namespace {

// The JSON text of `value` with every ${name} replaced; a string that is one ${name} becomes that
// value whatever its type.
void Fill(const Json& value, const Names& names, sdk::JsonWriter* json) {
  if (value.IsObject()) {
    json->BeginObject();
    for (const auto& member : value.GetObject()) {
      json->Key(Plain(member.name));
      Fill(member.value, names, json);
    }
    json->EndObject();
  } else if (value.IsArray()) {
    json->BeginArray();
    for (const Json& item : value.GetArray()) Fill(item, names, json);
    json->EndArray();
  } else if (IsText(value)) {
    std::string text(Plain(value));
    if (text.starts_with("${") && text.find('}') == text.size() - 1) {
      const auto it = names.find(text.substr(2, text.size() - 3));
      json->Raw(it == names.end() ? "null" : it->second);
      return;
    }
    for (const auto& [name, replacement] : names) {
      const std::string hole = "${" + name + "}";
      for (size_t at = text.find(hole); at != std::string::npos; at = text.find(hole, at)) {
        const std::string plain = Unquoted(replacement);
        text.replace(at, hole.size(), plain);
        at += plain.size();
      }
    }
    json->String(text);
  } else {
    json->Raw(ExactText(value));
  }
}

}  // namespace

std::string Filled(const Json& value, const Names& names) {
  if (IsText(value) && Plain(value).find("${") == std::string_view::npos) {
    return std::string(Plain(value));  // a body that is a text stands as it is
  }
  sdk::JsonWriter json;
  Fill(value, names, &json);
  return json.Take();
}

}  // namespace penstock::kit
