// A destination that cannot tell what it holds: which untrue words about jobs are heard all the
// same.
#include <gtest/gtest.h>

#include "penstock/testing/session.hpp"
#include "sdk/testing/kit/fixture_file.h"
#include "tests/conformance/run_kit.h"

namespace {

using namespace penstock::conformance;  // NOLINT(google-build-using-namespace)
using penstock::kit::Destination;
using penstock::kit::PeerAnswer;
using penstock::kit::PeerRequest;

/// The model behind it, without the view into it. Its jobs that fail write nothing.
class Blind final : public Destination {
 public:
  explicit Blind(std::unique_ptr<Destination> behind) : behind_(std::move(behind)) {}
  penstock::sdk::Status Reset() override { return behind_->Reset(); }
  PeerAnswer Answer(const PeerRequest& request) override { return behind_->Answer(request); }
  bool SetJobs(const std::string& mood) override {
    return behind_->SetJobs(mood == "failed" ? "failed_empty" : mood);
  }

 private:
  std::unique_ptr<Destination> behind_;
};

class BlindFixture final : public penstock::kit::Fixture {
 public:
  explicit BlindFixture(penstock::kit::FileFixture file) : file_(std::move(file)) {}
  std::string Connector() const override { return file_.Connector(); }
  penstock::kit::Facts Declare() const override { return file_.Declare(); }
  penstock::sdk::Result<std::unique_ptr<Destination>> Start() override {
    auto model = file_.Start();
    if (!model.ok()) return model;
    return std::unique_ptr<Destination>(std::make_unique<Blind>(*std::move(model)));
  }

 private:
  penstock::kit::FileFixture file_;
};

/// What becomes of these checks of the connector that writes by jobs and breaks `rule`.
std::vector<penstock::kit::CheckAnswer> RunBlind(const std::string& rule,
                                                 const std::vector<std::string>& checks) {
  const Room room("blind");
  WriteFile(room / "fixture.yaml", FixtureFor(rule) + "options: {path: jobs}\n");
  auto subject = penstock::kit::ReadSubject(std::string(TEST_CONNECTORS) + "/broken.so");
  EXPECT_TRUE(subject.ok());
  auto file = penstock::kit::FileFixture::Read((room / "fixture.yaml").string(), *subject);
  EXPECT_TRUE(file.ok()) << (file.ok() ? "" : file.failure().message);
  penstock::kit::ConformanceSession session(std::make_unique<BlindFixture>(*std::move(file)), 3);
  std::vector<penstock::kit::CheckAnswer> answers;
  for (const std::string& check : checks) answers.push_back(session.Run(check));
  return answers;
}

TEST(Blind, BelievesWhatIsTrue) {
  const std::vector<std::string> checks = {
      "job.noted",         "job.failed",        "job.killed",       "job.gone",
      "job.blobs",         "finish.open_notes", "finish.stuck_job", "finish.async_job",
      "write.lost_answer", "write.auth_lost",   "cancel.prompt",    "write.garbage_answer"};
  const auto answers = RunBlind("", checks);
  for (size_t i = 0; i < checks.size(); ++i) {
    EXPECT_FALSE(answers[i].failed || answers[i].skipped) << checks[i] << answers[i].report;
  }
}

class BlindTo : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(BlindTo, HearsAllTheSame) {
  const auto& [rule, check] = GetParam();
  const auto answers = RunBlind(rule, {check});
  EXPECT_TRUE(answers[0].failed) << answers[0].report;
}
INSTANTIATE_TEST_SUITE_P(Jobs, BlindTo,
                         ::testing::ValuesIn(std::vector<std::pair<const char*, const char*>>{
                             {"job.failed/created", "job.failed"},
                             {"job.failed/twice", "job.failed"},
                             {"job.killed/created", "job.killed"},
                             {"job.killed/unsent", "finish.open_notes"},
                             {"finish.open_notes/again", "job.killed"},
                             {"finish.async_job/unasked", "finish.stuck_job"},
                             {"job.gone/unsent", "job.gone"},
                             {"write.garbage_answer/created", "write.garbage_answer"}}));

}  // namespace
