// What gateway.cc and performance.cc share; private to this folder.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "host/http/gateway.h"
#include "host/http/url.h"

namespace penstock::http {

/// Where the io thread puts what ended, and what the calling thread sleeps on. [thread-safe]
class Mailbox {
 public:
  void Put(size_t index, AttemptResult result) {
    std::lock_guard<std::mutex> lock(mutex_);
    results_.emplace_back(index, std::move(result));
    changed_.notify_all();
  }
  /// A permit was given back: whoever waits for one tries again.
  void Wake() {
    std::lock_guard<std::mutex> lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }
  /// Takes all that ended; waits for something to happen until `until_us` at most.
  std::deque<std::pair<size_t, AttemptResult>> Take(limits::Clock& clock, int64_t until_us,
                                                    bool* woken) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (results_.empty() && !woken_) clock.WaitUntil(lock, changed_, until_us);
    *woken = std::exchange(woken_, false);
    return std::exchange(results_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  std::deque<std::pair<size_t, AttemptResult>> results_;
};

/// What all calls of Perform share.
struct GatewayParts {
  GatewayOptions options;
  limits::Clock* clock = nullptr;
  Url base;
  std::map<std::string, std::unique_ptr<limits::Budget>, std::less<>> budgets;
  std::map<std::string, sdk::Limiter, std::less<>> limiters;
  std::unique_ptr<HttpTransport> transport;
  std::atomic<uint64_t> next_request_id{1};

  std::mutex mutex;  // guards what follows
  std::set<std::shared_ptr<Mailbox>> waiting_for_slots;
  std::mt19937_64 random;

  /// Tells the other calls that a concurrency slot is free.
  void WakeWaiting();
};

/// One call of Gateway::Perform.
Status RunPerformance(GatewayParts& parts, std::span<const Request> requests,
                      const PerformContext& context, const Gateway::OnResponse& on_response);

}  // namespace penstock::http
