// Settings as the changelog compares them: name to text, without secrets.
#pragma once

#include <map>
#include <string>

#include "host/project/project.h"

namespace penstock::engine {

/// Everything of an integration and of its ends that shapes what is sent. References stay
/// references. [thread-safe]
std::map<std::string, std::string> SettingsOf(const project::Project& project,
                                              const project::IntegrationSettings& settings);

/// The commit that is checked out in the repository around `directory`; empty when there is none.
std::string GitCommit(const std::string& directory);

}  // namespace penstock::engine
