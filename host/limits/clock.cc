#include "host/limits/clock.h"

#include <chrono>

namespace penstock::limits {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

class MachineClock final : public Clock {
 public:
  int64_t UnixUs() override {
    return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
  }

  int64_t MonotonicUs() override {
    return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
  }

  void WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& condition,
                 int64_t until_us) override {
    condition.wait_until(lock, steady_clock::time_point(microseconds(until_us)));
  }
};

}  // namespace

Clock& SystemClock() {
  static MachineClock clock;
  return clock;
}

}  // namespace penstock::limits
