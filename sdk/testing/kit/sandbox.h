// A destination that is a sandbox program on loopback, started by the kit.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sdk/testing/kit/http_client.h"

namespace penstock::kit {

struct SandboxOptions {
  std::string program;                 // a file
  std::vector<std::string> arguments;  // besides --port 0 --die-with-parent --no-limits
  std::string base_path;               // before every request of the connector: "/api"
  std::string config;                  // JSON for PUT /_sandbox/config after every reset, or empty
  std::map<std::string, std::string> jobs;  // mood or "end" -> JSON for PUT /_sandbox/config
};

class SandboxDestination final : public Destination {
 public:
  /// KIT-SANDBOX when the program does not listen.
  static sdk::Result<std::unique_ptr<Destination>> Start(const SandboxOptions& options);
  ~SandboxDestination() override;

  sdk::Status Reset() override;
  PeerAnswer Answer(const PeerRequest& request) override;
  bool CanTell() const override { return true; }
  sdk::Result<std::vector<StoredRecord>> Records(const std::string& object) override;
  void Connect() override { client_->Forget(); }
  bool SetJobs(const std::string& mood) override;
  void EndJobs() override { (void)SetJobs("end"); }

 private:
  SandboxDestination() = default;
  sdk::Status Control(const std::string& method, const std::string& path, const std::string& body,
                      std::string* answer);
  SandboxOptions options_;
  pid_t pid_ = -1;
  pid_t owner_ = -1;  // the process that started it, which alone may end it
  std::unique_ptr<HttpClient> client_;
};

}  // namespace penstock::kit
