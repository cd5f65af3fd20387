#include "sdk/testing/kit/model.h"

#include <strings.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "penstock/json.hpp"
#include "sdk/testing/kit/exact_json.h"

namespace penstock::kit {
namespace {

using Names = std::map<std::string, std::string>;  // what ${name} stands for: JSON text

// "/v1/{object}/batch" against a path; fills `names`.
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

std::string Filled(const Json& value, const Names& names) {
  if (IsText(value) && Plain(value).find("${") == std::string_view::npos) {
    return std::string(Plain(value));  // a body that is a text stands as it is
  }
  sdk::JsonWriter json;
  Fill(value, names, &json);
  return json.Take();
}

bool Fits(const std::string& type, const Json& value) {
  if (value.IsNull() || type == "any") return true;
  if (type == "string") return IsText(value);
  if (type == "number") return IsNumber(value);
  if (type == "boolean") return value.IsBool();
  return true;
}

struct Object {
  std::string key;
  std::map<std::string, std::string> types;  // field -> type
  std::vector<StoredRecord> records;

  StoredRecord* FindLive(const std::string& key_json) {
    for (StoredRecord& record : records) {
      if (!record.archived && record.fields[key] == key_json) return &record;
    }
    return nullptr;
  }
};

class Model final : public Destination {
 public:
  sdk::Status Load(const std::string& json, const std::map<std::string, std::string>& secrets);
  sdk::Status Reset() override;
  PeerAnswer Answer(const PeerRequest& request) override;
  bool CanTell() const override { return !objects_.empty(); }
  std::string Unanswered() const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return unanswered_;
  }
  sdk::Result<std::vector<StoredRecord>> Records(const std::string& object) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return objects_[object].records;
  }
  bool SetJobs(const std::string& mood) override {
    mood_ = mood;
    const Json* moods = Find(document_, "moods");
    return moods != nullptr && moods->IsArray() && [&] {
      for (const Json& known : moods->GetArray()) {
        if (Plain(known) == mood) return true;
      }
      return false;
    }();
  }

 private:
  bool Matches(const Json& route, const PeerRequest& request, const Json& body, Names* names) const;
  PeerAnswer Give(const Json& answer, const Names& names) const;
  PeerAnswer Run(const Json& route, size_t number, const Json& body, Names names);
  PeerAnswer Apply(const Json& route, const Json& records, const Json& body, Names names);
  std::string One(const Json& route, const Json& record, const Json& body, Object* object,
                  Names* names);

  rapidjson::Document document_;
  std::string authorization_;
  mutable std::mutex mutex_;
  std::string unanswered_;
  std::map<std::string, Object> objects_;
  std::map<size_t, size_t> answered_;  // route -> how often
  std::string mood_;
  uint64_t next_id_ = 1;
};

sdk::Failure Wrong(const std::string& sentence) {
  return {PENSTOCK_E_INVALID_ARGUMENT, "KIT-MODEL", sentence, 0};
}

sdk::Status Model::Load(const std::string& json,
                        const std::map<std::string, std::string>& secrets) {
  if (!ParseExact(json, &document_) || !document_.IsObject()) return Wrong("it is no object");
  const Json* routes = Find(document_, "routes");
  if (routes == nullptr || !routes->IsArray()) return Wrong("routes must be a list");
  for (rapidjson::SizeType i = 0; i < routes->Size(); ++i) {
    const Json& route = (*routes)[i];
    const std::string name = "route " + std::to_string(i + 1);
    const Json* when = Find(route, "when");
    if (when == nullptr || TextOf(*when, "path").empty()) return Wrong(name + " has no when: path");
    if (Find(route, "then") == nullptr) return Wrong(name + " has no then");
  }
  authorization_ = TextOf(document_, "authorization");
  for (const auto& [secret, value] : secrets) {
    const std::string hole = "${" + secret + "}";
    const size_t at = authorization_.find(hole);
    if (at != std::string::npos) authorization_.replace(at, hole.size(), value);
  }
  return Reset();
}

sdk::Status Model::Reset() {
  const std::lock_guard<std::mutex> lock(mutex_);
  objects_.clear();
  answered_.clear();
  mood_.clear();
  unanswered_.clear();
  const Json* objects = Find(document_, "objects");
  if (objects == nullptr || !objects->IsObject()) return {};
  for (const auto& member : objects->GetObject()) {
    Object& object = objects_[std::string(Plain(member.name))];
    object.key = TextOf(member.value, "key", "key");
    if (const Json* fields = Find(member.value, "fields");
        fields != nullptr && fields->IsObject()) {
      for (const auto& field : fields->GetObject()) {
        object.types[std::string(Plain(field.name))] = std::string(Plain(field.value));
      }
    }
  }
  return {};
}

bool Model::Matches(const Json& route, const PeerRequest& request, const Json& body,
                    Names* names) const {
  const Json& when = *Find(route, "when");
  names->clear();
  const std::string method = TextOf(when, "method", "*");
  if (method != "*" && method != request.method) return false;
  const std::string path = TextOf(when, "path");
  const std::string wanted = path.find('?') == std::string::npos
                                 ? request.url.substr(0, request.url.find('?'))
                                 : request.url;
  if (!Match(path, wanted, names)) return false;
  const std::string mood = TextOf(when, "mood");
  if (!mood.empty() && mood != mood_) return false;
  if (const Json* text = Find(when, "text")) return Plain(*text) == request.body;
  if (!request.body.empty() && body.IsNull() && request.body != "null") return false;
  const Json* members = Find(when, "body");
  if (members == nullptr || !members->IsObject()) return true;
  for (const auto& member : members->GetObject()) {
    const Json* found = At(body, std::string(Plain(member.name)));
    if (found == nullptr || ExactText(*found) != ExactText(member.value)) return false;
  }
  return true;
}

PeerAnswer Model::Give(const Json& answer, const Names& names) const {
  PeerAnswer given;
  const Json* status = Find(answer, "status");
  given.status =
      status == nullptr ? 200 : std::atoi(std::string(Plain(*status)).c_str());  // NOLINT
  if (const Json* headers = Find(answer, "headers"); headers != nullptr && headers->IsObject()) {
    for (const auto& header : headers->GetObject()) {
      given.headers.emplace_back(Plain(header.name), Plain(header.value));
    }
  }
  const bool typed = std::any_of(
      given.headers.begin(), given.headers.end(),
      [](const auto& header) { return ::strcasecmp(header.first.c_str(), "Content-Type") == 0; });
  if (!typed) given.headers.emplace_back("Content-Type", "application/json");
  if (const Json* body = Find(answer, "body")) given.body = Filled(*body, names);
  if (const Json* text = Find(answer, "text")) given.body = Plain(*text);
  return given;
}

PeerAnswer Model::Answer(const PeerRequest& request) {
  const std::lock_guard<std::mutex> lock(mutex_);
  PeerAnswer refused;
  refused.status = 401;
  refused.body = R"({"code": "unauthorized", "message": "The credentials are not accepted."})";
  if (!authorization_.empty() && request.Header("Authorization") != authorization_) return refused;
  rapidjson::Document body;
  const bool readable = request.body.empty() || ParseExact(request.body, &body);
  if (!readable) body.SetNull();
  const Json& routes = *Find(document_, "routes");
  for (rapidjson::SizeType i = 0; i < routes.Size(); ++i) {
    Names names;
    if (Matches(routes[i], request, body, &names)) return Run(routes[i], i, body, names);
  }
  if (unanswered_.empty()) unanswered_ = request.method + " " + request.url;
  if (!readable) {
    refused.status = 400;
    refused.body = R"({"code": "bad_json", "message": "The body is not JSON."})";
    return refused;
  }
  refused.status = 404;
  refused.body = R"({"code": "not_found", "message": "There is nothing at this path."})";
  return refused;
}

// `then` may be a list: the answers in turn, the last again and again.
PeerAnswer Model::Run(const Json& route, size_t number, const Json& body, Names names) {
  const Json* then = Find(route, "then");
  if (then->IsArray()) {
    const size_t turn = std::min<size_t>(answered_[number]++, then->Size() - 1);
    then = &(*then)[static_cast<rapidjson::SizeType>(turn)];
  }
  const Json* pointer = Find(route, "records");
  if (pointer == nullptr) return Give(*then, names);
  const Json* records = At(body, std::string(Plain(*pointer)));
  const Json* limit = Find(route, "limit");
  const bool wrong =
      records == nullptr || !records->IsArray() || records->Empty() ||
      (limit != nullptr &&
       records->Size() > std::strtoul(std::string(Plain(*limit)).c_str(), nullptr, 10));
  const Json* refuse = Find(route, "refuse");
  if (wrong || objects_.count(Unquoted(names["object"])) == 0) {
    PeerAnswer answer = refuse == nullptr ? PeerAnswer() : Give(*refuse, names);
    if (refuse == nullptr) answer.body = R"({"message": "The records are not as they must be."})";
    if (refuse == nullptr) answer.status = wrong ? 400 : 404;
    return answer;
  }
  return Apply(route, *records, body, std::move(names));
}

PeerAnswer Model::Apply(const Json& route, const Json& records, const Json& body, Names names) {
  Object& object = objects_[Unquoted(names["object"])];
  sdk::JsonWriter list;
  list.BeginArray();
  for (const Json& record : records.GetArray()) {
    Names each = names;
    const std::string verdict = One(route, record, body, &object, &each);
    const Json* templates = Find(route, "each");
    const Json* shape = templates == nullptr ? nullptr : Find(*templates, verdict);
    if (shape == nullptr && verdict == "none") continue;  // a lookup lists what it found only
    if (shape == nullptr) {
      list.BeginObject().Key("status").String(verdict).EndObject();
    } else {
      list.Raw(Filled(*shape, each));
    }
  }
  list.EndArray();
  names["results"] = list.Take();
  return Give(*Find(route, "then"), names);
}

// What becomes of one record: created, updated, deleted, missing, exists, rejected; found, none.
std::string Model::One(const Json& route, const Json& record, const Json& body, Object* object,
                       Names* names) {
  const auto part = [&](const char* name, const char* otherwise) {
    return At(record, TextOf(route, name, otherwise));
  };
  const Json* key = part("key", "/key");
  const std::string key_json = key == nullptr ? "null" : ExactText(*key);
  (*names)["key"] = key_json;
  std::string operation = TextOf(route, "operation", "/op");
  if (operation.starts_with('/')) {
    const Json* named = At(record, operation);
    if (named == nullptr) named = At(body, operation);
    operation = named == nullptr ? "" : std::string(Plain(*named));
  }
  if (key == nullptr || key_json == "null" || key_json == "\"\"") {
    (*names)["field"] = "\"" + object->key + "\"";
    return "rejected";
  }
  std::map<std::string, std::string> fields = {{object->key, key_json}};
  const Json* values = part("fields", "/fields");
  if (values != nullptr && values->IsObject()) {
    for (const auto& member : values->GetObject()) {
      const std::string name(Plain(member.name));
      const auto type = object->types.find(name);
      if (type != object->types.end() && !Fits(type->second, member.value)) {
        (*names)["field"] = "\"" + name + "\"";
        return "rejected";
      }
      fields[name] = ExactText(member.value);
    }
  }
  StoredRecord* known = object->FindLive(key_json);
  std::string verdict;
  if (operation == "lookup") {
    verdict = known == nullptr ? "none" : "found";
  } else if (known == nullptr && (operation == "upsert" || operation == "insert")) {
    object->records.push_back({std::to_string(next_id_++), {}, false});
    known = &object->records.back();
    verdict = "created";
  } else if (known == nullptr) {
    verdict = "missing";
  } else if (operation == "insert") {
    verdict = "exists";
  } else {
    verdict = operation == "delete" ? "deleted" : "updated";
  }
  if (known != nullptr) (*names)["id"] = "\"" + known->id + "\"";
  if (verdict == "deleted") known->archived = true;
  if (verdict == "created" || verdict == "updated") {
    for (const auto& [name, value] : fields) {
      if (value == "null") {
        known->fields.erase(name);
      } else {
        known->fields[name] = value;
      }
    }
  }
  return verdict;
}

}  // namespace

sdk::Result<std::unique_ptr<Destination>> MakeModel(
    const std::string& json, const std::map<std::string, std::string>& secrets) {
  auto model = std::make_unique<Model>();
  const sdk::Status status = model->Load(json, secrets);
  if (!status.ok()) return status.failure();
  return std::unique_ptr<Destination>(std::move(model));
}

}  // namespace penstock::kit
