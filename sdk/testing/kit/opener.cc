#include "sdk/testing/kit/opener.h"

#include "sdk/runtime/loader.h"

namespace penstock::kit {

// The one place that knows of the worker. Until there is one, asking for it is refused.
bool HasWorker() { return false; }

sdk::Result<const sdk::ConnectorLibrary*> LoadedLibrary(const Subject& subject) {
  return sdk::LoadConnector(subject.directory, subject.id);
}

sdk::Result<std::unique_ptr<sdk::ConnectorInstance>> OpenInstance(const Subject& subject,
                                                                  const Settings& settings,
                                                                  sdk::HostServices* services,
                                                                  const std::string& config_json) {
  if (settings.worker) {
    return sdk::Failure{PENSTOCK_E_UNSUPPORTED, "KIT-NO-WORKER",
                        "this build of the kit has no worker process", 0};
  }
  sdk::Result<const sdk::ConnectorLibrary*> library = LoadedLibrary(subject);
  if (!library.ok()) return library.failure();
  return sdk::ConnectorInstance::Open(**library, services, config_json);
}

}  // namespace penstock::kit
