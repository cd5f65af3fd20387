#include "sdk/testing/kit/opener.h"

#include <unistd.h>

#include "sdk/runtime/loader.h"
#include "sdk/runtime/worker.h"

namespace penstock::kit {

bool HasWorker() { return ::access(sdk::FindWorkerProgram().c_str(), X_OK) == 0; }

sdk::Result<const sdk::ConnectorLibrary*> LoadedLibrary(const Subject& subject) {
  return sdk::LoadConnector(subject.directory, subject.id);
}

sdk::Result<std::unique_ptr<sdk::ConnectorInstance>> OpenInstance(const Subject& subject,
                                                                  const Settings& settings,
                                                                  sdk::HostServices* services,
                                                                  const std::string& config_json) {
  if (!settings.worker) {
    sdk::Result<const sdk::ConnectorLibrary*> library = LoadedLibrary(subject);
    if (!library.ok()) return library.failure();
    return sdk::ConnectorInstance::Open(**library, services, config_json);
  }
  sdk::Result<sdk::Sidecar> sidecar = sdk::ReadSidecar(subject.directory, subject.id);
  if (!sidecar.ok()) return sidecar.failure();
  sdk::WorkerOptions options;
  options.program = sdk::FindWorkerProgram();
  return sdk::OpenInWorker(*sidecar, services, config_json, options);
}

}  // namespace penstock::kit
