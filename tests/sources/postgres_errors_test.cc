#include <atomic>

#include "tests/sources/postgres_fixture.h"

namespace penstock::testing {
namespace {

class PostgresErrors : public PostgresTest {
 protected:
  static Error Failure(const std::string& sql) {
    const Rows rows = ReadAll(*Open(), sql);
    if (rows.status.ok()) return MakeError("none", "it worked");
    return rows.status.error();
  }
};

TEST_F(PostgresErrors, NameThePlaceInTheModel) {
  const Error error = Failure("SELECT 1,\n  'x \u00e9' || nme\nFROM (VALUES ('a')) AS t(name)");
  EXPECT_EQ(error.code, "PS-SRC-QUERY");
  EXPECT_EQ(error.message, "PostgreSQL refuses the model's SQL: column \"nme\" does not exist.");
  EXPECT_EQ(error.line, 2);
  EXPECT_EQ(error.column, 12);
  EXPECT_NE(error.hint.find("t.name"), std::string::npos) << error.hint;
}

TEST_F(PostgresErrors, NameThePlaceWhenTheModelIsWrapped) {
  const Error error = Failure(
      "SELECT '::1'::inet,\n 1 / (i - 5), no_such_function(i) FROM "
      "generate_series(1, 9) AS i");
  EXPECT_EQ(error.line, 2);
  EXPECT_EQ(error.column, 15);
}

TEST_F(PostgresErrors, InTheMiddleOfTheRowsAreErrors) {
  Rows rows = ReadAll(*Open(), "SELECT 1 / (5000 - i) FROM generate_series(1, 9000) AS i");
  ASSERT_FALSE(rows.status.ok());
  EXPECT_EQ(rows.status.error().code, "PS-SRC-QUERY");
  EXPECT_NE(rows.status.error().message.find("division by zero"), std::string::npos);
}

TEST_F(PostgresErrors, WritesAndSeveralStatementsAreRefused) {
  Exec("CREATE TABLE IF NOT EXISTS untouched (i int); INSERT INTO untouched VALUES (1)");
  EXPECT_EQ(Failure("DELETE FROM untouched").message,
            "The model's SQL returns no columns: it is not a query.");
  for (const char* sql : {"DELETE FROM untouched RETURNING i",
                          "WITH d AS (DELETE FROM untouched RETURNING i) SELECT * FROM d",
                          "INSERT INTO untouched VALUES (2) RETURNING i"}) {
    const Error error = Failure(sql);
    EXPECT_EQ(error.code, "PS-SRC-QUERY");
    EXPECT_TRUE(error.message.starts_with("The model's SQL writes")) << error.message;
  }
  for (const char* sql :
       {"SELECT 1; DELETE FROM untouched", "COMMIT; SELECT 1", "SELECT 1; SELECT 2"}) {
    EXPECT_EQ(Failure(sql).message, "The model's SQL has more than one statement.") << sql;
  }
  for (const char* sql : {"COMMIT", "CREATE TEMP TABLE t (i int)", "SET TRANSACTION READ WRITE", "",
                          ";", "-- nothing"}) {
    EXPECT_EQ(Failure(sql).message, "The model's SQL returns no columns: it is not a query.")
        << sql;
  }
  // Rows that are not those of a query, and text that would close what it is put into.
  for (const char* sql : {"SHOW server_version", "EXPLAIN SELECT 1",
                          "SELECT 1) TO STDOUT; DELETE FROM untouched; COPY (SELECT 1"}) {
    EXPECT_EQ(Failure(sql).code, "PS-SRC-QUERY") << sql;
  }
  EXPECT_EQ(Failure("SELECT set_config('transaction_read_only', 'off', false)").code,
            "PS-SRC-QUERY");
  EXPECT_EQ(*Server().Query("SELECT count(*) FROM untouched"), "1");
}

TEST_F(PostgresErrors, SelectIsAllThatTheUserNeeds) {
  Exec(
      "CREATE ROLE reader LOGIN; CREATE SCHEMA shop; CREATE TABLE shop.seen (i int, s inet);"
      "INSERT INTO shop.seen VALUES (1, '::1'); CREATE TABLE shop.hidden (i int);"
      "GRANT USAGE ON SCHEMA shop TO reader; GRANT SELECT ON shop.seen TO reader;"
      "REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC");
  const auto source = Open("UTC", "reader");
  EXPECT_TRUE(source->Check().ok());
  EXPECT_EQ(ReadAll(*source, "SELECT * FROM shop.seen").rows.size(), 1u);
  const Rows hidden = ReadAll(*source, "SELECT * FROM shop.hidden");
  ASSERT_FALSE(hidden.status.ok());
  EXPECT_EQ(hidden.status.error().code, "PS-SRC-QUERY");
  EXPECT_NE(hidden.status.error().hint.find("GRANT SELECT"), std::string::npos);
}

TEST_F(PostgresErrors, ABackendThatGoesAwayIsNotTheEndOfTheRows) {
  auto reader =
      Open()->Read("SELECT i, repeat('x', 500) FROM generate_series(1, 1000000) AS i", {});
  ASSERT_TRUE(reader.ok());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE((*reader)->Next().ok());
  const auto killed = Server().KillBackends();
  ASSERT_TRUE(killed.ok());
  EXPECT_EQ(*killed, 1);
  Error error;
  for (int i = 0; i < 1'000'001 && error.code.empty(); ++i) {
    const auto row = (*reader)->Next();
    if (!row.ok()) error = row.error();
    ASSERT_TRUE(!row.ok() || (*row).data() != nullptr) << "an early end";
  }
  EXPECT_EQ(error.code, "PS-SRC-LOST") << error.message;
  // And it stays so.
  EXPECT_FALSE((*reader)->Next().ok());
}

TEST_F(PostgresErrors, ATimeoutIsToldApart) {
  sources::PostgresOptions options;
  options.url = Server().url();
  options.statement_timeout_ms = 50;
  auto source = sources::OpenPostgres(options);
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(ReadAll(**source, "SELECT pg_sleep(60)").status.error().code, "PS-SRC-TIMEOUT");
}

TEST_F(PostgresErrors, CancelledWhileTheServerWorks) {
  std::atomic<int> asked = 0;
  ReadOptions options;
  options.cancelled = [&] { return ++asked > 1; };
  const Rows rows = ReadAll(*Open(), "SELECT pg_sleep(600)", options);
  ASSERT_FALSE(rows.status.ok());
  EXPECT_EQ(rows.status.error().code, "PS-RUN-CANCELLED");
  EXPECT_EQ(rows.status.error().exit, ExitCode::kCancelled);
}

TEST_F(PostgresErrors, CancelledBetweenRows) {
  bool cancel = false;
  ReadOptions options;
  options.cancelled = [&] { return cancel; };
  auto reader = Open()->Read("SELECT generate_series(1, 100000000)", options);
  ASSERT_TRUE(reader.ok());
  ASSERT_TRUE((*reader)->Next().ok());
  cancel = true;
  int rows = 0;
  for (; rows < 10'000; ++rows) {
    const auto row = (*reader)->Next();
    if (row.ok()) continue;
    EXPECT_EQ(row.error().code, "PS-RUN-CANCELLED");
    break;
  }
  EXPECT_LT(rows, 10'000);
}

TEST_F(PostgresErrors, PasswordsAreInNoMessage) {
  const std::string secret = "s3cr3t-Pa55";
  const std::string port = std::to_string(Server().port());
  Exec("CREATE ROLE someone LOGIN");
  const std::string urls[] = {
      "postgresql://someone:" + secret + "@127.0.0.1:1/db",
      "postgresql://someone:" + secret + "@127.0.0.1:" + port + "/no_such_database",
      "postgresql://nobody:" + secret + "@127.0.0.1:" + port + "/postgres",
      "postgresql://someone:" + secret + "@x@127.0.0.1:" + port + "/postgres",
      "postgresql://someone:a:" + secret + "/x@127.0.0.1/postgres",
      "postgresql://someone@127.0.0.1/db?password=" + secret + "&nonsense=" + secret,
      "host=127.0.0.1 port=1 user=someone password=" + secret,
      "password=" + secret + " oops",
      "mysql://someone:" + secret + "@127.0.0.1/db"};
  for (const std::string& url : urls) {
    sources::PostgresOptions options;
    options.url = url;
    auto source = sources::OpenPostgres(options);
    const Status status = source.ok() ? (*source)->Check() : source.status();
    ASSERT_FALSE(status.ok()) << url;
    const std::string all =
        status.error().message + status.error().hint + sources::RedactPostgresUrl(url);
    EXPECT_EQ(all.find("s3cr3t"), std::string::npos) << all;
    EXPECT_TRUE(status.error().code == "PS-SRC-URL" || status.error().code == "PS-SRC-CONNECT")
        << all;
  }
}

TEST_F(PostgresErrors, UrlsAndZones) {
  EXPECT_EQ(sources::RedactPostgresUrl("postgresql://u:p@h:5/d?sslmode=disable"),
            "postgresql://u@h:5/d");
  sources::PostgresOptions options;
  options.url = Server().url();
  options.time_zone = "Europe/Berlim";
  EXPECT_EQ(sources::OpenPostgres(options).error().code, "PS-SRC-ZONE");
  EXPECT_TRUE(ReadAll(*Open("Europe/Berlin"), "SELECT 1").status.ok());
  options.time_zone = "UTC";
  options.url = Server().socket_url();
  auto over_socket = sources::OpenPostgres(options);
  ASSERT_TRUE(over_socket.ok());
  EXPECT_TRUE((*over_socket)->Check().ok());
}

TEST_F(PostgresErrors, AReadSeesOneMoment) {
  Exec("CREATE TABLE moving (i int); INSERT INTO moving SELECT generate_series(1, 50000)");
  auto reader = Open()->Read("SELECT i FROM moving", {});
  ASSERT_TRUE(reader.ok());
  ASSERT_TRUE((*reader)->Next().ok());
  Exec("INSERT INTO moving SELECT generate_series(1, 1000); DELETE FROM moving WHERE i > 40000");
  int rows = 1;
  while (true) {
    const auto row = (*reader)->Next();
    ASSERT_TRUE(row.ok());
    if ((*row).data() == nullptr) break;
    ++rows;
  }
  EXPECT_EQ(rows, 50'000);
}

}  // namespace
}  // namespace penstock::testing
