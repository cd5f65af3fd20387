// How a connector becomes an instance: in this process, or in the worker.
#pragma once

#include <memory>
#include <string>

#include "sdk/runtime/instance.h"
#include "sdk/testing/kit/subject.h"
#include "sdk/testing/kit/trial.h"

namespace penstock::kit {

/// Loads and opens; settings.worker chooses the worker process.
sdk::Result<std::unique_ptr<sdk::ConnectorInstance>> OpenInstance(const Subject& subject,
                                                                  const Settings& settings,
                                                                  sdk::HostServices* services,
                                                                  const std::string& config_json);

/// The library in this process, loaded once.
sdk::Result<const sdk::ConnectorLibrary*> LoadedLibrary(const Subject& subject);

/// Whether the worker program is where this program looks for it.
bool HasWorker();

}  // namespace penstock::kit
