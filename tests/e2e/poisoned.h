// The fixture of tests with the connector `poisoned` (connectors/poisoned.cc): a project that
// writes to a loopback sandbox through it.
#pragma once

#include <memory>
#include <string>

#include "tests/e2e/e2e.h"

namespace penstock::e2e {

class PoisonedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string error;
    sandbox_ =
        sandbox::SandboxProcess::Start(PENSTOCK_TEST_CONNECTOR_DIR "/loopback-sandbox", {}, &error);
    ASSERT_NE(sandbox_, nullptr) << error;
    project_.environment()["LOOPBACK_TOKEN"] = "loopback";
    settings_.connector = "poisoned";
    settings_.config = R"({token: "${env:LOOPBACK_TOKEN}"})";
    settings_.base_url = sandbox_->url();
    settings_.object = "things";
    settings_.key = "{key: email}";
    settings_.mapping = {"name: first_name"};
    project_.Configure(settings_);
  }
  /// That reached the sandbox.
  int64_t Requests() const {
    return Json::Parse(sandbox_->Call("GET", "/_sandbox/stats").body)["total"].Int();
  }

  std::unique_ptr<sandbox::SandboxProcess> sandbox_;
  Project project_;
  Settings settings_;
};

}  // namespace penstock::e2e
