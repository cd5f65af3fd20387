// A run store in one file, for worlds that outlive a killed process.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/run/run.h"

namespace penstock::testing {

/// Keeps anchors, bases and runs in one file, replaced by rename: it survives a killed process.
class FileStore final : public RunStore {
 public:
  explicit FileStore(std::string path) : path_(std::move(path)) {}
  Result<StateAnchor> Anchor(const std::string& integration) override;
  Status SaveAnchor(const std::string& integration, const StateAnchor& anchor) override;
  Result<std::optional<PlanBasis>> Basis(const std::string& integration) override;
  Status SaveBasis(const std::string& integration, const PlanBasis& basis) override;
  Status BeginRun(RunRecord* record) override;
  Status FinishRun(const RunRecord& record) override;
  Result<std::optional<RunRecord>> FindRun(const std::string& run) override;
  Result<std::vector<RunRecord>> Running(const std::string& integration) override;
  /// What is kept of every run: its status, changes and outcomes.
  std::vector<RunRecord> Runs() const;
  Status Log(const std::string&, const std::string&, const std::string&) override { return {}; }

 private:
  std::map<std::string, std::string> Load() const;
  void Save(const std::map<std::string, std::string>& settings) const;
  const std::string path_;
};

}  // namespace penstock::testing
