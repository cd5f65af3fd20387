// What a connector must leave alone: descriptors, threads, signal handlers, environment, locale,
// working directory, umask, standard output and error.
#pragma once

#include <functional>
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

/// What the heap keeps of every round of `body`, in bytes: the least that any of several measured
/// rounds left behind, after some that warm up. A leak is in all of them; what the allocator keeps
/// for itself is not. `body` must do the same each time; it runs in threads of its own, one after
/// the other, and may end early once a check has failed.
long HeapGrowth(const std::function<void()>& body);

/// Bytes that the process has printed where its output goes to a file, else 0.
long Printed();

}  // namespace penstock::kit
