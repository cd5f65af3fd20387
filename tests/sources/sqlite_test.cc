#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "host/sources/sources.h"
#include "tests/sources/rows.h"

namespace penstock::testing {
namespace {

namespace fs = std::filesystem;

class SqliteTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "penstock-sqlite-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    path_ = dir_ + "/shop.db";
  }
  void TearDown() override { fs::remove_all(dir_); }

  void Exec(const std::string& sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(db);
    sqlite3_close(db);
  }
  std::unique_ptr<Source> Open(const std::string& time_zone = "UTC") {
    sources::SqliteOptions options;
    options.path = path_;
    options.time_zone = time_zone;
    options.busy_timeout_ms = 0;
    auto source = sources::OpenSqlite(options);
    EXPECT_TRUE(source.ok());
    return *std::move(source);
  }
  Error Failure(const std::string& sql) {
    const Rows rows = ReadAll(*Open(), sql);
    return rows.status.ok() ? MakeError("none", "it worked") : rows.status.error();
  }

  std::string dir_;
  std::string path_;
};

TEST_F(SqliteTest, StorageClasses) {
  Exec(
      "CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB);"
      "INSERT INTO t VALUES (9007199254740993, 0.1, 'Gr\u00fc\u00dfe', x'00ff80'),"
      "(NULL, 9e999, 'a' || char(0) || 'b', x''), ('text', 5, '', zeroblob(2))");
  const Rows rows = ReadAll(*Open(), "SELECT *, typeof(i) FROM t");
  ASSERT_TRUE(rows.status.ok()) << rows.status.error().message;
  EXPECT_EQ(rows.columns[0].type, "INTEGER");
  EXPECT_EQ(rows.columns[4].type, "any");
  const std::vector<std::vector<std::string>> expected = {
      {"int64 9007199254740993", "double 0.1", "string Gr\u00fc\u00dfe", "bytes AP+A",
       "string integer"},
      {"null", "double Infinity", std::string("string a\0b", 10), "bytes", "string null"},
      {"string text", "double 5", "string", "bytes AAA=", "string text"}};
  EXPECT_EQ(rows.rows, expected);
}

TEST_F(SqliteTest, DeclaredTypesOnlyWhereTheValueIsExactlyThat) {
  Exec(
      "CREATE TABLE t (d DATE, ts DATETIME, tz TIMESTAMP, b BOOLEAN, n DECIMAL(40,2), j JSON);"
      "INSERT INTO t VALUES ('2026-11-22', '2026-07-01 12:00:00', '2026-07-01T12:00:00+02:00', 1, "
      "12.50, '{\"a\": 1}'), ('22.11.2026', '2026-07-01', 1751371200, 2, 'n/a', '{a}'),"
      "(20261122, 'now', NULL, 'yes', '12345678901234567890.123456789x', 5)");
  const Rows rows = ReadAll(*Open("Europe/Berlin"), "SELECT * FROM t");
  ASSERT_TRUE(rows.status.ok()) << rows.status.error().message;
  const std::vector<std::vector<std::string>> expected = {
      {"date 2026-11-22", "timestamp 2026-07-01T10:00:00Z", "timestamp 2026-07-01T10:00:00Z",
       "bool true", "double 12.5", "json {\"a\": 1}"},
      {"string 22.11.2026", "string 2026-07-01", "int64 1751371200", "int64 2", "string n/a",
       "string {a}"},
      {"int64 20261122", "string now", "null", "string yes",
       "string 12345678901234567890.123456789x", "int64 5"}};
  EXPECT_EQ(rows.rows, expected);
}

TEST_F(SqliteTest, TextThatIsNotUtf8ComesAsItIs) {
  Exec("CREATE TABLE t (s TEXT); INSERT INTO t VALUES (CAST(x'ff41' AS TEXT))");
  auto reader = Open()->Read("SELECT s FROM t", {});
  ASSERT_TRUE(reader.ok());
  const auto row = (*reader)->Next();
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(TextOf((*row)[0]), "\xFF\x41");
}

TEST_F(SqliteTest, NothingIsEverWrittenOrCreated) {
  EXPECT_EQ(Failure("SELECT 1").code, "PS-SRC-CONNECT");
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_EQ(Open()->Check().error().message, "There is no SQLite file at " + path_ + ".");
  Exec("CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (1)");
  for (const char* sql : {"DELETE FROM t", "INSERT INTO t VALUES (2)", "ATTACH 'x.db' AS x",
                          "BEGIN", "", "-- nothing", "CREATE TABLE u (i)"}) {
    EXPECT_EQ(Failure(sql).code, "PS-SRC-QUERY") << sql;
  }
  EXPECT_EQ(Failure("DELETE FROM t RETURNING i").message,
            "The model's SQL writes, and Penstock only reads.");
  for (const char* sql : {"SELECT 1; DELETE FROM t", "SELECT 1; nonsense"}) {
    EXPECT_EQ(Failure(sql).message, "The model's SQL has more than one statement.") << sql;
  }
  EXPECT_EQ(ReadAll(*Open(), "SELECT * FROM t ; -- done;\n ").rows.size(), 1u);
  EXPECT_FALSE(fs::exists("x.db"));
}

TEST_F(SqliteTest, ErrorsNameThePlace) {
  Exec("CREATE TABLE t (name TEXT)");
  const Error error = Failure("SELECT 1,\n  nme FROM t");
  EXPECT_EQ(error.code, "PS-SRC-QUERY");
  EXPECT_EQ(error.message, "SQLite refuses the model's SQL: no such column: nme.");
  EXPECT_EQ(error.line, 2);
  EXPECT_EQ(error.column, 3);
}

TEST_F(SqliteTest, AFileOfAnotherKindOrLocked) {
  std::ofstream(path_) << std::string(4096, 'x');
  EXPECT_EQ(Failure("SELECT 1").code, "PS-SRC-CONNECT");
  fs::remove(path_);
  Exec("CREATE TABLE t (i INTEGER)");
  sqlite3* writer = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &writer), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(writer, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(Failure("SELECT * FROM t").code, "PS-SRC-LOCKED");
  sqlite3_close(writer);
}

TEST_F(SqliteTest, ADamagedFileIsNotTheEndOfTheRows) {
  Exec(
      "PRAGMA page_size=512; CREATE TABLE t (i INTEGER, s TEXT);"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
      "INSERT INTO t SELECT i, printf('%0100d', i) FROM n");
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(path_) / 2));
    file << std::string(4096, '\xEE');
  }
  const Rows rows = ReadAll(*Open(), "SELECT * FROM t");
  ASSERT_FALSE(rows.status.ok());
  EXPECT_EQ(rows.status.error().code, "PS-SRC-LOST") << rows.status.error().message;
}

TEST_F(SqliteTest, LimitsAndCancellation) {
  Exec("CREATE TABLE t (i INTEGER)");
  const std::string endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) ";
  ReadOptions options;
  options.limit = 7;
  EXPECT_EQ(ReadAll(*Open(), endless + "SELECT i FROM n", options).rows.size(), 7u);
  options.limit = 0;
  int asked = 0;
  options.cancelled = [&] { return ++asked > 5; };
  EXPECT_EQ(ReadAll(*Open(), endless + "SELECT i FROM n", options).status.error().code,
            "PS-RUN-CANCELLED");
  asked = 0;
  const Rows rows = ReadAll(*Open(), endless + "SELECT count(*) FROM n", options);
  EXPECT_EQ(rows.status.error().code, "PS-RUN-CANCELLED");
  EXPECT_EQ(rows.status.error().exit, ExitCode::kCancelled);
}

}  // namespace
}  // namespace penstock::testing
