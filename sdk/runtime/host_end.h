// The host's end of a channel: makes one call into the worker and serves what the connector asks
// for on the way. For the files of this folder only.
#pragma once

#include <functional>
#include <string>

#include "penstock/result.hpp"
#include "sdk/runtime/channel.h"
#include "sdk/runtime/instance.h"
#include "sdk/runtime/ledger.h"
#include "sdk/runtime/services.h"
#include "sdk/runtime/wire.h"

namespace penstock::sdk::runtime {

/// What a call may be told besides its return; each may be empty.
struct HostEndSinks {
  std::function<void(const penstock_outcome&)> outcome;
  std::function<void(const FoundRecord&)> found;
  std::function<void()> restart;  // the call is made (again): what was found before counts no more
};

/// Of one call, on the calling thread. What comes from the worker is not trusted: what cannot be
/// read breaks the channel (kMalformed), and the worker is given up.
class HostEnd {
 public:
  /// For a connector to come back once a run is stopped.
  static constexpr int64_t kCancelledMs = 10'000;

  HostEnd(wire::Channel* channel, HostServices* services, const CallContext& context,
          int64_t silence_ms, int64_t cancelled_ms = kCancelledMs);

  /// Sends the call and serves until its return, whose payload goes to `*returned`. False: the
  /// channel is broken.
  bool Call(wire::Kind kind, const wire::Packer& question, const HostEndSinks& sinks,
            std::string* returned, int pass_fd = -1);
  /// The signal that the worker named as its end; 0: it named none.
  int crash_signal() const { return crash_signal_; }

 private:
  bool Next(wire::Kind* kind, std::string* payload);
  bool Serve(wire::Kind kind, const std::string& payload, const HostEndSinks& sinks);
  bool ServeBlob(wire::Kind kind, wire::Unpacker* in);
  bool Outcomes(wire::Unpacker* in, const HostEndSinks& sinks);
  bool Found(wire::Unpacker* in, const HostEndSinks& sinks);
  bool Perform(wire::Unpacker* in, const HostEndSinks& sinks);
  /// Hands one answer over and serves until the connector has dealt with it.
  bool PassOn(const HostResponse& response, const HostEndSinks& sinks);
  bool Reply(const Status& status);
  bool Malformed();

  wire::Channel* const channel_;
  HostServices* const services_;
  const CallContext context_;
  ServiceCall service_;
  wire::Patience patience_;
  int64_t stop_at_us_ = 0;  // once cancelled
  bool performing_ = false;
  int crash_signal_ = 0;
};

}  // namespace penstock::sdk::runtime
