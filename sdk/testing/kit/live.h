// A real account as a destination: level 5.
#pragma once

#include <memory>

#include "sdk/testing/kit/http_client.h"

namespace penstock::kit {

/// Requests go to the base URL; nothing is ever reset, and it cannot tell what it holds.
class LiveDestination final : public Destination {
 public:
  explicit LiveDestination(Address address) : client_(std::move(address)) {}
  sdk::Status Reset() override { return {}; }
  PeerAnswer Answer(const PeerRequest& request) override { return client_.Send(request); }
  void Connect() override { client_.Forget(); }

 private:
  HttpClient client_;
};

}  // namespace penstock::kit
