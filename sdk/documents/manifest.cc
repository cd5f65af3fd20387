#include <algorithm>
#include <set>

#include "penstock/documents.hpp"
#include "sdk/documents/offered_auth.h"
#include "sdk/documents/reader.h"
#include "sdk/documents/schemas.h"
#include "sdk/documents/validate.h"

namespace penstock::sdk {

using namespace documents;  // NOLINT(google-build-using-namespace): this folder's own helpers

namespace {

Limiter ReadLimiter(const Json& json) {
  Limiter limiter;
  limiter.name = Text(json, "name");
  if (const Json* requests = Find(json, "requests")) limiter.requests = requests->GetDouble();
  limiter.window_ms = static_cast<int64_t>(Number(json, "window_ms", 1000));
  limiter.max_concurrent = static_cast<uint32_t>(Number(json, "max_concurrent", 8));
  limiter.daily = static_cast<int64_t>(Number(json, "daily", 0));
  if (const Json* headers = Find(json, "headers")) {
    limiter.header_max = Text(*headers, "max");
    limiter.header_remaining = Text(*headers, "remaining");
    limiter.header_window_ms = Text(*headers, "window_ms");
    limiter.header_daily_max = Text(*headers, "daily_max");
    limiter.header_daily_remaining = Text(*headers, "daily_remaining");
    limiter.header_daily_usage = Text(*headers, "daily_usage");
  }
  return limiter;
}

void ReadStatuses(const Json& json, const char* name, std::vector<int>* statuses) {
  const Json* list = Find(json, name);
  if (list == nullptr) return;
  statuses->clear();
  for (const Json& status : list->GetArray()) {
    if (status.IsInt()) statuses->push_back(status.GetInt());
  }
}

RetryPolicy ReadRetry(const Json& json) {
  RetryPolicy retry;
  ReadStatuses(json, "not_applied", &retry.not_applied);
  ReadStatuses(json, "unclear", &retry.unclear);
  ReadStatuses(json, "if_retry_after", &retry.if_retry_after);
  retry.attempts = static_cast<uint32_t>(Number(json, "attempts", retry.attempts));
  return retry;
}

std::vector<std::string> ReadSecrets(const Json& config_schema) {
  std::vector<std::string> secrets;
  const Json* properties = Find(config_schema, "properties");
  if (properties == nullptr || !properties->IsObject()) return secrets;
  for (const auto& member : properties->GetObject()) {
    const Json* secret = member.value.IsObject() ? Find(member.value, "x-secret") : nullptr;
    if (secret != nullptr && secret->IsTrue()) secrets.emplace_back(member.name.GetString());
  }
  return secrets;
}

Failure Wrong(const std::string& sentence) {
  return Invalid("PS-DOC-INVALID", "the manifest: " + sentence);
}

Status CheckLimiters(const Manifest& manifest) {
  std::set<std::string> names;
  for (const Limiter& limiter : manifest.limiters) {
    if (!names.insert(limiter.name).second) {
      return Wrong("/limiters has \"" + limiter.name + "\" twice");
    }
  }
  if (names.count("default") == 0) return Wrong("/limiters lacks one with the name \"default\"");
  return {};
}

std::vector<CodeMeaning> ReadCodes(const Json& root) {
  std::vector<CodeMeaning> codes;
  const Json* list = Find(root, "codes");
  if (list == nullptr) return codes;
  for (const Json& item : list->GetArray()) {
    codes.push_back({Text(item, "code"), Text(item, "meaning"), Text(item, "remedy"),
                     Flag(item, "vendor", false)});
  }
  return codes;
}

Status CheckCodes(const Manifest& manifest) {
  std::set<std::string> names;
  for (const CodeMeaning& code : manifest.codes) {
    if (!names.insert(code.code).second) return Wrong("/codes has \"" + code.code + "\" twice");
  }
  return {};
}

// What the schema cannot say.
Status CheckManifest(const Manifest& manifest) {
  Status keywords = CheckSchemaKeywords(manifest.config_schema, "the manifest: /config_schema");
  if (keywords.ok() && !manifest.options_schema.empty()) {
    keywords = CheckSchemaKeywords(manifest.options_schema, "the manifest: /options_schema");
  }
  if (!keywords.ok()) return keywords;
  Status codes = CheckCodes(manifest);
  if (!codes.ok()) return codes;
  if (manifest.abi_major == 0 && manifest.draft_id.empty()) {
    return Wrong("/abi lacks \"draft_id\", which a draft (major 0) must name");
  }
  Status limiters = CheckLimiters(manifest);
  if (!limiters.ok()) return limiters;
  Status auth = CheckOfferedAuth(manifest);
  if (!auth.ok()) return auth;
  std::set<int> seen;
  for (const auto* list :
       {&manifest.retry.not_applied, &manifest.retry.unclear, &manifest.retry.if_retry_after}) {
    for (int code : *list) {
      if (!seen.insert(code).second) {
        return Wrong("/retry names status " + std::to_string(code) + " twice");
      }
    }
  }
  return {};
}

}  // namespace

Result<Manifest> ParseManifest(std::string_view json) {
  rapidjson::Document root;
  Status status = ParseChecked(json, kManifestSchema, "the manifest", &root);
  if (!status.ok()) return status.failure();
  Manifest manifest;
  manifest.id = Text(root, "id");
  manifest.name = Text(root, "name");
  manifest.version = Text(root, "version");
  manifest.publisher = Text(root, "publisher");
  manifest.abi_major = static_cast<uint32_t>(Number(root["abi"], "major", 0));
  manifest.draft_id = Text(root["abi"], "draft_id");
  manifest.min_host_minor = static_cast<uint32_t>(Number(root["abi"], "min_host_minor", 0));
  manifest.library = Text(root, "library");
  manifest.base_url = Text(root, "base_url");
  manifest.config_schema = RawText(root, "config_schema");
  manifest.secrets = ReadSecrets(root["config_schema"]);
  manifest.options_schema = RawText(root, "options_schema");
  manifest.codes = ReadCodes(root);
  if (const Json* auth = Find(root, "auth")) {
    manifest.auth = ReadAuth(*auth, root["config_schema"]);
  }
  manifest.allowed_hosts = Texts(root, "allowed_hosts");
  for (const Json& limiter : root["limiters"].GetArray()) {
    manifest.limiters.push_back(ReadLimiter(limiter));
  }
  if (const Json* retry = Find(root, "retry")) manifest.retry = ReadRetry(*retry);
  manifest.catalog_from_config = Flag(root, "catalog_from_config", false);
  manifest.sandbox = Text(root, "sandbox");
  manifest.account_link = Text(root, "account_link");
  status = CheckManifest(manifest);
  if (!status.ok()) return status.failure();
  return manifest;
}

}  // namespace penstock::sdk
