// SQLite through Poco::Data, its exceptions turned into errors here and nowhere else.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "core/base/result.h"

namespace penstock::store {

using Parameter = std::variant<int64_t, std::string>;
/// Every value as text; NULL as "".
using Row = std::vector<std::string>;

/// One connection. [thread-safe]; transactions are serialised.
class Database {
 public:
  /// Opens or creates the file (0600), in WAL mode with full syncs. PS-STORE-OPEN,
  /// PS-STORE-CORRUPT.
  static Result<std::unique_ptr<Database>> Open(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// One statement. PS-STORE-WRITE, PS-STORE-FULL, PS-STORE-BUSY, PS-STORE-CORRUPT.
  Status Execute(const std::string& sql, const std::vector<Parameter>& parameters = {});
  Result<std::vector<Row>> Query(const std::string& sql,
                                 const std::vector<Parameter>& parameters = {});
  /// Runs `work` in a transaction that has the write lock from its start; rolled back when `work`
  /// or the commit fails.
  Status Transaction(const std::function<Status()>& work);

 private:
  struct Session;
  Database(std::string path, std::unique_ptr<Session> session);

  std::string path_;
  std::recursive_mutex mutex_;
  std::unique_ptr<Session> session_;
};

}  // namespace penstock::store
