#include "penstock/testing/session.hpp"
#include "sdk/testing/kit/report.h"
#include "sdk/testing/kit/runner.h"

namespace penstock::kit {

std::vector<CheckInfo> ListChecks(int level) {
  std::vector<CheckInfo> checks;
  for (const Check& check : AllChecks()) {
    if (check.level <= level) checks.push_back({check.id, check.level});
  }
  return checks;
}

struct ConformanceSession::State {
  std::unique_ptr<Fixture> fixture;
  Settings settings;
  bool started = false;
  std::string problem;  // why it could not be started
  Subject subject;
  Facts facts;
  std::unique_ptr<Destination> destination;

  void Start() {
    if (started) return;
    started = true;
    sdk::Result<Subject> read = ReadSubject(fixture->Connector());
    if (!read.ok()) {
      problem = read.failure().message;
      return;
    }
    subject = *std::move(read);
    facts = fixture->Declare();
    sdk::Result<std::unique_ptr<Destination>> made = fixture->Start();
    if (made.ok()) {
      destination = *std::move(made);
    } else {
      problem = made.failure().message;
    }
  }
};

ConformanceSession::ConformanceSession(std::unique_ptr<Fixture> fixture, int level, uint32_t seed)
    : state_(std::make_unique<State>()) {
  state_->fixture = std::move(fixture);
  state_->settings.level = level;
  state_->settings.seed = seed;
}

ConformanceSession::~ConformanceSession() = default;

CheckAnswer ConformanceSession::Run(const std::string& id) {
  state_->Start();
  const Check* check = FindCheck(id);
  if (!state_->problem.empty()) return {true, false, state_->problem};
  if (check == nullptr) return {true, false, "there is no check " + id};
  const Bench bench{state_->subject, state_->settings, state_->facts, state_->destination.get()};
  const Outcome outcome = RunApart(*check, bench);
  CheckAnswer answer;
  answer.failed = IsBad(outcome.verdict);
  answer.skipped = outcome.verdict == Verdict::kSkip;
  RunInfo info;
  info.seed = state_->settings.seed;
  info.again = "penstock-check " + state_->subject.path + " --fixture FILE --seed " +
               std::to_string(info.seed);
  if (answer.failed) {
    answer.report = Describe(info, {check, outcome});
  } else {
    for (const std::string& saw : outcome.seen) answer.report += saw + "\n";
  }
  return answer;
}

}  // namespace penstock::kit
