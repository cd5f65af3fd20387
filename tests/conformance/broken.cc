// The broken connector: account, catalog, begin.
#include "tests/conformance/broken.h"

#include <algorithm>
#include <cstdlib>

#include "penstock_manifest.h"

namespace broken {
namespace {

FieldType TypeOf(std::string_view type) {
  const std::pair<std::string_view, FieldType> kTypes[] = {
      {"number", FieldType::kDecimal},      {"integer", FieldType::kInteger},
      {"boolean", FieldType::kBoolean},     {"date", FieldType::kDate},
      {"timestamp", FieldType::kTimestamp}, {"json", FieldType::kJson},
      {"bytes", FieldType::kBytes},         {"list", FieldType::kList},
      {"double", FieldType::kDouble}};
  for (const auto& [name, known] : kTypes) {
    if (name == type) return known;
  }
  return FieldType::kString;
}

class Broken {
 public:
  using Writer = broken::Writer;

  Broken(Host host, std::string rule) : host_(host), http_(host), breaks_(std::move(rule)) {}

  static Result<std::unique_ptr<Broken>> Open(Host host, Call, std::string_view config) {
    rapidjson::Document json;
    if (!ParseJson(config, &json)) {
      return Failure{PENSTOCK_E_INVALID_CONFIG, "broken.CONFIG", "the configuration is no JSON", 0};
    }
    return std::make_unique<Broken>(host, std::string(TextMember(json, "break")));
  }

  Result<CheckReport> Check(Call call) {
    if (breaks_("exc.contained")) Fragile();
    // The worker's environment is empty.
    if (breaks_("isolated.same") && std::getenv("PATH") == nullptr) {
      return Failure{PENSTOCK_E_INTERNAL, "broken.NO_PATH", "there is no PATH", 0};
    }
    if (breaks_("check.read_only")) {
      (void)http_.Perform(call, HttpRequest::Post("/v1/ping", "{}"), [](const HttpResponse&) {});
    }
    rapidjson::Document answer;
    Status status = Get(call, "/v1/account", &answer);
    if (!status.ok() && breaks_("check.classes") &&
        status.failure().status == PENSTOCK_E_PERMISSION) {
      return Failure{PENSTOCK_E_INTERNAL, "broken.ODD", "something odd happened", 0};
    }
    if (!status.ok()) return status.failure();
    CheckReport report;
    report.account_id = TextMember(answer, "id");
    if (report.account_id.empty()) {
      return Failure{PENSTOCK_E_INTERNAL, "broken.BAD_ANSWER", "the account has no id", 0};
    }
    if (breaks_("check.ok")) report.account_id.clear();
    return report;
  }

  Result<Catalog> Discover(Call call, const std::vector<std::string>& objects) {
    if (breaks_("fuzz.documents")) {
      for (const std::string& name : objects) {
        if (name != "things" && name != "others") __builtin_trap();
      }
    }
    Object things;
    things.name = things.label = "things";
    if (breaks_("discover.stable")) things.label += std::to_string(++turns_);
    std::string url = "/v1/objects/things";
    while (!url.empty()) {
      rapidjson::Document page;
      Status status = Get(call, url, &page);
      if (!status.ok()) return status.failure();
      const JsonValue* fields = ArrayMember(page, "fields");
      if (fields == nullptr) {
        return Failure{PENSTOCK_E_INTERNAL, "broken.BAD_ANSWER", "a page has no fields", 0};
      }
      for (const JsonValue& field : fields->GetArray()) things.fields.push_back(FieldOf(field));
      url = breaks_("discover.pages") ? "" : std::string(TextMember(page, "next"));
    }
    Complete(&things);
    Catalog catalog;
    catalog.objects = {std::move(things), Others()};
    if (!objects.empty() && !breaks_("discover.subset")) {
      std::erase_if(catalog.objects, [&](const Object& object) {
        return std::find(objects.begin(), objects.end(), object.name) == objects.end();
      });
    }
    return catalog;
  }

  Result<std::unique_ptr<Writer>> Begin(Call call, const Assignment& assignment,
                                        std::span<const Note> notes) {
    if (breaks_("begin.offline")) {
      (void)http_.Perform(call, HttpRequest::Post("/v1/ping", "{}"), [](const HttpResponse&) {});
    }
    size_t key = assignment.fields.size();
    for (size_t i = 0; i < assignment.fields.size(); ++i) {
      if (assignment.fields[i].key) key = i;
    }
    if (key == assignment.fields.size() && breaks_("begin.required_unmapped")) key = 0;
    if (key == assignment.fields.size()) {
      return Failure{PENSTOCK_E_INVALID_ARGUMENT, "broken.NO_KEY", "there is no key", 0};
    }
    auto writer = std::make_unique<Writer>(host_, breaks_, assignment, key);
    for (const Note& note : notes) writer->HandBack(CopyNote(note, assignment));
    return writer;
  }

 private:
  // An exception that nobody may catch.
  static void Fragile() noexcept { delete new std::string(100, 'x'); }

  Status Get(Call call, const std::string& url, rapidjson::Document* answer) const {
    Status result;
    Status performed = http_.Perform(call, HttpRequest::Get(url), [&](const HttpResponse& r) {
      if (!r.success()) {
        result = Unexpected(r);
      } else if (!ParseJson(r.body(), answer)) {
        result = Failure{PENSTOCK_E_INTERNAL, "broken.BAD_ANSWER", "the answer is no JSON", 0};
      }
    });
    return performed.ok() ? result : performed;
  }

  Field FieldOf(const JsonValue& json) const {
    Field field;
    field.name = field.label = TextMember(json, "name");
    field.type = TypeOf(TextMember(json, "type"));
    if (breaks_("discover.names")) std::replace(field.name.begin(), field.name.end(), '.', '_');
    if (const JsonValue* options = ArrayMember(json, "options")) {
      for (const JsonValue& option : options->GetArray()) {
        field.allowed.emplace_back(JsonText(option));
      }
    }
    return field;
  }

  static void Complete(Object* object) {
    for (const char* name : {"upsert", "insert", "update", "delete"}) {
      Operation& operation = object->operations[name];
      operation.identifiers = {{"key"}};
      operation.idempotent = std::string_view(name) != "insert";
    }
    object->limits = {200, 20, 4};
  }

  // A second object, for the rules about catalogs.
  Object Others() const {
    Object object;
    object.name = object.label = "others";
    Field key;
    key.name = "key";
    if (breaks_("discover.identifiers")) key.type = FieldType::kDecimal;
    Field name;
    name.name = "name";
    if (breaks_("discover.field_flags")) {
      name.required = true;
      name.createable = false;
    }
    object.fields = {key, name};
    if (breaks_("discover.options")) {
      object.options_schema =
          R"({"type": "object", "properties": {"serial": {"type": "boolean"}}})";
    }
    if (!breaks_("discover.schema")) object.operations["delete"] = {{{"key"}}, true, true};
    return object;
  }

  Host host_;
  Http http_;
  Breaks breaks_;
  int turns_ = 0;
};

}  // namespace
}  // namespace broken

PENSTOCK_CONNECTOR(broken::Broken, kManifest)
