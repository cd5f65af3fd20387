#include "host/engine/settings.h"

#include <filesystem>
#include <sstream>

#include "core/file/file.h"
#include "host/secrets/references.h"

namespace penstock::engine {
namespace {

namespace fs = std::filesystem;

std::string Text(const Threshold& t) {
  std::ostringstream out;
  out << "share " << t.share;
  if (t.count != UINT64_MAX) out << ", count " << t.count;
  out << ", floor " << t.floor;
  return out.str();
}

std::string Text(const FieldMapping& field) {
  std::string text = !field.run_variable.empty() ? "variable " + field.run_variable
                     : field.constant ? "const " + (field.sensitive ? "•••" : *field.constant)
                     : field.constant_null ? "const null"
                                           : "column " + field.column;
  if (field.null == NullPolicy::kClear) text += ", null: clear";
  if (field.null == NullPolicy::kLeave) text += ", null: leave";
  if (field.sensitive) text += ", sensitive";
  return text;
}

std::string Text(const KeyMapping& key) {
  std::string text = key.field + " from";
  for (const std::string& column : key.columns) text += " " + column;
  if (!key.text_template.empty()) text += " as " + key.text_template;
  return text;
}

std::string FirstLine(const fs::path& path) {
  const auto text = file::ReadAll(path);
  return text.ok() ? text->substr(0, text->find('\n')) : std::string();
}

// The commit of a ref, loose or packed.
std::string CommitOf(const fs::path& git, const std::string& ref) {
  fs::path common = git;
  if (const std::string shared = FirstLine(git / "commondir"); !shared.empty()) {
    common = git / shared;
  }
  for (const fs::path& base : {git, common}) {
    if (std::string commit = FirstLine(base / ref); !commit.empty()) return commit;
  }
  const auto refs = file::ReadAll(common / "packed-refs");
  std::istringstream packed(refs.ok() ? *refs : std::string());
  for (std::string line; std::getline(packed, line);) {
    if (line.ends_with(" " + ref)) return line.substr(0, line.find(' '));
  }
  return {};
}

}  // namespace

std::map<std::string, std::string> SettingsOf(const project::Project& project,
                                              const project::IntegrationSettings& settings) {
  const Integration& it = settings.integration;
  std::map<std::string, std::string> out = {
      {"source", it.source},   {"destination", it.destination},           {"model", it.sql},
      {"object", it.object},   {"mode", std::string(ModeName(it.mode))},  {"key", Text(it.key)},
      {"options", it.options}, {"guard.deletes", Text(it.guard.deletes)},
  };
  for (const FieldMapping& field : it.mapping) out["mapping." + field.field] = Text(field);
  if (it.guard.updates) out["guard.updates"] = Text(*it.guard.updates);
  for (const auto& [field, limit] : it.guard.fields) out["guard.fields." + field] = Text(limit);
  if (it.guard.first_run) out["guard.first_run"] = "hold";
  if (it.delete_created_only) out["delete"] = "created";
  if (it.retry_rejected == RetryRejected::kOnChange) out["retry_rejected"] = "on_change";
  if (it.retry_rejected == RetryRejected::kEveryRun) out["retry_rejected"] = "every_run";
  if (!settings.trigger.empty()) out["trigger"] = settings.trigger;
  if (const auto s = project.sources.find(it.source); s != project.sources.end()) {
    out["source.type"] = s->second.type;
    out["source.address"] =
        secrets::WithoutPassword(s->second.type == "sqlite" ? s->second.path : s->second.url);
    out["source.time_zone"] = s->second.time_zone;
  }
  if (const auto d = project.destinations.find(it.destination); d != project.destinations.end()) {
    out["destination.connector"] = d->second.connector;
    out["destination.config"] = d->second.config;
    if (!d->second.base_url.empty()) out["destination.base_url"] = d->second.base_url;
  }
  return out;
}

std::string GitCommit(const std::string& directory) {
  for (fs::path at = directory; !at.empty(); at = at.parent_path()) {
    std::error_code ignored;
    fs::path git = at / ".git";
    if (fs::is_regular_file(git, ignored)) {  // a worktree
      const std::string line = FirstLine(git);
      if (!line.starts_with("gitdir: ")) return {};
      git = at / line.substr(8);
    }
    if (fs::is_directory(git, ignored)) {
      const std::string head = FirstLine(git / "HEAD");
      return head.starts_with("ref: ") ? CommitOf(git, head.substr(5)) : head;
    }
    if (at == at.root_path()) break;
  }
  return {};
}

}  // namespace penstock::engine
