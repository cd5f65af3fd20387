// The parts of the project file, each read by its own function. Internal to host/project.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/project/project.h"
#include "host/project/reading.h"

namespace penstock::project {

/// True for names that may stand in paths and run names: letters, digits, _ and -, at most 64.
bool IsName(const std::string& name);

std::optional<SourceSettings> ReadSource(Complaints* complaints, const Project& project,
                                         const YamlNode::Member& member);
std::optional<DestinationSettings> ReadDestination(Complaints* complaints, const Project& project,
                                                   const YamlNode::Member& member);

/// The section "policy".
Policy ReadPolicy(Complaints* complaints, const YamlNode::Member& member);

/// What integrations take from the project as a whole.
struct IntegrationContext {
  uint64_t memory_bytes = 64u << 20;
  std::vector<std::string> sources, destinations;  // names, also of those with errors
};
/// Nothing when it has an error; each is complained of.
std::optional<IntegrationSettings> ReadIntegration(Complaints* complaints, const Project& project,
                                                   const IntegrationContext& context,
                                                   const YamlNode::Member& member);

/// The key "memory" in bytes, if it is there; too little is complained of.
std::optional<uint64_t> ReadMemory(MapReader* map);
void ReadModel(Complaints* complaints, const Project& project, MapReader* from,
               IntegrationSettings* into);
void ReadKey(Complaints* complaints, MapReader* from, Integration* into);
void ReadMapping(Complaints* complaints, MapReader* from, Integration* into);
void ReadGuard(Complaints* complaints, MapReader* from, Integration* into);
void ReadTolerate(Complaints* complaints, MapReader* from, Integration* into);

}  // namespace penstock::project
