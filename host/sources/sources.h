// The warehouses that Penstock reads: PostgreSQL through libpq, SQLite through its own library.
//
// Both stream in bounded memory, never write, and report a read that broke off as an error and
// never as an end of data. Errors: PS-SRC-URL and PS-SRC-ZONE (configuration), PS-SRC-CONNECT,
// PS-SRC-QUERY (Error::line and column are within the SQL; the caller knows its file),
// PS-SRC-TIMEOUT, PS-SRC-LOCKED, PS-SRC-LOST, PS-SRC-DATA, PS-RUN-CANCELLED.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/model/source.h"

namespace penstock::sources {

struct PostgresOptions {
  std::string url;  // postgresql://..., or libpq's keyword form; may hold a password
  /// Zone of columns without one (timestamp), and of the session that runs the SQL.
  std::string time_zone = "UTC";
  int64_t statement_timeout_ms = 0;           // 0: none but the server's
  int connect_timeout_s = 10;                 // unless the URL says so
  std::string application_name = "penstock";  // unless the URL says so
};

/// Each read is a connection of its own in a read-only, repeatable-read transaction; SELECT on what
/// the SQL reads is all that the user needs. No connection is made here. PS-SRC-URL, PS-SRC-ZONE.
Result<std::unique_ptr<Source>> OpenPostgres(PostgresOptions options);

/// "postgresql://user@host:port/database" of a URL, without its password and parameters; "a
/// PostgreSQL URL" when it cannot be read. [thread-safe]
std::string RedactPostgresUrl(const std::string& url);

struct SqliteOptions {
  std::string path;
  std::string time_zone = "UTC";   // of texts without one in DATETIME and TIMESTAMP columns
  int64_t busy_timeout_ms = 5000;  // waiting for another program's lock
};

/// Each read opens the file read-only. A missing file is an error of the read and never created.
/// PS-SRC-ZONE.
Result<std::unique_ptr<Source>> OpenSqlite(SqliteOptions options);

}  // namespace penstock::sources
