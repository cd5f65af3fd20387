#include "sdk/testing/kit/model.h"

#include <strings.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "penstock/json.hpp"
#include "sdk/testing/kit/exact_json.h"
#include "sdk/testing/kit/filling.h"
#include "sdk/testing/kit/model_jobs.h"

namespace penstock::kit {
namespace {

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
  Model()
      : jobs_([this](const ModelJobs::Content& content, const Json& record, bool write) {
          return InJob(content, record, write);
        }) {}
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
    const std::lock_guard<std::mutex> lock(mutex_);
    const Json* moods = Find(document_, "moods");
    if (moods == nullptr || !moods->IsArray()) return false;
    for (const Json& known : moods->GetArray()) {
      if (Plain(known) != mood) continue;
      mood_ = mood;
      jobs_.SetMood(mood);
      return true;
    }
    return false;
  }
  void EndJobs() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    jobs_.End();
  }

 private:
  bool Matches(const Json& route, const PeerRequest& request, const Json& body, Names* names) const;
  PeerAnswer Give(const Json& answer, const Names& names) const;
  PeerAnswer Run(const Json& route, size_t number, const Json& body, Names names);
  PeerAnswer Apply(const Json& route, const Json& records, const Json& body, Names names);
  PeerAnswer RunJob(const Json& route, size_t number, const Json& body, Names names);
  ModelJobs::Answer DoJob(const Json& route, size_t number, const Json& body, Names* names);
  ModelJobs::Result InJob(const ModelJobs::Content& content, const Json& record, bool write);
  static std::string Listed(const Json& route, const std::string& verdict, const Names& names);
  std::string One(const Json& route, const Json& record, const Json& body, Object* object,
                  Names* names);

  rapidjson::Document document_;
  std::string authorization_;
  mutable std::mutex mutex_;
  std::string unanswered_;
  std::map<std::string, Object> objects_;
  std::map<size_t, size_t> answered_;  // route -> how often
  std::string mood_;
  ModelJobs jobs_;
  uint64_t next_id_ = 1;
};

PeerAnswer Refused(int status, const std::string& body) {
  PeerAnswer answer;
  answer.status = status;
  answer.body = body;
  answer.headers.emplace_back("Content-Type", "application/json");
  return answer;
}

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
    const std::string job = TextOf(route, "job");
    constexpr std::string_view kSteps = " create upload start abort submit state results ";
    if (!job.empty() && kSteps.find(" " + job + " ") == std::string_view::npos) {
      return Wrong(name + " has job: " + job +
                   "; it is create, upload, start, abort, submit, state or results");
    }
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
  jobs_.SetMood("");
  jobs_.Clear();
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
  if (!authorization_.empty() && request.Header("Authorization") != authorization_) {
    return Refused(401, R"({"code": "unauthorized", "message": "The credentials are wrong."})");
  }
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
    return Refused(400, R"({"code": "bad_json", "message": "The body is not JSON."})");
  }
  return Refused(404, R"({"code": "not_found", "message": "There is nothing at this path."})");
}

// `then` may be a list: the answers in turn, the last again and again.
PeerAnswer Model::Run(const Json& route, size_t number, const Json& body, Names names) {
  const Json* then = Find(route, "then");
  if (then->IsArray()) {
    const size_t turn = std::min<size_t>(answered_[number]++, then->Size() - 1);
    then = &(*then)[static_cast<rapidjson::SizeType>(turn)];
  }
  const std::string job = TextOf(route, "job");
  if (!job.empty() && job != "upload" && job != "submit") {
    return RunJob(route, number, body, std::move(names));
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
  // Of an upload the job knows the object.
  if (wrong || (job != "upload" && objects_.count(Unquoted(names["object"])) == 0)) {
    PeerAnswer answer = refuse == nullptr ? PeerAnswer() : Give(*refuse, names);
    if (refuse == nullptr) answer.body = R"({"message": "The records are not as they must be."})";
    if (refuse == nullptr) answer.status = wrong ? 400 : 404;
    return answer;
  }
  if (!job.empty()) return RunJob(route, number, body, std::move(names));
  return Apply(route, *records, body, std::move(names));
}

PeerAnswer Model::RunJob(const Json& route, size_t number, const Json& body, Names names) {
  switch (DoJob(route, number, body, &names)) {
    case ModelJobs::Answer::kUnknown:
      return Refused(404, R"({"code": "not_found", "message": "There is no such job or object."})");
    case ModelJobs::Answer::kWrongState:
      return Refused(409, R"({"code": "wrong_state", "message": "The job is not in that state."})");
    case ModelJobs::Answer::kDone:
      break;
  }
  return Give(*Find(route, "then"), names);
}

ModelJobs::Answer Model::DoJob(const Json& route, size_t number, const Json& body, Names* names) {
  const std::string step = TextOf(route, "job");
  std::string id = Unquoted((*names)["job"]);
  const std::string object = Unquoted((*names)["object"]);
  ModelJobs::Answer answer = ModelJobs::Answer::kDone;
  if (step == "create" || step == "submit") {
    if (objects_.count(object) == 0) return ModelJobs::Answer::kUnknown;
    id = jobs_.Create(object);
    (*names)["job"] = "\"" + id + "\"";
  }
  if (step == "upload" || step == "submit") {
    answer = jobs_.Upload(id, {object, ExactText(body), TextOf(route, "records"), number});
  }
  if (step == "start" || step == "submit") {
    return answer == ModelJobs::Answer::kDone ? jobs_.Start(id) : answer;
  }
  if (step == "abort") return jobs_.Abort(id);
  if (step == "state") {
    std::string state;
    answer = jobs_.Look(id, &state);
    (*names)["state"] = "\"" + state + "\"";
  }
  if (step == "results") {
    const std::vector<ModelJobs::Result>* results = nullptr;
    answer = jobs_.Results(id, &results);
    sdk::JsonWriter list;
    list.BeginArray();
    if (answer == ModelJobs::Answer::kDone) {
      for (const auto& result : *results) list.Raw(Listed(route, result.verdict, result.names));
    }
    (*names)["results"] = list.EndArray().Take();
  }
  return answer;
}

ModelJobs::Result Model::InJob(const ModelJobs::Content& content, const Json& record, bool write) {
  const Json& route = (*Find(document_, "routes"))[static_cast<rapidjson::SizeType>(content.route)];
  ModelJobs::Result result{"unprocessed", {}};
  rapidjson::Document body;
  (void)ParseExact(content.body, &body);
  if (write) {
    result.verdict = One(route, record, body, &objects_[content.object], &result.names);
  } else if (const Json* key = At(record, TextOf(route, "key", "/key"))) {
    result.names["key"] = ExactText(*key);
  }
  return result;
}

// What a list of results says of one record.
std::string Model::Listed(const Json& route, const std::string& verdict, const Names& names) {
  const Json* templates = Find(route, "each");
  const Json* shape = templates == nullptr ? nullptr : Find(*templates, verdict);
  if (shape != nullptr) return Filled(*shape, names);
  return sdk::JsonWriter().BeginObject().Key("status").String(verdict).EndObject().Take();
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
    list.Raw(Listed(route, verdict, each));
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
