#include "host/trust/platform.h"

#include <link.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "host/project/reading.h"
#include "sdk/runtime/elf_facts.h"

namespace penstock::trust {
namespace {

// Paths of the libraries that this program runs on, by file name: the same ones serve a connector.
std::map<std::string, std::string> LoadedLibraries() {
  std::map<std::string, std::string> paths;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* out) {
        const std::filesystem::path path = info->dlpi_name == nullptr ? "" : info->dlpi_name;
        (*static_cast<std::map<std::string, std::string>*>(out))[path.filename()] = path;
        return 0;
      },
      &paths);
  return paths;
}

// Versions that it asks for and the library of this machine does not offer.
std::vector<std::string> Missing(const sdk::ElfFacts& facts) {
  const auto loaded = LoadedLibraries();
  std::map<std::string, std::vector<std::string>> offered;
  std::vector<std::string> missing;
  for (const auto& [library, version] : facts.asked) {
    const auto path = loaded.find(library);
    if (path == loaded.end()) continue;  // the system's loader will tell
    auto& versions = offered[library];
    if (versions.empty()) {
      const auto read = sdk::ReadElf(path->second);
      if (!read.ok() || read->offered.empty()) continue;
      versions = read->offered;
    }
    if (std::find(versions.begin(), versions.end(), version) == versions.end()) {
      missing.push_back(version);
    }
  }
  return missing;
}

}  // namespace

Result<Fitness> CheckFitness(const std::string& library, const std::string& who) {
  const auto facts = sdk::ReadElf(library);
  if (!facts.ok()) {
    return UsageError(facts.failure().code, who + ": " + facts.failure().message + ".",
                      "Get the file again from its publisher; nothing was installed.");
  }
  if (facts->machine != sdk::ThisMachine()) {
    return UsageError("PS-CONN-MACHINE", who + " is built for " + sdk::MachineName(facts->machine) +
                                             ", and this machine is " +
                                             sdk::MachineName(sdk::ThisMachine()) + ".");
  }
  const bool connector = std::any_of(
      facts->exported.begin(), facts->exported.end(),
      [](const std::string& symbol) { return symbol.starts_with("penstock_connector_entry_v"); });
  if (!connector) {
    return UsageError("PS-CONN-NOT-CONNECTOR",
                      who + ": " + library + " is a library, and no connector.");
  }
  if (const auto missing = Missing(*facts); !missing.empty()) {
    return UsageError("PS-CONN-BASELINE", who + " needs " + project::JoinNames(missing) +
                                              ", which the system libraries of this machine do "
                                              "not have.");
  }
  return Fitness{facts->BeyondBaseline()};
}

}  // namespace penstock::trust
