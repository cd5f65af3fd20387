// manifest.* and docs.*: what the sidecar and the README say.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <functional>
#include <map>
#include <set>

#include "penstock/json_reader.hpp"
#include "sdk/documents/validate.h"
#include "sdk/testing/kit/text.h"
#include "sdk/testing/kit/trial.h"

namespace penstock::kit {
namespace {

using sdk::ArrayMember;
using sdk::JsonValue;
using sdk::Member;
using sdk::TextMember;

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

void Schema(Trial& t) {
  if (!t.subject().manifest.has_value()) t.Fail(t.subject().manifest_failure.message);
}

// "1.2.3", "1.2.3-rc.1", "1.2.3+build".
bool IsVersion(const std::string& text) {
  const std::string core = text.substr(0, text.find_first_of("-+"));
  int parts = 1;
  for (size_t i = 0; i < core.size(); ++i) {
    const bool starts = i == 0 || core[i - 1] == '.';
    const bool ends = i + 1 == core.size() || core[i + 1] == '.';
    if (core[i] == '.') {
      if (starts || ends) return false;
      ++parts;
    } else if (std::isdigit(static_cast<unsigned char>(core[i])) == 0 ||
               (core[i] == '0' && starts && !ends)) {
      return false;
    }
  }
  const std::string rest = text.substr(core.size());
  return parts == 3 && !core.empty() && (rest.empty() || rest.size() > 1) &&
         std::all_of(rest.begin(), rest.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '+' || c == '.';
         });
}

void Identity(Trial& t) {
  const JsonValue& json = t.subject().json;
  const std::string id(TextMember(json, "id"));
  const std::string library(TextMember(json, "library"));
  if (id != t.subject().id) {
    t.Fail("its id is " + Quote(id) + ", its file is called " + Quote(t.subject().id) + ".so");
  }
  if (library != t.subject().id + ".so") {
    t.Fail("the manifest names the library " + Quote(library) + ", not " + t.subject().id + ".so");
  }
  const std::string version(TextMember(json, "version"));
  if (!IsVersion(version)) {
    t.Fail("the version " + Quote(version) + " is no semantic version such as 1.2.3");
  }
}

// Every object schema in it, with its pointer.
void EachObject(const JsonValue& schema, const std::string& pointer,
                const std::function<void(const JsonValue&, const std::string&)>& visit) {
  if (!schema.IsObject()) return;
  if (TextMember(schema, "type") == "object") visit(schema, pointer);
  if (const JsonValue* properties = Member(schema, "properties");
      properties != nullptr && properties->IsObject()) {
    for (const auto& property : properties->GetObject()) {
      EachObject(property.value, pointer + "/properties/" + property.name.GetString(), visit);
    }
  }
  if (const JsonValue* items = Member(schema, "items")) {
    EachObject(*items, pointer + "/items", visit);
  }
  if (const JsonValue* forms = ArrayMember(schema, "oneOf")) {
    for (rapidjson::SizeType i = 0; i < forms->Size(); ++i) {
      EachObject((*forms)[i], pointer + "/oneOf/" + std::to_string(i), visit);
    }
  }
}

void ConfigSchema(Trial& t) {
  const JsonValue* schema = Member(t.subject().json, "config_schema");
  if (schema == nullptr || !schema->IsObject()) return t.Skip("there is no config_schema");
  if (t.subject().manifest.has_value()) {
    const sdk::Status keywords =
        sdk::CheckSchemaKeywords(t.subject().manifest->config_schema, "config_schema");
    if (!keywords.ok()) t.Fail(keywords.failure().message);
  }
  if (TextMember(*schema, "type") != "object") t.Fail("config_schema is not of type object");
  EachObject(*schema, "config_schema", [&](const JsonValue& object, const std::string& pointer) {
    const JsonValue* properties = Member(object, "properties");
    const JsonValue* additional = Member(object, "additionalProperties");
    // An object without any named property is one of free names; where names are listed, silence
    // lets typing errors pass.
    const bool free = properties == nullptr && pointer != "config_schema";
    if (!free && (additional == nullptr || additional->IsTrue())) {
      t.Fail(pointer + " lets unknown properties pass; say \"additionalProperties\": false");
    }
    if (properties == nullptr || !properties->IsObject() || pointer != "config_schema") return;
    for (const auto& property : properties->GetObject()) {
      if (TextMember(property.value, "title").empty()) {
        t.Fail("the property " + Quote(property.name.GetString()) +
               " has no title; people see it in forms and messages");
      }
    }
  });
}

bool LooksSecret(const std::string& name) {
  const std::string lower = Lower(name);
  for (const char* word : {"token", "secret", "password", "passwd", "api_key", "apikey",
                           "private_key", "credential"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return false;
}

void SecretsMarked(Trial& t) {
  const JsonValue* schema = Member(t.subject().json, "config_schema");
  const JsonValue* properties = schema == nullptr ? nullptr : Member(*schema, "properties");
  if (properties == nullptr || !properties->IsObject()) return;
  for (const auto& property : properties->GetObject()) {
    const std::string name = property.name.GetString();
    const bool text = TextMember(property.value, "type") == "string";
    if (text && LooksSecret(name) && !sdk::TrueMember(property.value, "x-secret")) {
      t.Fail("the property " + Quote(name) + " looks like a secret and is not marked x-secret");
    }
  }
}

bool IsAddress(const std::string& host) {
  return host.find(':') != std::string::npos ||
         host.find_first_not_of("0123456789.") == std::string::npos;
}

void Hosts(Trial& t) {
  const JsonValue& json = t.subject().json;
  const std::string base(TextMember(json, "base_url"));
  if (base.starts_with("http://")) {
    const std::string host = base.substr(7, base.find_first_of(":/", 7) - 7);
    if (host != "localhost" && host != "127.0.0.1") {
      t.Fail("base_url " + base + " is not encrypted; only loopback may be");
    }
  }
  const JsonValue* hosts = ArrayMember(json, "allowed_hosts");
  if (hosts == nullptr) return;
  for (const JsonValue& item : hosts->GetArray()) {
    const std::string host(sdk::JsonText(item));
    const std::string name = host.starts_with("*.") ? host.substr(2) : host;
    if (host.find('*', 1) != std::string::npos || host == "*") {
      t.Fail("allowed_hosts: " + Quote(host) + " has a star where none may be");
    } else if (host.starts_with("*.") && name.find('.') == std::string::npos) {
      t.Fail("allowed_hosts: " + Quote(host) + " allows a whole top-level domain");
    } else if (IsAddress(name)) {
      t.Fail("allowed_hosts: " + Quote(host) + " is an address, not a name");
    }
  }
}

void Limiters(Trial& t) {
  const JsonValue* limiters = ArrayMember(t.subject().json, "limiters");
  if (limiters == nullptr) return t.Fail("there are no limiters");
  std::set<std::string> names;
  for (const JsonValue& limiter : limiters->GetArray()) {
    const std::string name(TextMember(limiter, "name"));
    if (!names.insert(name).second) t.Fail("the limiter " + Quote(name) + " is there twice");
    const JsonValue* requests = Member(limiter, "requests");
    const JsonValue* concurrent = Member(limiter, "max_concurrent");
    if (requests != nullptr && requests->IsNumber() && requests->GetDouble() <= 0) {
      t.Fail("limiter " + Quote(name) + ": leave requests out where there is no limit, 0 is none");
    }
    if (concurrent != nullptr && concurrent->IsInt64() && concurrent->GetInt64() <= 0) {
      t.Fail("limiter " + Quote(name) + ": max_concurrent must be above 0");
    }
    if (requests == nullptr && concurrent == nullptr) {
      t.Fail("limiter " + Quote(name) + " limits nothing: give requests or max_concurrent");
    }
  }
  if (names.count("default") == 0) t.Fail("there is no limiter \"default\"");
}

// How two releases differ, for the table of version steps.
struct Differences {
  std::vector<std::string> breaking, added;
};

void CompareProperties(const JsonValue& before, const JsonValue& now, Differences* found) {
  const auto members = [](const JsonValue& json) {
    std::map<std::string, const JsonValue*> map;
    const JsonValue* schema = Member(json, "config_schema");
    const JsonValue* properties = schema == nullptr ? nullptr : Member(*schema, "properties");
    if (properties == nullptr || !properties->IsObject()) return map;
    for (const auto& member : properties->GetObject()) map[member.name.GetString()] = &member.value;
    return map;
  };
  const auto required = [](const JsonValue& json) {
    std::set<std::string> names;
    const JsonValue* schema = Member(json, "config_schema");
    const JsonValue* list = schema == nullptr ? nullptr : ArrayMember(*schema, "required");
    if (list == nullptr) return names;
    for (const JsonValue& item : list->GetArray()) names.emplace(sdk::JsonText(item));
    return names;
  };
  const auto old_properties = members(before), new_properties = members(now);
  for (const auto& [name, schema] : old_properties) {
    const auto it = new_properties.find(name);
    if (it == new_properties.end()) {
      found->breaking.push_back("property " + name + " is gone");
    } else if (TextMember(*schema, "type") != TextMember(*it->second, "type")) {
      found->breaking.push_back("property " + name + " has another type");
    }
  }
  const auto old_required = required(before);
  for (const std::string& name : required(now)) {
    if (old_required.count(name) == 0)
      found->breaking.push_back("property " + name + " is required now");
  }
  for (const auto& [name, schema] : new_properties) {
    if (old_properties.count(name) == 0) found->added.push_back("property " + name + " is new");
  }
}

Differences Compare(const JsonValue& before, const JsonValue& now) {
  Differences found;
  CompareProperties(before, now, &found);
  const auto texts = [](const JsonValue& json) {
    std::set<std::string> all;
    if (const JsonValue* list = ArrayMember(json, "allowed_hosts")) {
      for (const JsonValue& item : list->GetArray()) all.emplace(sdk::JsonText(item));
    }
    return all;
  };
  const auto old_hosts = texts(before);
  for (const std::string& host : texts(now)) {
    if (old_hosts.count(host) == 0) found.breaking.push_back("host " + host + " is allowed now");
  }
  if (TextMember(before, "base_url") != TextMember(now, "base_url")) {
    found.breaking.push_back("base_url is another one");
  }
  const JsonValue* old_auth = Member(before, "auth");
  const JsonValue* new_auth = Member(now, "auth");
  if ((old_auth == nullptr) != (new_auth == nullptr) ||
      (old_auth != nullptr && *old_auth != *new_auth)) {
    found.breaking.push_back("auth is another one");
  }
  return found;
}

void Compatible(Trial& t) {
  if (t.settings().previous.empty()) {
    return t.Skip("no earlier release to compare with (--previous OLD.connector.json)");
  }
  const sdk::Result<std::string> text = ReadText(t.settings().previous);
  if (!text.ok()) return t.Fail(text.failure().message);
  rapidjson::Document before;
  if (!sdk::ParseJson(*text, &before)) return t.Fail(t.settings().previous + " is not JSON");
  if (*text == t.subject().sidecar) return;
  const auto parts = [](const JsonValue& json) {
    int major = 0, minor = 0, patch = 0;
    const std::string version(TextMember(json, "version"));
    // Two releases compare as numbers; a suffix plays no part.
    std::sscanf(version.c_str(), "%d.%d.%d", &major, &minor, &patch);  // NOLINT(cert-err34-c)
    return std::array<int, 3>{major, minor, patch};
  };
  const auto was = parts(before), is = parts(t.subject().json);
  if (is <= was) return t.Fail("the manifest changed, but the version did not go up");
  const Differences found = Compare(before, t.subject().json);
  // Below 1.0.0 every step counts one place further to the right.
  const size_t breaking_place = was[0] == 0 ? 1 : 0;
  const auto stepped = [&](size_t place) {
    for (size_t i = 0; i <= place; ++i) {
      if (is[i] != was[i]) return true;
    }
    return false;
  };
  if (!found.breaking.empty() && !stepped(breaking_place)) {
    t.Fail("users must act on this, so the " +
           std::string(breaking_place == 0 ? "major" : "minor") +
           " version must go up: " + JoinSome(found.breaking));
  } else if (!found.added.empty() && !stepped(std::min<size_t>(breaking_place + 1, 2))) {
    t.Fail("something is new, so the minor version must go up: " + JoinSome(found.added));
  }
}

// Lines that start with #, and what paragraphs that start in bold start with; in lower case.
std::string Headings(const std::string& text) {
  std::string headings;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.starts_with('#')) headings += Lower(line) + "\n";
    if (line.starts_with("**")) headings += Lower(line.substr(0, line.find("**", 2))) + "\n";
  }
  return headings;
}

void Readme(Trial& t) {
  std::string path = t.settings().readme;
  if (path.empty()) path = t.subject().directory + "/README.md";
  const sdk::Result<std::string> text = ReadText(path);
  if (!text.ok()) {
    if (!t.settings().readme.empty()) return t.Fail(text.failure().message);
    return t.Skip("no README.md beside the library (--readme FILE, or readme: in the fixture)");
  }
  const std::string headings = Headings(*text);
  using Words = std::vector<const char*>;
  const std::vector<std::pair<const char*, Words>> wanted = {
      {"prerequisites", {"prerequisites", "before you start"}},
      {"permissions", {"permission", "scope", "prerequisites"}},
      {"limits", {"limit"}},
      {"field mapping", {"field", "mapping", "types"}},
      {"known gaps", {"known gaps", "not supported", "limitations"}}};
  for (const auto& [name, words] : wanted) {
    const bool there = std::any_of(words.begin(), words.end(), [&](const char* word) {
      return headings.find(word) != std::string::npos;
    });
    if (!there) t.Fail(path + " has no heading about " + name);
  }
}

}  // namespace

std::vector<Check> ManifestChecks() {
  return {
      {"manifest.schema", 1, "the manifest is valid", kNothing, Schema},
      {"manifest.identity", 1, "id, file name, library and version are what they must be", kNothing,
       Identity},
      {"manifest.config_schema", 1,
       "every configuration property has a title, unknown ones are refused, no keyword is ignored",
       kNothing, ConfigSchema},
      {"manifest.secrets_marked", 1, "properties that hold secrets say so", kNothing,
       SecretsMarked},
      {"manifest.hosts", 1, "requests go to named hosts only, encrypted", kNothing, Hosts},
      {"manifest.limiters", 1, "there is a limiter \"default\", and each limits something",
       kNothing, Limiters},
      {"manifest.compatible", 1, "what changed since the last release shows in the version",
       kNothing, Compatible},
      {"docs.readme", 1,
       "the README tells prerequisites, permissions, limits, field mapping, known gaps", kNothing,
       Readme},
  };
}

}  // namespace penstock::kit
