// A connector in a process of its own: the same ConnectorInstance, but a crash, a hang or a memory
// blow-up of the connector cannot touch the host. The worker has no network, no files, no secrets
// and bounded memory; it asks the host for everything over a socket.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/result.hpp"
#include "sdk/runtime/instance.h"
#include "sdk/runtime/loader.h"
#include "sdk/runtime/services.h"

namespace penstock::sdk {

/// How a worker turned out, told each time that one has started.
struct WorkerReport {
  std::string sha256;                 // of the connector's library
  std::vector<std::string> confined;  // what holds it: "seccomp", "landlock", "memory 1024 MiB"
  std::vector<std::string> refused;   // what this kernel refused, each with the reason
};

struct WorkerOptions {
  std::string program;                 // absolute path of penstock-worker, others are refused
  uint64_t memory_bytes = 1ull << 30;  // address space; 0: not limited
  int64_t silence_ms = 60'000;         // of a connector that computes and asks for nothing
  std::string expected_sha256;         // empty: not compared
  std::function<void(const WorkerReport&)> started;  // may be empty
};

/// As ConnectorInstance::Open, in a worker: loads the connector of `sidecar` there, with all checks
/// of LoadConnector, and opens it. When the worker ends in a call, that call fails with
/// PS-CONN-CRASHED and says how; the next call starts another one (its writers begin anew there).
Result<std::unique_ptr<ConnectorInstance>> OpenInWorker(const Sidecar& sidecar,
                                                        HostServices* services,
                                                        std::string_view config_json,
                                                        const WorkerOptions& options,
                                                        const CallContext& context = {});

/// The worker program beside the running program: in its folder, or in ../lib/penstock of it; the
/// latter path also when there is none. Empty when /proc/self/exe cannot be read; OpenInWorker then
/// refuses with PS-CONN-WORKER.
std::string FindWorkerProgram();

}  // namespace penstock::sdk
