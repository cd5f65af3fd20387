// HostServices as the C tables that a connector sees. For the files of this folder only.
#pragma once

#include <string>

#include "penstock/connector.h"
#include "sdk/runtime/services.h"

namespace penstock::sdk::runtime {

/// `services` and this object outlive everything opened with c(). [thread-safe]
class HostTables {
 public:
  explicit HostTables(HostServices* services);
  HostTables(const HostTables&) = delete;
  HostTables& operator=(const HostTables&) = delete;

  const penstock_host* c() const { return &host_; }
  HostServices* services() const { return services_; }

 private:
  HostServices* services_;
  std::string name_;
  std::string version_;
  penstock_host host_;
};

}  // namespace penstock::sdk::runtime
