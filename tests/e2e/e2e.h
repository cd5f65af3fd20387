// The fixture of the end-to-end tests: one account, one project that writes to it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/e2e/account.h"
#include "tests/e2e/child.h"
#include "tests/e2e/json.h"
#include "tests/e2e/project.h"

namespace penstock::e2e {

class E2eTest : public ::testing::Test {
 protected:
  explicit E2eTest(Account account = Account()) : account_(std::move(account)) {}

  /// Starts the account and points the settings at it.
  void StartAccount(const std::vector<std::string>& options = {"--no-limits"}) {
    ASSERT_NO_FATAL_FAILURE(account_.Start(options));
    settings_.base_url = account_.url();
    project_.Configure(settings_);
  }
  void Configure() { project_.Configure(settings_); }
  /// A sync that must end with this exit code and status, its counts adding up. Its run.
  Json SyncTo(int exit, const std::string& status, const std::vector<std::string>& more = {}) {
    const Output output = project_.Sync(more);
    EXPECT_EQ(output.exit, exit) << output.Text();
    const Json run = OnlyRun(output);
    EXPECT_EQ(run["status"].Text(), status) << output.Text();
    ExpectAddsUp(run);
    return run;
  }
  Json SyncDone() { return SyncTo(0, "succeeded"); }

  Account account_;
  Project project_;
  Settings settings_;
};

}  // namespace penstock::e2e
