// A worker process: started, spoken to, and found out about when it ends. For the files of this
// folder only.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "penstock/result.hpp"
#include "sdk/runtime/channel.h"
#include "sdk/runtime/loader.h"
#include "sdk/runtime/messages.h"
#include "sdk/runtime/worker.h"

namespace penstock::sdk::runtime {

/// [thread-safe] but for control(), which one thread uses at a time. Kills the process when it is
/// destroyed, unless that has ended.
class WorkerProcess {
 public:
  /// Starts the program with a clean environment and one socket; waits until it has loaded the
  /// connector, as long as `patience` says. A path of the program that depends on the folder that
  /// we are in is refused. PS-CONN-WORKER when it cannot be started, else the loader's own
  /// failures.
  static Result<std::unique_ptr<WorkerProcess>> Start(const Sidecar& sidecar,
                                                      const WorkerOptions& options,
                                                      const std::string& host_name,
                                                      const std::string& host_version, bool blobs,
                                                      const wire::Patience& patience);
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  wire::Channel* control() { return &control_; }
  const wire::Ready& ready() const { return ready_; }
  /// It is of no use any more: another one must be started.
  bool broken() const { return broken_; }

  /// Around each call on any of its channels.
  void Enter() { ++in_flight_; }
  void Leave() { --in_flight_; }
  /// Was this call the only one? Then a death without a word was its doing.
  bool OnlyOne() const { return in_flight_ == 1; }

  /// Kills it if it still runs, waits for its end and says how that was: "ended by SIGSEGV
  /// (last words: …)". The first caller's `why` counts, e.g. "said nothing for 60 s, and was
  /// killed".
  /// `ends_itself`: its socket is closed already, so it is given a moment to be gone.
  std::string Bury(const std::string& why, bool ends_itself);

 private:
  WorkerProcess(pid_t pid, int control_fd, int words_fd);

  const pid_t pid_;
  wire::Channel control_;
  const int words_fd_;  // what it prints
  wire::Ready ready_;
  std::atomic<int> in_flight_ = 0;
  std::atomic<bool> broken_ = false;
  std::mutex mutex_;
  std::string end_;  // how it ended; empty: it has not
};

}  // namespace penstock::sdk::runtime
