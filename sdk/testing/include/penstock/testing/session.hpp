// The conformance kit for a test framework: its checks by name, one at a time. conformance.hpp is
// this for GoogleTest.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "penstock/testing/fixture.hpp"

namespace penstock::kit {

struct CheckInfo {
  std::string id;
  int level = 0;
};

/// Checks up to `level` (1 to 4), in order.
std::vector<CheckInfo> ListChecks(int level);

struct CheckAnswer {
  bool failed = false;
  bool skipped = false;
  std::string report;  // why, for people
};

/// A fixture and its destination, started with the first check. One thread at a time.
class ConformanceSession {
 public:
  ConformanceSession(std::unique_ptr<Fixture> fixture, int level, uint32_t seed = 1);
  ~ConformanceSession();
  ConformanceSession(const ConformanceSession&) = delete;
  ConformanceSession& operator=(const ConformanceSession&) = delete;
  CheckAnswer Run(const std::string& id);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace penstock::kit
