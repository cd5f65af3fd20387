// What one thread of the worker talks over: its channel to the host and the outcomes that wait to
// be told.
#pragma once

#include <signal.h>

#include <string>

#include "sdk/runtime/channel.h"
#include "sdk/runtime/wire.h"

namespace penstock::sdk::worker {

/// Of one thread; made by it. While it lives, the services of that thread go through it, and a
/// crash of that thread is told on its channel. Without its host a worker has no purpose: when the
/// other end is gone the process ends.
class Session {
 public:
  explicit Session(wire::Channel* channel);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// The calling thread's, or null.
  static Session* Current();

  void Send(wire::Kind kind, std::string_view payload);
  void Receive(wire::Kind* kind, std::string* payload);
  /// Sends a service's question and waits for its kReply, whose payload goes to `reply`.
  void Ask(wire::Kind kind, const wire::Packer& question, std::string* reply);
  /// Kept until the next frame, so that a thousand outcomes are not a thousand frames.
  void Report(const penstock_outcome& outcome);

  wire::Channel* channel() { return channel_; }

 private:
  std::string TakeOutcomes();

  wire::Channel* const channel_;
  Session* const outer_;
  stack_t outer_stack_{};  // for signals, as it was
  wire::Packer outcomes_;
  uint64_t n_outcomes_ = 0;
};

/// From now on a crash (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT) is told on the channel of the
/// thread that crashed, before the process ends by it. Once.
void TellCrashes();

}  // namespace penstock::sdk::worker
