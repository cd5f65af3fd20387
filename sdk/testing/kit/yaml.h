// YAML as JSON: one reading for fixture files of both kinds.
#pragma once

#include <string>

#include "penstock/result.hpp"

namespace penstock::kit {

/// The YAML 1.2 text as JSON text; plain scalars get their types, numbers keep their digits.
/// KIT-YAML with line and column.
sdk::Result<std::string> YamlToJson(const std::string& yaml);

/// The other way, so that YamlToJson makes the same JSON of it. `json` is a whole JSON text.
std::string JsonToYaml(const std::string& json);

}  // namespace penstock::kit
