// The worker's side of the calls: one thread for the destination, one a writer.
#pragma once

#include "sdk/runtime/channel.h"
#include "sdk/runtime/loader.h"
#include "sdk/worker/proxy_services.h"

namespace penstock::sdk::worker {

/// Serves the control channel until the host closes the destination or is gone; then the process
/// ends. `library` and `services` live as long as the process.
[[noreturn]] void ServeDestination(wire::Channel* control, const ConnectorLibrary& library,
                                   ProxyServices* services);

}  // namespace penstock::sdk::worker
