#include "sdk/testing/kit/fixture_file.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "penstock/json_reader.hpp"
#include "sdk/documents/validate.h"
#include "sdk/testing/kit/check.h"
#include "sdk/testing/kit/exact_json.h"
#include "sdk/testing/kit/model.h"
#include "sdk/testing/kit/sandbox.h"
#include "sdk/testing/kit/yaml.h"

namespace penstock::kit {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> Texts(const Json& value) {
  std::vector<std::string> texts;
  if (!value.IsArray()) return texts;
  for (const Json& item : value.GetArray()) texts.emplace_back(Plain(item));
  return texts;
}

std::map<std::string, std::string> TextMap(const Json& value) {
  std::map<std::string, std::string> map;
  if (!value.IsObject()) return map;
  for (const auto& member : value.GetObject()) {
    map[std::string(Plain(member.name))] =
        member.value.IsString() ? std::string(Plain(member.value)) : ExactText(member.value);
  }
  return map;
}

std::vector<RejectCase> Rejects(const Json& value) {
  std::vector<RejectCase> cases;
  if (!value.IsArray()) return cases;
  for (const Json& item : value.GetArray()) {
    RejectCase one;
    one.field = TextOf(item, "field");
    if (const Json* fields = Find(item, "fields"); fields != nullptr && fields->IsObject()) {
      for (const auto& member : fields->GetObject()) {
        one.fields[std::string(Plain(member.name))] = ExactText(member.value);
      }
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

// Beside the fixture file, unless absolute.
std::string Beside(const std::string& file, const std::string& path) {
  if (path.empty() || fs::path(path).is_absolute()) return path;
  return (fs::path(file).parent_path() / path).lexically_normal().string();
}

}  // namespace

sdk::Failure FileFixture::Wrong(const std::string& sentence) const {
  return {PENSTOCK_E_INVALID_ARGUMENT, "KIT-FIXTURE", "the fixture " + path_ + ": " + sentence, 0};
}

sdk::Result<FileFixture> FileFixture::Read(const std::string& path, const Subject& subject) {
  FileFixture fixture;
  fixture.path_ = path;
  fixture.connector_ = subject.path;
  fixture.directory_ = subject.directory;
  rapidjson::Document document;
  if (path.empty()) return fixture;
  sdk::Result<std::string> text = ReadText(path);
  if (!text.ok()) return fixture.Wrong("it cannot be read");
  if (!path.ends_with(".json")) {
    text = YamlToJson(*text);
    if (!text.ok()) return fixture.Wrong(text.failure().message);
  }
  if (!ParseExact(*text, &document) || !document.IsObject()) {
    return fixture.Wrong("it is no JSON object");
  }
  fixture.source_ = *text;
  if (subject.manifest.has_value()) fixture.sandbox_program_ = subject.manifest->sandbox;
  sdk::Status status = fixture.Take(document);
  if (status.ok()) status = fixture.TakeMore(document);
  if (status.ok() && subject.manifest.has_value()) {
    status = fixture.TakeSecrets(subject.manifest->secrets);
  }
  if (status.ok() && subject.manifest.has_value()) {
    // As the user writes it: with the secrets, which then never reach the connector.
    const Facts& facts = fixture.facts_;
    status = sdk::ValidateJson(subject.manifest->config_schema,
                               WithSecrets(facts.config_json, facts.secrets), "config");
    if (!status.ok()) status = fixture.Wrong(status.failure().message);
  }
  if (!status.ok()) return status.failure();
  return fixture;
}

sdk::Status FileFixture::Take(const rapidjson::Value& json) {
  static const std::set<std::string_view> kKnown = {
      "config",  "secrets", "base_url",        "sandbox",       "destination",
      "object",  "key",     "fields",          "samples",       "rejects",
      "skip",    "results", "results_pointer", "success",       "open_fields",
      "options", "trims",   "whole_seconds",   "paged_catalog", "reads",
      "golden",  "readme",  "baseline",        "recorded"};
  for (const auto& member : json.GetObject()) {
    if (kKnown.count(Plain(member.name)) == 0) {
      return Wrong("\"" + std::string(Plain(member.name)) + "\" is not known here");
    }
  }
  if (const Json* config = Find(json, "config")) facts_.config_json = ExactText(*config);
  if (const Json* secrets = Find(json, "secrets")) facts_.secrets = TextMap(*secrets);
  facts_.base_url = TextOf(json, "base_url");
  facts_.object = TextOf(json, "object");
  if (const Json* options = Find(json, "options")) facts_.options_json = ExactText(*options);
  facts_.key = TextOf(json, "key");
  if (const Json* fields = Find(json, "fields")) facts_.fields = Texts(*fields);
  if (const Json* samples = Find(json, "samples")) facts_.samples = TextMap(*samples);
  if (const Json* rejects = Find(json, "rejects")) facts_.rejects = Rejects(*rejects);
  if (const Json* skips = Find(json, "skip")) facts_.skips = TextMap(*skips);
  for (const auto& [id, reason] : facts_.skips) {
    if (FindCheck(id) == nullptr) return Wrong("skip: there is no check \"" + id + "\"");
    if (reason.empty()) return Wrong("skip: " + id + " needs a reason");
  }
  return {};
}

sdk::Status FileFixture::TakeMore(const rapidjson::Value& json) {
  facts_.results = TextOf(json, "results", facts_.results);
  if (facts_.results != "in_order" && facts_.results != "any_order") {
    return Wrong("results must be in_order or any_order");
  }
  facts_.results_pointer = TextOf(json, "results_pointer", facts_.results_pointer);
  facts_.success = TextOf(json, "success", facts_.success);
  if (facts_.success != "answer" && facts_.success != "status") {
    return Wrong("success must be answer or status");
  }
  const auto flag = [&](const char* name) {
    const Json* member = Find(json, name);
    return member != nullptr && member->IsTrue();
  };
  facts_.open_fields = flag("open_fields");
  facts_.trims = flag("trims");
  facts_.whole_seconds = flag("whole_seconds");
  facts_.paged_catalog = flag("paged_catalog");
  if (const Json* reads = Find(json, "reads")) facts_.reads = Texts(*reads);
  facts_.golden = Beside(path_, TextOf(json, "golden"));
  readme_ = Beside(path_, TextOf(json, "readme"));
  if (const Json* baseline = Find(json, "baseline")) {
    facts_.baseline = std::strtod(std::string(Plain(*baseline)).c_str(), nullptr);
  }
  if (const Json* recorded = Find(json, "recorded")) {
    facts_.recorded = std::strtoull(std::string(Plain(*recorded)).c_str(), nullptr, 10);
    if (!IsNumber(*recorded) || facts_.recorded == 0) {
      return Wrong("recorded must be the number that penstock-check --record wrote");
    }
  }
  const Json* sandbox = Find(json, "sandbox");
  const Json* model = Find(json, "destination");
  if (sandbox != nullptr && model != nullptr) {
    return Wrong("it has a sandbox and a destination; one of them is enough");
  }
  if (model != nullptr) model_ = ExactText(*model);
  return sandbox == nullptr ? sdk::Status() : TakeSandbox(*sandbox);
}

// What the configuration says of its secret properties: each names one of `secrets`, or is one,
// which is taken out, since no connector is ever given one.
sdk::Status FileFixture::TakeSecrets(const std::vector<std::string>& properties) {
  rapidjson::Document config;
  if (!ParseExact(facts_.config_json, &config) || !config.IsObject()) return {};
  for (const std::string& property : properties) {
    auto* value = const_cast<Json*>(Find(config, property));
    if (value == nullptr) continue;
    if (IsText(*value)) {
      const auto [it, added] = facts_.secrets.emplace(property, Plain(*value));
      if (!added && it->second != Plain(*value)) {
        return Wrong("config: " + property + " is not the secret \"" + property +
                     "\" of `secrets`; write {$secret: " + property + "} there");
      }
      value->SetObject().AddMember("$secret", Json(property, config.GetAllocator()),
                                   config.GetAllocator());
      continue;
    }
    const std::string name = TextOf(*value, "$secret", property);
    const bool vague = facts_.secrets.empty() && name == property;  // any value will do
    if (!vague && facts_.secrets.count(name) == 0) {
      return Wrong("config: " + property + " is the secret \"" + name +
                   "\", which is not among `secrets`");
    }
  }
  facts_.config_json = ExactText(config);
  return {};
}

sdk::Status FileFixture::TakeSandbox(const rapidjson::Value& json) {
  has_sandbox_ = true;
  if (!json.IsObject()) return Wrong("sandbox must be an object");
  if (const std::string program = TextOf(json, "program"); !program.empty()) {
    sandbox_program_ = program;
  }
  if (sandbox_program_.empty())
    return Wrong("sandbox: program is missing, the manifest names none");
  // Beside the connector, as the manifest means it, else beside the fixture.
  const fs::path beside = fs::path(directory_) / sandbox_program_;
  std::error_code error;
  sandbox_program_ = fs::exists(beside, error) ? beside.string() : Beside(path_, sandbox_program_);
  if (const Json* arguments = Find(json, "arguments")) sandbox_arguments_ = Texts(*arguments);
  sandbox_base_path_ = TextOf(json, "base_path");
  if (const Json* config = Find(json, "config")) sandbox_config_ = ExactText(*config);
  if (const Json* jobs = Find(json, "jobs"); jobs != nullptr && jobs->IsObject()) {
    for (const auto& member : jobs->GetObject()) {
      sandbox_jobs_[std::string(Plain(member.name))] = ExactText(member.value);
    }
  }
  return {};
}

sdk::Result<std::unique_ptr<Destination>> FileFixture::Start() {
  if (!model_.empty()) {
    auto model = MakeModel(model_, facts_.secrets);
    if (!model.ok()) return Wrong("destination: " + model.failure().message);
    return model;
  }
  SandboxOptions options;
  options.program = sandbox_program_;
  options.arguments = sandbox_arguments_;
  options.base_path = sandbox_base_path_;
  options.config = sandbox_config_;
  options.jobs = sandbox_jobs_;
  return SandboxDestination::Start(options);
}

}  // namespace penstock::kit
