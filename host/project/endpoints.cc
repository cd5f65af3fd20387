// Sources and destinations of the project file.
#include <filesystem>

#include "core/base/suggest.h"
#include "host/project/sections.h"
#include "host/secrets/references.h"

namespace penstock::project {
namespace {

std::string Absolute(const Project& project, const std::string& path) {
  const std::filesystem::path p(path);
  return p.is_absolute() || path.starts_with("${")
             ? path
             : (std::filesystem::path(project.directory) / p).lexically_normal().string();
}

// Complains of a malformed reference and of a password that stands there literally.
void CheckConnectionText(Complaints* complaints, const YamlNode* at, const std::string& text,
                         const std::string& what) {
  const auto references = secrets::References(text);
  if (!references.ok()) {
    complaints->Fail(*at, "PS-CONF-REFERENCE", references.error().message, references.error().hint);
  } else if (secrets::HoldsLiteralPassword(text)) {
    complaints->Fail(*at, "PS-CONF-SECRET", "The " + what + " holds a password as plain text.",
                     "Put it into an environment variable and write ${env:NAME} in its place.");
  }
}

void CheckTimeZone(MapReader* map, SourceSettings* source) {
  const YamlNode* at = map->node().Find("time_zone");
  const auto zone = map->Text("time_zone");
  if (!zone) return;
  source->time_zone = *zone;
  const bool plain = zone->find("..") == std::string::npos && (*zone)[0] != '/';
  if (*zone != "UTC" &&
      !(plain && std::filesystem::is_regular_file("/usr/share/zoneinfo/" + *zone))) {
    map->complaints()->Fail(*at, "PS-CONF-VALUE",
                            "This machine knows no time zone \"" + *zone + "\".",
                            "For example: UTC or Europe/Berlin (package tzdata).");
  }
}

void ReadConfig(Complaints* complaints, const YamlNode& node, DestinationSettings* into) {
  into->config_places[""] = complaints->PlaceOf(node);
  if (!node.IsMap()) {
    complaints->Fail(node, "PS-CONF-TYPE",
                     "\"config\" of destination " + into->name +
                         " must be a map of the connector's settings, not " +
                         std::string(KindName(node.kind)) + ".");
    return;
  }
  for (const YamlNode::Member& member : node.members) {
    into->config_places[member.key] = complaints->PlaceOf(member.value);
    if (member.value.kind != YamlNode::Kind::kText) continue;
    const auto references = secrets::References(member.value.text);
    if (!references.ok()) {
      complaints->Fail(member.value, "PS-CONF-REFERENCE", references.error().message,
                       references.error().hint);
    }
  }
  into->config = ToJson(node);
}

void ReadBaseUrl(MapReader* map, DestinationSettings* into) {
  const YamlNode* at = map->node().Find("base_url");
  const auto url = map->Text("base_url");
  if (!url) return;
  into->base_url = *url;
  CheckConnectionText(map->complaints(), at, *url, "base_url of destination " + into->name);
  if (!url->starts_with("${") && !url->starts_with("https://") && !url->starts_with("http://")) {
    map->complaints()->Fail(*at, "PS-CONF-VALUE",
                            "base_url of destination " + into->name +
                                " must begin with https:// (http:// on this machine only).");
  }
}

void ReadLimits(MapReader* map, DestinationSettings* into) {
  const YamlNode* node = map->Take("limits");
  if (node == nullptr) return;
  MapReader limits(map->complaints(), *node, "limits of destination " + into->name);
  if (const auto share = limits.Share("daily_share")) into->daily_share = *share;
  limits.Finish();
}

void ReadWorker(MapReader* map, DestinationSettings* into) {
  constexpr uint64_t kLeastMemory = 64u << 20;
  constexpr int64_t kLeastSilenceMs = 1000;
  const YamlNode* node = map->Take("worker");
  if (node == nullptr) return;
  MapReader worker(map->complaints(), *node, "worker of destination " + into->name);
  if (const auto memory = worker.Size("memory")) into->worker_memory_bytes = *memory;
  if (const auto silence = worker.DurationMs("silence")) into->worker_silence_ms = *silence;
  if (into->worker_memory_bytes < kLeastMemory) {
    map->complaints()->Fail(*worker.node().Find("memory"), "PS-CONF-VALUE",
                            "memory of a worker must be 64MiB at least.");
  }
  if (into->worker_silence_ms < kLeastSilenceMs) {
    map->complaints()->Fail(*worker.node().Find("silence"), "PS-CONF-VALUE",
                            "silence of a worker must be 1s at least.");
  }
  if (into->in_process) {
    map->complaints()->Fail(*node, "PS-CONF-VALUE",
                            "worker says nothing with isolation: in_process.",
                            "Take one of the two out.");
  }
  worker.Finish();
}

}  // namespace

std::optional<SourceSettings> ReadSource(Complaints* complaints, const Project& project,
                                         const YamlNode::Member& member) {
  const size_t before = complaints->errors().size();
  SourceSettings source;
  source.name = member.key;
  source.place = complaints->PlaceOf(member);
  MapReader map(complaints, member.value, "source " + member.key);
  const YamlNode* type_at = map.Require("type", "type: postgres");
  if (type_at != nullptr) {
    source.type = type_at->text;
    if (source.type == "postgres") {
      if (const auto url = map.RequireText("url", "url: \"${env:WAREHOUSE_URL}\"")) {
        source.url = *url;
        CheckConnectionText(complaints, map.node().Find("url"), *url,
                            "url of source " + source.name);
      }
    } else if (source.type == "sqlite") {
      if (const auto path = map.RequireText("path", "path: shop.db")) {
        source.path = Absolute(project, *path);
      }
    } else {
      const bool later = source.type == "mysql" || source.type == "odbc" ||
                         source.type == "clickhouse" || source.type == "duckdb" ||
                         source.type == "snowflake" || source.type == "bigquery";
      complaints->Fail(*type_at, later ? "PS-CONF-LATER" : "PS-CONF-VALUE",
                       later ? "Sources of type " + source.type + " are not built yet."
                             : "There is no source of type \"" + source.type + "\".",
                       later ? "Built so far: postgres and sqlite."
                             : DidYouMean(source.type, {"postgres", "sqlite"}));
      return std::nullopt;
    }
  }
  CheckTimeZone(&map, &source);
  map.Finish();
  if (complaints->errors().size() != before) return std::nullopt;
  return source;
}

std::optional<DestinationSettings> ReadDestination(Complaints* complaints, const Project& project,
                                                   const YamlNode::Member& member) {
  const size_t before = complaints->errors().size();
  DestinationSettings out;
  out.name = member.key;
  out.place = out.connector_place = complaints->PlaceOf(member);
  out.config_places[""] = out.place;
  out.directory = project.directory;
  MapReader map(complaints, member.value, "destination " + member.key);
  if (const auto connector = map.RequireText("connector", "connector: hubspot")) {
    out.connector = *connector;
    out.connector_place = complaints->PlaceOf(*map.node().Find("connector"));
  }
  if (const YamlNode* config = map.Take("config")) ReadConfig(complaints, *config, &out);
  ReadBaseUrl(&map, &out);
  if (const auto ca = map.Text("ca_file")) {
    CheckConnectionText(complaints, map.node().Find("ca_file"), *ca,
                        "ca_file of destination " + out.name);
    out.ca_file = Absolute(project, *ca);
  }
  if (const auto timeout = map.DurationMs("timeout")) out.timeout_ms = *timeout;
  ReadLimits(&map, &out);
  out.in_process = map.OneOf("isolation", {"in_process", "worker"}) == "in_process";
  ReadWorker(&map, &out);
  map.Finish();
  if (complaints->errors().size() != before) return std::nullopt;
  return out;
}

}  // namespace penstock::project
