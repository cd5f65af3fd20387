// What a connector must leave alone: descriptors, threads, signal handlers, environment, locale,
// working directory, umask, standard output and error.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace penstock::kit {

/// A picture of this process, by kind.
class ProcessState {
 public:
  static ProcessState Take();
  /// One sentence a difference; `now` is the later picture.
  std::vector<std::string> ChangedIn(const ProcessState& now) const;

 private:
  std::map<std::string, std::string> parts_;
};

/// Resident memory of this process in KiB.
long ResidentKib();

/// Bytes of the heap in use, as the allocator tells.
long HeapBytes();

/// Bytes that the process has printed where its output goes to a file, else 0.
long Printed();

}  // namespace penstock::kit
