// The conformance kit as GoogleTest tests: one a check.
//
//   class AcmeFixture : public penstock::kit::Fixture { ... };
//   PENSTOCK_CONFORMANCE(AcmeFixture, 3)
//
// The tests are called Conformance_AcmeFixture.write_mapping and so on. Each check runs in a child
// process, so that a crash fails one test and not the program.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "penstock/testing/session.hpp"

namespace penstock::kit {

namespace gtest_face {

class OneCheck : public ::testing::Test {
 public:
  OneCheck(std::shared_ptr<ConformanceSession> session, std::string id)
      : session_(std::move(session)), id_(std::move(id)) {}
  void TestBody() override {
    const CheckAnswer answer = session_->Run(id_);
    if (answer.skipped) GTEST_SKIP() << answer.report;
    EXPECT_FALSE(answer.failed) << id_ << "\n" << answer.report;
  }

 private:
  std::shared_ptr<ConformanceSession> session_;
  std::string id_;
};

template <typename FixtureClass>
int Register(const char* name, int level, const char* file, int line) {
  const auto session =
      std::make_shared<ConformanceSession>(std::make_unique<FixtureClass>(), level);
  for (const CheckInfo& check : ListChecks(level)) {
    std::string test = check.id;
    for (char& c : test) c = c == '.' ? '_' : c;
    ::testing::RegisterTest(
        (std::string("Conformance_") + name).c_str(), test.c_str(), nullptr, nullptr, file, line,
        [session, id = check.id]() -> ::testing::Test* { return new OneCheck(session, id); });
  }
  return level;
}

}  // namespace gtest_face
}  // namespace penstock::kit

/// Registers every check up to `level` as a test; once a fixture class, outside every function.
#define PENSTOCK_CONFORMANCE(FixtureClass, level)                                         \
  static const int penstock_conformance_##FixtureClass =                                  \
      ::penstock::kit::gtest_face::Register<FixtureClass>(#FixtureClass, level, __FILE__, \
                                                          __LINE__)
