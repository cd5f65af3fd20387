// The connector under check, as far as it can be known without running it.
#pragma once

#include <rapidjson/document.h>

#include <optional>
#include <string>

#include "penstock/documents.hpp"
#include "penstock/result.hpp"

namespace penstock::kit {

struct Subject {
  std::string path;          // of the library, absolute
  std::string directory;     // that it lies in
  std::string id;            // as the file is named
  std::string sidecar_path;  // <id>.connector.json beside it
  std::string sidecar;       // its bytes
  rapidjson::Document json;  // null when the sidecar is no JSON object
  std::optional<sdk::Manifest> manifest;
  sdk::Failure manifest_failure;  // only without `manifest`
};

/// KIT-SUBJECT when there is no such library or no sidecar beside it.
sdk::Result<Subject> ReadSubject(const std::string& path);

/// The bytes of a file; KIT-FILE when it cannot be read.
sdk::Result<std::string> ReadText(const std::string& path);

/// A configuration that the manifest's schema accepts, made up from it: required properties only,
/// secrets as {"$secret": name}.
std::string MadeUpConfig(const rapidjson::Value& schema);

}  // namespace penstock::kit
