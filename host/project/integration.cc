// One integration of the project file.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/suggest.h"
#include "host/project/sections.h"

namespace penstock::project {
namespace {

constexpr size_t kLongestSql = 1u << 20;
constexpr size_t kLongestName = 64;

// "public.customers" as quoted SQL; a part that is quoted already stays one part.
std::string QuotedTable(const std::string& table) {
  std::string out = "\"";
  bool quoted = false;
  for (const char c : table) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == '.' && !quoted) {
      out += "\".\"";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

bool Blank(const std::string& sql) {
  return sql.find_first_not_of(" \t\r\n;") == std::string::npos;
}

void ReadModelFile(Complaints* complaints, const Project& project, const YamlNode& at,
                   const std::string& name, Integration* into) {
  const std::filesystem::path path = std::filesystem::path(project.directory) / name;
  std::error_code ignored;
  const bool regular = std::filesystem::is_regular_file(path, ignored);  // a pipe would hang
  std::ifstream in;
  if (regular) in.open(path, std::ios::binary);
  if (!in.is_open()) {
    complaints->Fail(at, "PS-CONF-MODEL",
                     "The model's file \"" + name + "\" of integration " + into->id +
                         " is not there, or is no file that can be read.",
                     "Paths are relative to the project file.");
    return;
  }
  std::ostringstream text;
  text << in.rdbuf();
  into->sql = text.str();
  into->sql_file = name;
}

void ReadOptions(Complaints* complaints, MapReader* map, Integration* into) {
  const YamlNode* options = map->Take("options");
  if (options == nullptr) return;
  into->places["options"] = complaints->PlaceOf(*options);
  if (options->IsMap()) {
    into->options = ToJson(*options);
    for (const YamlNode::Member& option : options->members) {
      into->places["options." + option.key] = complaints->PlaceOf(option.value);
    }
  } else {
    complaints->Fail(*options, "PS-CONF-TYPE",
                     "\"options\" of the " + map->what() + " must be a map.");
  }
}

void ReadMode(Complaints* complaints, MapReader* map, Integration* into) {
  static const std::vector<std::string> kModes = {"mirror", "upsert", "update_only", "delete_only",
                                                  "insert_only"};
  const YamlNode* at = map->Require("mode", "mode: upsert");
  if (at == nullptr) return;
  into->places["mode"] = complaints->PlaceOf(*at);
  const std::string& name = at->text;
  if (name == "delete_departed") {
    into->mode = Mode::kDeleteOnly;
  } else if (name == "delete") {
    complaints->Fail(*at, "PS-CONF-MODE",
                     "The mode \"delete\" can mean two things: delete_departed deletes what left "
                     "the model, delete_listed what is in it.",
                     "Write delete_departed; delete_listed is not built yet.");
  } else if (name == "delete_listed") {
    complaints->Fail(*at, "PS-CONF-LATER",
                     "The mode delete_listed (delete the rows in the model) is not built yet.",
                     "delete_departed deletes what left the model.");
  } else if (const auto mode = ParseMode(name)) {
    into->mode = *mode;
  } else {
    complaints->Fail(*at, "PS-CONF-MODE",
                     "There is no mode \"" + name + "\"; the modes are " + JoinNames(kModes) + ".",
                     DidYouMean(name, kModes));
  }
}

void ReadTrigger(Complaints* complaints, MapReader* map, IntegrationSettings* into) {
  const YamlNode* node = map->Take("trigger");
  if (node == nullptr) return;
  MapReader trigger(complaints, *node, "trigger of " + into->integration.id);
  into->trigger_place = complaints->PlaceOf(*node);
  if (const auto every = trigger.DurationMs("every")) {
    into->trigger = "every " + node->Find("every")->text;
    if (*every < 1000) {
      complaints->Fail(*node->Find("every"), "PS-CONF-VALUE",
                       "A trigger's interval is a second at least.");
    }
  }
  if (const auto cron = trigger.Text("cron")) into->trigger = "cron " + *cron;
  trigger.Finish();
}

void ReadReferences(Complaints* complaints, MapReader* map, const IntegrationContext& context,
                    Integration* into) {
  struct {
    const char *key, *example;
    const std::vector<std::string>& known;
    std::string* name;
  } const ends[] = {{"source", "source: warehouse", context.sources, &into->source},
                    {"destination", "destination: crm", context.destinations, &into->destination}};
  for (const auto& end : ends) {
    const auto name = map->RequireText(end.key, end.example);
    if (!name) continue;
    *end.name = *name;
    const Place place = complaints->PlaceOf(*map->node().Find(end.key));
    into->places[end.key] = place;
    bool found = false;
    for (const std::string& known : end.known) found = found || known == *name;
    if (found) continue;
    complaints->Add(At(UnknownName(end.key, *name, end.known), place));
  }
}

void ReadBehaviour(Complaints* complaints, MapReader* map, IntegrationSettings* out) {
  Integration& it = out->integration;
  if (const auto memory = ReadMemory(map)) it.memory_bytes = *memory;
  const auto retry = map->OneOf("retry_rejected", {"daily", "on_change", "every_run"});
  if (retry == "on_change") it.retry_rejected = RetryRejected::kOnChange;
  if (retry == "every_run") it.retry_rejected = RetryRejected::kEveryRun;
  const YamlNode* delete_at = map->node().Find("delete");
  if (const auto which = map->OneOf("delete", {"created", "all"})) {
    it.delete_created_only = *which == "created";
    if (!DeletesDeparted(it.mode)) {
      complaints->Fail(*delete_at, "PS-CONF-VALUE",
                       "\"delete\" says which records a deleting mode deletes, and mode " +
                           std::string(ModeName(it.mode)) + " deletes none.");
    }
  }
  if (map->Bool("keep_values").value_or(false)) {
    complaints->Fail(*map->node().Find("keep_values"), "PS-CONF-LATER",
                     "keep_values: true (old values in plans, undo) is not built yet.",
                     "Take the key out until it is built.");
  }
  out->shared = map->Bool("shared").value_or(false);
  map->Later("renamed_from", "renamed_from (moving the state to another name) is not built yet.");
  map->Later("diff", "The diff inside the warehouse (diff: …) is not built yet.");
  map->Later("notify", "Notifications (notify: …) are not built yet.");
  map->Later("retention", "Retention (retention: …) is not built yet; nothing is deleted.");
}

}  // namespace

bool IsName(const std::string& name) {
  if (name.empty() || name.size() > kLongestName) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && c != '_' && c != '-') return false;
  }
  return name[0] != '-';
}

void ReadModel(Complaints* complaints, const Project& project, MapReader* from,
               IntegrationSettings* into) {
  Integration& it = into->integration;
  const YamlNode* node = from->Require("model", "model: {file: models/contacts.sql}");
  if (node == nullptr) return;
  it.places["model"] = complaints->PlaceOf(*node);
  if (node->IsScalar()) {
    complaints->Fail(*node, "PS-CONF-TYPE", "The model of " + it.id + " must say what it is.",
                     "Write {file: path.sql}, {sql: SELECT …} or {table: name}.");
    return;
  }
  MapReader model(complaints, *node, "model of " + it.id);
  model.Later("dbt", "Models from dbt (model: {dbt: …}) are not built yet.");
  const auto file = model.Text("file");
  const auto sql = model.Text("sql");
  const auto table = model.Text("table");
  const int forms = (file ? 1 : 0) + (sql ? 1 : 0) + (table ? 1 : 0);
  if (forms != 1 && node->Find("dbt") == nullptr) {
    complaints->Fail(*node, "PS-CONF-MODEL",
                     "The model of " + it.id + " needs exactly one of file, sql and table.");
  } else if (file) {
    ReadModelFile(complaints, project, *node->Find("file"), *file, &it);
  } else if (sql) {
    it.sql = *sql;
  } else if (table) {
    into->table = *table;
    it.sql = "SELECT * FROM " + QuotedTable(*table);
  }
  const bool read = forms == 1 && (file ? !it.sql_file.empty() : sql.has_value());
  if (read && (Blank(it.sql) || it.sql.size() > kLongestSql)) {
    complaints->Fail(*node, "PS-CONF-MODEL",
                     Blank(it.sql) ? "The model of " + it.id + " holds no SQL."
                                   : "The model of " + it.id + " is longer than 1 MiB.");
  }
  if (it.sql.find('\0') != std::string::npos) {
    complaints->Fail(*node, "PS-CONF-MODEL", "The model of " + it.id + " holds a NUL byte.",
                     "A database would take the text before it for the whole model.");
  }
  model.Finish();
}

std::optional<uint64_t> ReadMemory(MapReader* map) {
  constexpr uint64_t kLeast = 8u << 20;
  const auto memory = map->Size("memory");
  if (memory && *memory < kLeast) {
    map->complaints()->Fail(*map->node().Find("memory"), "PS-CONF-VALUE",
                            "memory must be 8MiB at least.");
  }
  return memory;
}

std::optional<IntegrationSettings> ReadIntegration(Complaints* complaints, const Project& project,
                                                   const IntegrationContext& context,
                                                   const YamlNode::Member& member) {
  const size_t before = complaints->errors().size();
  IntegrationSettings out;
  Integration& it = out.integration;
  it.id = member.key;
  it.environment = project.environment;
  it.memory_bytes = context.memory_bytes;
  out.place = complaints->PlaceOf(member);
  MapReader map(complaints, member.value, "integration " + member.key);
  ReadReferences(complaints, &map, context, &it);
  ReadModel(complaints, project, &map, &out);
  if (const auto object = map.RequireText("object", "object: contacts")) {
    it.object = *object;
    it.places["object"] = complaints->PlaceOf(*map.node().Find("object"));
  }
  ReadMode(complaints, &map, &it);
  ReadKey(complaints, &map, &it);
  ReadMapping(complaints, &map, &it);
  ReadOptions(complaints, &map, &it);
  ReadGuard(complaints, &map, &it);
  ReadTolerate(complaints, &map, &it);
  ReadTrigger(complaints, &map, &out);
  ReadBehaviour(complaints, &map, &out);
  map.Finish();
  const auto source = project.sources.find(it.source);
  if (source != project.sources.end()) it.time_zone = source->second.time_zone;
  if (complaints->errors().size() != before) return std::nullopt;
  return out;
}

}  // namespace penstock::project
