// One connection to PostgreSQL: opening, statements that can be cancelled, errors as sentences.
#pragma once

#include <libpq-fe.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "host/sources/sources.h"

namespace penstock::sources {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultHandle = std::unique_ptr<PGresult, ClearResult>;

/// Checks the URL without connecting. PS-SRC-URL.
Status CheckPostgresUrl(const std::string& url);

struct FreeCopied {
  void operator()(char* bytes) const { PQfreemem(bytes); }
};

/// A connection inside its read-only transaction. One thread at a time.
class PostgresSession {
 public:
  /// Connects and begins the transaction. `cancelled` may be empty. PS-SRC-CONNECT.
  static Result<std::unique_ptr<PostgresSession>> Open(const PostgresOptions& options,
                                                       std::function<bool()> cancelled);
  /// Cancels what still runs, then closes.
  ~PostgresSession();
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;

  /// Runs one simple statement to its end and returns its last result.
  Result<ResultHandle> Run(const std::string& sql);
  /// Prepares `sql` without a name and describes its columns.
  Result<ResultHandle> Prepare(const std::string& sql);
  /// Sends a COPY ... TO STDOUT; what is wrong with it NextCopied says.
  Status Copy(const std::string& sql);
  /// The next message of the COPY, a row each, valid until the next call; data() == nullptr when
  /// the server has said that all is sent. Waits, polling `cancelled`; PS-SRC-LOST,
  /// PS-RUN-CANCELLED, or the statement's error.
  Result<std::string_view> NextCopied();
  /// True about once in a thousand calls when the run is being cancelled: cheap enough for each
  /// row.
  bool CancelledNow() { return ++polls_ % 1024 == 0 && cancelled_ && cancelled_(); }
  /// Cancels what runs on the server.
  void Cancel();
  Error CancelledError() const;

  /// `sql`, `offset`: where the model stands in the statement that is sent, in characters, so that
  /// errors name the place in the model.
  void SetModel(std::string sql, size_t offset);

 private:
  PostgresSession(const PostgresOptions& options, std::function<bool()> cancelled)
      : where_(RedactPostgresUrl(options.url)), cancelled_(std::move(cancelled)) {}
  Status Connect(const PostgresOptions& options);
  /// The next result of what runs; null when it is over. Fails as NextCopied does.
  Result<ResultHandle> Next();
  Result<ResultHandle> Last();
  Status WaitForInput();
  Error Lost();
  Error FromResult(const PGresult* result);
  std::string Clean(std::string_view message) const;

  std::string where_;  // for messages
  std::string password_;
  std::function<bool()> cancelled_;
  uint64_t polls_ = 0;
  std::string model_;
  size_t model_offset_ = 0;
  PGconn* connection_ = nullptr;
  std::unique_ptr<char, FreeCopied> copied_;  // the latest message
  bool copying_ = false;                      // the server has agreed to the COPY
  bool busy_ = false;
};

}  // namespace penstock::sources
