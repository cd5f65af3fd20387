// Runs a connector on a thread where chosen system calls are noted and refused.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "penstock/testing/fixture.hpp"

namespace penstock::kit {

/// A destination that answers on the thread that runs Serve, for connectors on another thread.
class RelayedDestination final : public Destination {
 public:
  explicit RelayedDestination(Destination* behind);
  ~RelayedDestination() override;
  sdk::Status Reset() override;
  PeerAnswer Answer(const PeerRequest& request) override;
  bool CanTell() const override { return behind_->CanTell(); }
  sdk::Result<std::vector<StoredRecord>> Records(const std::string& object) override {
    return behind_->Records(object);
  }
  /// Answers until `body` on its own thread is done; its system calls in `calls` are refused.
  /// Returns those that were made, by name and first text argument. Empty with a sentence in
  /// `error` where the kernel does not let a thread be confined.
  std::vector<std::string> Serve(const std::vector<int>& calls, const std::function<void()>& body,
                                 std::string* error);

 private:
  struct State;
  Destination* behind_;
  std::unique_ptr<State> state_;
};

/// System calls by purpose.
std::vector<int> NetworkCalls();
std::vector<int> FileCalls();
std::vector<int> WaitingCalls();

}  // namespace penstock::kit
