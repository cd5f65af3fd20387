// What takes a worker's rights away, in two steps: before a connector's code can run at all (its
// static constructors run when it is loaded), and again once it is loaded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace penstock::sdk::worker {

/// What holds the process, and what the kernel refused, for people.
struct Confinement {
  std::vector<std::string> confined, refused;
};

/// No new privileges, no core files, nothing written to files, no other program, no network; of
/// files, only the system's libraries and `connector_directory` can be read. [once]
void ConfineBeforeLoad(const std::string& connector_directory, Confinement* out);

/// From now on only what computing, threads and the sockets that are open need; address space of at
/// most `memory_bytes` (0: not limited). [once]
void ConfineAfterLoad(uint64_t memory_bytes, Confinement* out);

}  // namespace penstock::sdk::worker
