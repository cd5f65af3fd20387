// What reading a model costs: through host/sources with every value touched, or by the database's
// own library with the rows thrown away. One side a process, so that memory is that side's.
#include <libpq-fe.h>
#include <sqlite3.h>

#include <cstdio>
#include <memory>
#include <string_view>

#include "host/sources/sources.h"
#include "tests/bench/usage.h"

namespace penstock::bench {
namespace {

struct Read {
  uint64_t rows = 0;
  uint64_t sum = 0;  // of what was touched, so that touching is not optimised away
};

Error Failed(const std::string& message) { return MakeError("PS-TEST-BENCH", message); }

uint64_t Touch(const Value& value) {
  switch (TypeOf(value)) {
    case ValueType::kAbsent:
    case ValueType::kNull:
      return 1;
    case ValueType::kDecimal:
    case ValueType::kString:
    case ValueType::kBytes:
    case ValueType::kJson:
      return value.len + (value.len > 0 ? static_cast<unsigned char>(value.v.text[0]) : 0u);
    case ValueType::kList: {
      uint64_t sum = 0;
      for (const Value& item : ItemsOf(value)) sum += Touch(item);
      return sum;
    }
    default:
      return static_cast<uint64_t>(value.v.i64);
  }
}

Result<Read> BySource(Result<std::unique_ptr<Source>> opened, const std::string& sql) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto source, std::move(opened));
  PENSTOCK_ASSIGN_OR_RETURN(const auto reader, source->Read(sql, {}));
  Read read;
  for (;;) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto row, reader->Next());
    if (row.data() == nullptr) return read;
    ++read.rows;
    for (const Value& value : row) read.sum += Touch(value);
  }
}

/// Binary results: the faster of the two formats.
Result<Read> ByLibpq(const std::string& url, const std::string& sql) {
  const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(url.c_str()), &PQfinish);
  PGconn* const raw = connection.get();
  if (PQstatus(raw) != CONNECTION_OK) return Failed(PQerrorMessage(raw));
  if (!PQsendQueryParams(raw, sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1) ||
      !PQsetSingleRowMode(raw)) {
    return Failed(PQerrorMessage(raw));
  }
  Read read;
  while (PGresult* result = PQgetResult(raw)) {
    const ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    if (status == PGRES_SINGLE_TUPLE) {
      ++read.rows;
    } else if (status != PGRES_TUPLES_OK) {
      return Failed(PQerrorMessage(raw));
    }
  }
  return read;
}

uint64_t TouchColumn(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
      return 1;
    case SQLITE_INTEGER:
      return static_cast<uint64_t>(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
      return static_cast<uint64_t>(sqlite3_column_double(statement, column));
    default: {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
      const int size = sqlite3_column_bytes(statement, column);
      return static_cast<uint64_t>(size) + (size > 0 ? static_cast<unsigned char>(*bytes) : 0u);
    }
  }
}

/// `values`: each is asked for as stored, as a program without types would.
Result<Read> BySqlite(const std::string& path, const std::string& sql, bool values) {
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> database(opened, &sqlite3_close);
  if (code != SQLITE_OK) return Failed("cannot open " + path);
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(opened, sql.c_str(), -1, &prepared, nullptr) != SQLITE_OK) {
    return Failed(sqlite3_errmsg(opened));
  }
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(prepared,
                                                                        &sqlite3_finalize);
  Read read;
  int step = 0;
  const int columns = sqlite3_column_count(prepared);
  while ((step = sqlite3_step(prepared)) == SQLITE_ROW) {
    ++read.rows;
    for (int i = 0; values && i < columns; ++i) read.sum += TouchColumn(prepared, i);
  }
  if (step != SQLITE_DONE) return Failed(sqlite3_errmsg(opened));
  return read;
}

Result<Read> Run(std::string_view side, const std::string& where, const std::string& sql) {
  if (side == "libpq") return ByLibpq(where, sql);
  if (side == "sqlite3") return BySqlite(where, sql, false);
  if (side == "sqlite3-values") return BySqlite(where, sql, true);
  if (side == "postgres-source") {
    sources::PostgresOptions options;
    options.url = where;
    return BySource(sources::OpenPostgres(options), sql);
  }
  if (side == "sqlite-source") {
    sources::SqliteOptions options;
    options.path = where;
    return BySource(sources::OpenSqlite(options), sql);
  }
  return Failed("no such side");
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  using penstock::bench::Usage;
  if (argc != 4) {
    std::fprintf(stderr,
                 "usage: read_bench postgres-source|libpq|sqlite-source|sqlite3|sqlite3-values "
                 "URL-OR-PATH SQL\n");
    return 2;
  }
  const Usage before = penstock::bench::UsageNow();
  const auto read = penstock::bench::Run(argv[1], argv[2], argv[3]);
  const Usage after = penstock::bench::UsageNow();
  if (!read.ok()) {
    std::fprintf(stderr, "%s\n", read.error().message.c_str());
    return 1;
  }
  std::printf(
      "{\"rows\": %lu, \"wall_s\": %.4f, \"cpu_s\": %.4f, \"peak_mib\": %.1f, \"sum\": %lu}\n",
      read->rows, after.wall_s - before.wall_s, after.cpu_s - before.cpu_s, after.peak_mib,
      read->sum);
  return 0;
}
