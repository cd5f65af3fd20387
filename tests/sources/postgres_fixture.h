// One PostgreSQL server for all tests of the program.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "host/sources/sources.h"
#include "tests/sources/rows.h"
#include "tests/support/postgres.h"

namespace penstock::testing {

class PostgresTest : public ::testing::Test {
 protected:
  static PostgresServer& Server() {
    static const std::unique_ptr<PostgresServer> server = [] {
      auto started = PostgresServer::Start();
      if (!started.ok()) ADD_FAILURE() << started.error().message;
      return started.ok() ? *std::move(started) : nullptr;
    }();
    return *server;
  }
  static void Exec(const std::string& sql) {
    const Status status = Server().Exec(sql);
    ASSERT_TRUE(status.ok()) << status.error().message;
  }
  static std::unique_ptr<Source> Open(const std::string& time_zone = "UTC",
                                      const std::string& user = "postgres") {
    sources::PostgresOptions options;
    options.url = Server().url(user);
    options.time_zone = time_zone;
    auto source = sources::OpenPostgres(options);
    EXPECT_TRUE(source.ok());
    return *std::move(source);
  }
};

}  // namespace penstock::testing
