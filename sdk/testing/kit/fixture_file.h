// A fixture as a file, YAML or JSON: README.md describes it.
#pragma once

#include <string>

#include "penstock/testing/fixture.hpp"
#include "sdk/testing/kit/subject.h"

namespace penstock::kit {

class FileFixture final : public Fixture {
 public:
  /// KIT-FIXTURE with file and place of what is wrong. An empty `path` makes a fixture
  /// without a destination.
  static sdk::Result<FileFixture> Read(const std::string& path, const Subject& subject);

  std::string Connector() const override { return connector_; }
  Facts Declare() const override { return facts_; }
  sdk::Result<std::unique_ptr<Destination>> Start() override;
  /// The file as JSON.
  const std::string& source() const { return source_; }
  /// README of the connector as the file names it, or empty.
  const std::string& readme() const { return readme_; }
  bool has_destination() const { return has_sandbox_ || !model_.empty(); }

 private:
  sdk::Status Take(const rapidjson::Value& json);
  sdk::Status TakeMore(const rapidjson::Value& json);
  sdk::Status TakeSandbox(const rapidjson::Value& json);
  sdk::Status TakeSecrets(const std::vector<std::string>& properties);
  sdk::Failure Wrong(const std::string& sentence) const;

  std::string path_, connector_, directory_;  // directory_: of the connector
  std::string source_;
  Facts facts_;
  std::string readme_;
  bool has_sandbox_ = false;
  std::string sandbox_program_, sandbox_base_path_, sandbox_config_;
  std::vector<std::string> sandbox_arguments_;
  std::map<std::string, std::string> sandbox_jobs_;
  std::string model_;  // JSON of "destination"
};

}  // namespace penstock::kit
