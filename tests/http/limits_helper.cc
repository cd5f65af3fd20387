// A process of its own that uses a budget: `limits_helper grants DIR N` takes N permits and prints
// the moment of each; `limits_helper hold DIR` takes all slots, says so, and waits to be killed.
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>

#include "host/limits/budget.h"

namespace {

using penstock::limits::Budget;
using penstock::limits::Decision;
using penstock::limits::SystemClock;
using penstock::limits::Verdict;

void SleepUntil(int64_t us) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock<std::mutex> lock(mutex);
  while (SystemClock().MonotonicUs() < us) SystemClock().WaitUntil(lock, never, us);
}

int Grants(Budget& budget, int wanted) {
  for (int i = 0; i < wanted;) {
    Decision decision = budget.TryAcquire(1);
    if (decision.verdict == Verdict::kWait) {
      SleepUntil(decision.retry_at_us);
      continue;
    }
    if (decision.verdict != Verdict::kGranted) return 1;
    int64_t now_us = SystemClock().MonotonicUs();
    std::printf("%lld\n", static_cast<long long>(now_us));
    budget.Release(decision.permit, {now_us, now_us + 1, true}, {});
    ++i;
  }
  return 0;
}

int Hold(Budget& budget) {
  while (budget.TryAcquire(1).verdict == Verdict::kGranted) {
  }
  std::printf("held\n");
  std::fflush(stdout);
  for (;;) pause();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  Budget::Options options;
  options.directory = argv[2];
  options.limiter.name = "default";
  options.limiter.requests = 20;
  options.limiter.window_ms = 200;
  options.limiter.max_concurrent = 4;
  auto budget = Budget::Open(options);
  if (!budget.ok()) return 1;
  if (std::string_view(argv[1]) == "hold") return Hold(**budget);
  return Grants(**budget, argc > 3 ? std::atoi(argv[3]) : 0);
}
