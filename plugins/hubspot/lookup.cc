#include "plugins/hubspot/lookup.h"

#include <set>
#include <unordered_map>

#include "penstock/json.hpp"
#include "penstock/records.hpp"
#include "plugins/hubspot/answers.h"
#include "plugins/hubspot/api.h"
#include "plugins/hubspot/bodies.h"

namespace penstock::hubspot {

using sdk::JsonValue;
using Contacts = std::vector<std::optional<FoundContact>>;

namespace {

constexpr char kOtherEmails[] = "hs_additional_emails";

sdk::HttpRequest ReadRequest(const std::string& object, const std::string& key_property,
                             const std::vector<std::string>& keys, const sdk::Range& range,
                             const std::vector<std::string>& properties) {
  std::set<std::string> wanted(properties.begin(), properties.end());
  if (!key_property.empty()) wanted.insert(key_property);
  if (key_property == "email") wanted.insert(kOtherEmails);
  sdk::JsonWriter json;
  json.BeginObject();
  if (!key_property.empty()) json.Key("idProperty").String(key_property);
  json.Key("inputs").BeginArray();
  for (size_t i = range.begin; i < range.end; ++i) {
    json.BeginObject().Key("id").String(keys[i]).EndObject();
  }
  json.EndArray().Key("properties").BeginArray();
  for (const std::string& name : wanted) json.String(name);
  json.EndArray().Key("propertiesWithHistory").BeginArray().EndArray().EndObject();
  sdk::HttpRequest request = sdk::HttpRequest::Post(BatchPath(object, "read"), json.Take());
  request.idempotent = true;
  return request;
}

FoundContact ContactOf(const JsonValue& result, const std::vector<std::string>& properties) {
  FoundContact contact;
  contact.id = sdk::TextMember(result, "id");
  const JsonValue* values = sdk::Member(result, "properties");
  for (const std::string& name : properties) {
    const JsonValue* value = values == nullptr ? nullptr : sdk::Member(*values, name.c_str());
    contact.values.push_back(value != nullptr && value->IsString()
                                 ? std::optional<std::string>(sdk::JsonText(*value))
                                 : std::nullopt);
  }
  return contact;
}

// Every key under which a result may have been asked for: contacts answer to their other e-mail
// addresses, too.
std::vector<std::string> KeysOf(const JsonValue& result, const std::string& key_property) {
  if (key_property.empty()) return {std::string(sdk::TextMember(result, "id"))};
  const JsonValue* properties = sdk::Member(result, "properties");
  if (properties == nullptr) return {};
  std::vector<std::string> keys = {
      NormalKey(key_property, sdk::TextMember(*properties, key_property.c_str()))};
  if (key_property != "email") return keys;
  const std::string_view others = sdk::TextMember(*properties, kOtherEmails);
  for (size_t begin = 0; begin < others.size();) {
    const size_t end = std::min(others.find(';', begin), others.size());
    keys.push_back(NormalKey(key_property, others.substr(begin, end - begin)));
    begin = end + 1;
  }
  return keys;
}

// Puts the results where their keys stand. Not ok when a result belongs to no key: then "not found"
// would be a guess.
sdk::Status Place(const JsonValue& results, const std::string& key_property,
                  const std::vector<std::string>& keys, const sdk::Range& range,
                  const std::vector<std::string>& properties, Contacts* contacts) {
  std::unordered_map<std::string, std::vector<size_t>> places;
  for (size_t i = range.begin; i < range.end; ++i) {
    places[NormalKey(key_property, keys[i])].push_back(i);
  }
  for (const JsonValue& result : results.GetArray()) {
    bool placed = false;
    for (const std::string& key : KeysOf(result, key_property)) {
      const auto it = places.find(key);
      if (it == places.end()) continue;
      for (const size_t place : it->second) (*contacts)[place] = ContactOf(result, properties);
      placed = true;
    }
    if (!placed) {
      return sdk::Failure{PENSTOCK_E_INTERNAL, "hubspot.BAD_ANSWER",
                          "finding contacts: record " + std::string(sdk::TextMember(result, "id")) +
                              " was not asked for under any of its keys",
                          0};
    }
  }
  return {};
}

}  // namespace

sdk::Result<Contacts> FindByKey(const sdk::Http& http, sdk::Call call, const std::string& object,
                                const std::string& key_property,
                                const std::vector<std::string>& keys,
                                const std::vector<std::string>& properties) {
  const std::vector<sdk::Range> ranges = sdk::Chunk(keys.size(), kMaxInputs);
  std::vector<sdk::HttpRequest> requests;
  requests.reserve(ranges.size());
  for (const sdk::Range& range : ranges) {
    requests.push_back(ReadRequest(object, key_property, keys, range, properties));
  }
  Contacts contacts(keys.size());
  sdk::Status failed;
  sdk::Status performed =
      http.PerformAll(call, requests, [&](size_t index, const sdk::HttpResponse& response) {
        sdk::Status status;
        rapidjson::Document body;
        if (!response.success()) {
          status = RunFailure(response, ReadError(response), "finding contacts");
        } else if (const JsonValue* results = sdk::ParseJson(response.body(), &body)
                                                  ? sdk::ArrayMember(body, "results")
                                                  : nullptr) {
          status = Place(*results, key_property, keys, ranges[index], properties, &contacts);
        } else {
          status = sdk::Failure{PENSTOCK_E_INTERNAL, "hubspot.BAD_ANSWER",
                                "finding contacts: the answer has no results", 0};
        }
        if (failed.ok() && !status.ok()) failed = status;
      });
  if (!performed.ok()) return performed.failure();
  if (!failed.ok()) return failed.failure();
  return contacts;
}

}  // namespace penstock::hubspot
