// Where rows come from: the interface that the host's sources fill.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/value/value.h"

namespace penstock {

/// A column of a model's result.
struct Column {
  std::string name;
  std::string type;  // as the source names it, for messages ("numeric", "timestamptz")
};

struct ReadOptions {
  uint64_t limit = 0;  // rows; 0: all (preview)
  std::function<bool()>
      cancelled;  // polled between rows; may be empty. True: Next returns PS-RUN-CANCELLED
};

/// A running query, streamed in bounded memory. One thread at a time.
class RowReader {
 public:
  virtual ~RowReader() = default;
  virtual const std::vector<Column>& columns() const = 0;
  /// The next row, one value a column, borrowed until the next call; an empty span (data() ==
  /// nullptr) at the end. PS-SRC-... when the source fails in mid-read: then nothing of the model
  /// may be used.
  virtual Result<std::span<const Value>> Next() = 0;
};

/// A configured warehouse, opened read-only. [thread-safe] for opening readers.
class Source {
 public:
  virtual ~Source() = default;
  /// Connects and says in one sentence what is wrong if it cannot.
  virtual Status Check() = 0;
  /// Starts the model's SQL. PS-SRC-CONNECT, PS-SRC-QUERY (with the line in the SQL where the
  /// source tells it).
  virtual Result<std::unique_ptr<RowReader>> Read(const std::string& sql,
                                                  const ReadOptions& options) = 0;
};

}  // namespace penstock
