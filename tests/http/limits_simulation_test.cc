// Five minutes of requests against a destination that counts, in simulated time: how much of the
// permitted rate is used, and does it ever complain?
#include <deque>
#include <ostream>
#include <queue>
#include <random>
#include <tuple>

#include "host/limits/budget.h"
#include "tests/http/fakes.h"

namespace penstock::limits {
namespace {

using penstock::testing::FakeClock;
using penstock::testing::ScratchDir;

struct Scenario {
  int64_t low_ms, high_ms;  // of a round trip; about half of it is the way there
  int lanes;                // requests under way, over all processes
};

void PrintTo(const Scenario& scenario, std::ostream* out) {
  *out << scenario.low_ms << " to " << scenario.high_ms << " ms, " << scenario.lanes << " lanes";
}

class Simulation : public ::testing::TestWithParam<std::tuple<Scenario, int>> {};

constexpr int kMax = 190;
constexpr int64_t kWindowUs = 10000000;
constexpr int64_t kRunUs = 300000000;

// The destination: a rolling window, counted as requests arrive.
struct Counter {
  std::deque<int64_t> arrived;
  int refused = 0;
  int accepted = 0;
  void Arrive(int64_t at_us) {
    while (!arrived.empty() && arrived.front() <= at_us - kWindowUs) arrived.pop_front();
    if (arrived.size() >= kMax) {
      ++refused;
      return;
    }
    arrived.push_back(at_us);
    ++accepted;
  }
};

enum class Kind { kTry, kArrive, kAnswer };

struct Event {
  int64_t at_us;
  int order;
  Kind kind;
  int lane;
  bool operator>(const Event& other) const {
    return std::tie(at_us, order) > std::tie(other.at_us, other.order);
  }
};

// Lanes that send one request after the other through the budgets of some processes.
class World {
 public:
  World(const Scenario& scenario, int processes)
      : trip_(scenario.low_ms * 1000, scenario.high_ms * 1000),
        lanes_(static_cast<size_t>(scenario.lanes)),
        sent_by_process(static_cast<size_t>(processes)) {
    for (int i = 0; i < processes; ++i) {
      Budget::Options options;
      options.directory = dir_.path();
      options.limiter.name = "default";
      options.limiter.requests = kMax;
      options.limiter.window_ms = kWindowUs / 1000;
      options.limiter.max_concurrent = static_cast<uint32_t>(scenario.lanes);
      options.clock = &clock_;
      options.seed = static_cast<uint64_t>(11 + i);
      budgets_.push_back(*Budget::Open(options));
    }
    for (int i = 0; i < scenario.lanes; ++i) Add(clock_.MonotonicUs(), Kind::kTry, i);
  }

  void RunFor(int64_t us) {
    int64_t end_us = clock_.MonotonicUs() + us;
    while (events_.top().at_us < end_us) {
      Event event = events_.top();
      events_.pop();
      clock_.SetMonotonic(event.at_us);
      Lane& lane = lanes_[static_cast<size_t>(event.lane)];
      auto process = static_cast<size_t>(event.lane) % budgets_.size();
      if (event.kind == Kind::kArrive) {
        counter.Arrive(event.at_us);
      } else if (event.kind == Kind::kAnswer) {
        budgets_[process]->Release(lane.permit, {lane.sent_us, event.at_us, true}, {});
        Add(event.at_us + 200, Kind::kTry, event.lane);
      } else {
        Try(event, lane, process);
      }
    }
  }

  Counter counter;

 private:
  struct Lane {
    Permit permit;
    int64_t sent_us = 0;
  };

  void Add(int64_t at_us, Kind kind, int lane) { events_.push({at_us, order_++, kind, lane}); }

  void Try(const Event& event, Lane& lane, size_t process) {
    Decision decision = budgets_[process]->TryAcquire(1);
    if (decision.verdict == Verdict::kWait) {
      return Add(std::max(decision.retry_at_us, event.at_us + 1), Kind::kTry, event.lane);
    }
    ASSERT_EQ(decision.verdict, Verdict::kGranted);
    ++sent_by_process[process];
    lane = {decision.permit, event.at_us};
    int64_t there_us = event.at_us + trip_(random_) / 2;
    Add(there_us, Kind::kArrive, event.lane);
    Add(there_us + trip_(random_) / 2, Kind::kAnswer, event.lane);
  }

  ScratchDir dir_;
  FakeClock clock_;
  std::mt19937_64 random_{5};
  std::uniform_int_distribution<int64_t> trip_;
  std::vector<std::unique_ptr<Budget>> budgets_;
  std::vector<Lane> lanes_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  int order_ = 0;

 public:
  std::vector<int> sent_by_process;
};

TEST_P(Simulation, UsesThePermittedRateWithoutA429) {
  auto [scenario, processes] = GetParam();
  World world(scenario, processes);
  world.RunFor(kRunUs);
  int64_t permitted = kRunUs / kWindowUs * kMax;
  int accepted = world.counter.accepted;
  EXPECT_GE(accepted * 100, permitted * 98) << accepted << " of " << permitted;
  RecordProperty("accepted", accepted);
  RecordProperty("refused", world.counter.refused);
  // None where the way there takes always as long; where it varies by 200 ms they stay rare.
  int most_refused = scenario.low_ms == scenario.high_ms ? 0 : 6;
  EXPECT_LE(world.counter.refused, most_refused);
  for (int count : world.sent_by_process) EXPECT_GE(count * processes * 2, accepted);
}

INSTANTIATE_TEST_SUITE_P(
    Latencies, Simulation,
    ::testing::Combine(::testing::Values(Scenario{5, 5, 8}, Scenario{80, 80, 8},
                                         Scenario{400, 400, 12}, Scenario{60, 100, 8},
                                         Scenario{5, 400, 12}),
                       ::testing::Values(1, 2)));

}  // namespace
}  // namespace penstock::limits
