#include "tests/property/file_store.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace penstock::testing {

std::map<std::string, std::string> FileStore::Load() const {
  std::map<std::string, std::string> settings;
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);) {
    const size_t tab = line.find('\t');
    settings[line.substr(0, tab)] = line.substr(tab + 1);
  }
  return settings;
}

void FileStore::Save(const std::map<std::string, std::string>& settings) const {
  const std::string draft = path_ + ".new";
  {
    std::ofstream file(draft);
    for (const auto& [name, value] : settings) file << name << '\t' << value << '\n';
  }
  std::filesystem::rename(draft, path_);
}

Result<StateAnchor> FileStore::Anchor(const std::string&) {
  const auto settings = Load();
  StateAnchor anchor;
  if (!settings.contains("lineage")) return anchor;
  anchor.lineage = settings.at("lineage");
  anchor.generation = std::stoull(settings.at("generation"));
  anchor.last_outcome = std::stoull(settings.at("last_outcome"));
  anchor.shared_ids = std::stoull(settings.at("shared_ids"));
  return anchor;
}

Status FileStore::SaveAnchor(const std::string&, const StateAnchor& anchor) {
  auto settings = Load();
  settings["lineage"] = anchor.lineage;
  settings["generation"] = std::to_string(anchor.generation);
  settings["last_outcome"] = std::to_string(anchor.last_outcome);
  settings["shared_ids"] = std::to_string(anchor.shared_ids);
  Save(settings);
  return {};
}

Result<std::optional<PlanBasis>> FileStore::Basis(const std::string&) {
  const auto settings = Load();
  if (!settings.contains("mode")) return std::optional<PlanBasis>();
  PlanBasis basis;
  basis.mode = *ParseMode(settings.at("mode"));
  basis.key_digest = settings.at("key_digest");
  basis.model_digest = settings.at("model_digest");
  basis.keyless = std::stoull(settings.at("keyless"));
  return std::optional<PlanBasis>(basis);
}

Status FileStore::SaveBasis(const std::string&, const PlanBasis& basis) {
  auto settings = Load();
  settings["mode"] = ModeName(basis.mode);
  settings["key_digest"] = basis.key_digest;
  settings["model_digest"] = basis.model_digest;
  settings["keyless"] = std::to_string(basis.keyless);
  Save(settings);
  return {};
}

Status FileStore::BeginRun(RunRecord* record) {
  auto settings = Load();
  const uint32_t next =
      settings.contains("run") ? static_cast<uint32_t>(std::stoul(settings.at("run")) + 1) : 1;
  record->ordinal = std::max(record->ordinal, next);
  record->run = record->integration + "-" + std::to_string(record->ordinal);
  settings["run"] = std::to_string(record->ordinal);
  Save(settings);
  return FinishRun(*record);
}

Status FileStore::FinishRun(const RunRecord& record) {
  auto settings = Load();
  const OutcomeCounts& c = record.outcomes;
  std::ostringstream text;
  text << record.status << ' ' << record.integration << ' ' << record.plan.row_changes << ' '
       << record.plan.remove << ' ' << c.succeeded << ' ' << c.rejected << ' ' << c.skipped << ' '
       << c.in_doubt << ' ' << c.unsent << ' ' << record.journalled << ' ' << record.trigger;
  settings["record " + record.run] = text.str();
  Save(settings);
  return {};
}

std::vector<RunRecord> FileStore::Runs() const {
  std::vector<RunRecord> runs;
  for (const auto& [name, value] : Load()) {
    if (!name.starts_with("record ")) continue;
    RunRecord record;
    record.run = name.substr(7);
    record.ordinal =
        static_cast<uint32_t>(std::stoul(record.run.substr(record.run.rfind('-') + 1)));
    OutcomeCounts& c = record.outcomes;
    std::istringstream(value) >> record.status >> record.integration >> record.plan.row_changes >>
        record.plan.remove >> c.succeeded >> c.rejected >> c.skipped >> c.in_doubt >> c.unsent >>
        record.journalled >> record.trigger;
    runs.push_back(std::move(record));
  }
  return runs;
}

Result<std::optional<RunRecord>> FileStore::FindRun(const std::string& run) {
  for (RunRecord& record : Runs()) {
    if (record.run == run) return std::optional<RunRecord>(std::move(record));
  }
  return std::optional<RunRecord>();
}

Result<std::vector<RunRecord>> FileStore::Running(const std::string& integration) {
  std::vector<RunRecord> running = Runs();
  std::erase_if(running, [&](const RunRecord& record) {
    return record.status != "running" || record.integration != integration;
  });
  return running;
}

}  // namespace penstock::testing
