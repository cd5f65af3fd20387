// What the loader asks of files. For the files of this folder only.
#pragma once

#include <filesystem>
#include <string>

#include "penstock/result.hpp"

namespace penstock::sdk::runtime {

/// INVALID_CONFIG: somebody must change what is installed.
Failure LoadFailure(std::string code, std::string message);

/// Also true when it cannot be told.
bool WritableByAll(const std::filesystem::path& path);

/// OK when the file looks like a whole shared library of this machine's kind: what a reader of its
/// symbols relies on lies inside it. `reason` otherwise.
bool IsSharedLibrary(const std::string& path, std::string* reason);

}  // namespace penstock::sdk::runtime
