// A real PostgreSQL as the project's warehouse, one for all tests of a suite.
#pragma once

#include <memory>
#include <string>

#include "tests/e2e/e2e.h"
#include "tests/support/postgres.h"

namespace penstock::e2e {

class WarehouseTest : public E2eTest {
 protected:
  using E2eTest::E2eTest;

  static void SetUpTestSuite() {
    auto server = testing::PostgresServer::Start();
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = *std::move(server);
  }
  static void TearDownTestSuite() { server_.reset(); }

  /// Points the project at it; `zone`: of the session that reads, empty for the server's own.
  void UseWarehouse(const std::string& role = "postgres", const std::string& zone = {}) {
    settings_.source = R"({type: postgres, url: "${env:WAREHOUSE_URL}")" +
                       (zone.empty() ? std::string() : ", time_zone: \"" + zone + "\"") + "}";
    project_.environment()["WAREHOUSE_URL"] = server_->url(role);
  }
  static void Exec(const std::string& sql) {
    const Status done = server_->Exec(sql);
    ASSERT_TRUE(done.ok()) << done.error().message << "\n" << sql;
  }

  static inline std::unique_ptr<testing::PostgresServer> server_;
};

}  // namespace penstock::e2e
