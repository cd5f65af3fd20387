// A PostgreSQL server of one's own for tests and benchmarks: a fresh cluster in a temporary folder.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/result.h"

namespace penstock::testing {

/// A running cluster, reached over a free loopback port and a unix socket in its folder. It trusts
/// every connection, syncs nothing and dies with the process that started it. When the caller is
/// root the server runs as the user `postgres`. Methods are for one thread at a time.
class PostgresServer {
 public:
  /// initdb and start; about a second. Call it from a thread that outlives the server (the kernel
  /// ends the server with that thread). PS-TEST-POSTGRES when the programs are not installed (they
  /// are looked for in $PENSTOCK_PG_BIN, then the newest /usr/lib/postgresql/N/bin) or do not
  /// start.
  static Result<std::unique_ptr<PostgresServer>> Start();
  /// Stops the server and removes its folder.
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// "postgresql://user@127.0.0.1:port/database"; by default superuser and database `postgres`.
  std::string url(const std::string& user = "postgres",
                  const std::string& database = "postgres") const;
  /// The same over the unix socket.
  std::string socket_url(const std::string& user = "postgres",
                         const std::string& database = "postgres") const;
  uint16_t port() const { return port_; }

  /// Runs statements as the superuser in database `postgres`; the server's message on failure.
  Status Exec(const std::string& sql);
  /// The first column of the first row as text; "" when there is none or it is NULL.
  Result<std::string> Query(const std::string& sql);
  /// Ends every client connection but its own (pg_terminate_backend), and says how many.
  Result<int> KillBackends();
  /// Fast shutdown: clients are disconnected. Done when it returns; harmless when repeated.
  void Stop();
  /// Starts the stopped cluster again, on the same port.
  Status Restart();

 private:
  PostgresServer() = default;
  Status InitCluster();
  Status Launch();

  std::string bin_dir_;
  std::string dir_;
  uint16_t port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace penstock::testing
