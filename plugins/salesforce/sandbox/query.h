// GET /query: answers of at most 2,000 records, and the rest of them by nextRecordsUrl.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "plugins/salesforce/sandbox/soql.h"

namespace penstock::sandbox::salesforce {

// The queries of an org. Thread-safe.
class Queries {
 public:
  explicit Queries(const Org& org) : org_(org) {}
  void AddRoutes();
  void Reset();

 private:
  // An answer that has more records.
  struct Cursor {
    std::string id;
    Soql soql;
    std::vector<std::uint64_t> rows;
    std::size_t batch = 0;
  };

  Response Query(const Request& request);
  Response QueryMore(const Request& request);
  Response Page(const Cursor& cursor, std::size_t from, const Request& request) const;

  const Org& org_;
  std::mutex mutex_;
  std::deque<Cursor> cursors_;
  std::uint64_t next_ = 1;
};

}  // namespace penstock::sandbox::salesforce
