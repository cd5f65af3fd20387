// operator new that fails at a chosen allocation, for exc.contained.
#pragma once

#include <cstdint>

namespace penstock::kit {

/// The n-th allocation of this thread from now on fails (1: the next); 0: none.
void FailAllocation(uint64_t n);
/// Whether it has failed.
bool AllocationFailed();

/// Inside, allocations of this thread neither count nor fail: the kit's own.
class OwnAllocations {
 public:
  OwnAllocations();
  ~OwnAllocations();
  OwnAllocations(const OwnAllocations&) = delete;
  OwnAllocations& operator=(const OwnAllocations&) = delete;
};

}  // namespace penstock::kit
