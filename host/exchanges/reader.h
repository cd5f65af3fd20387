// Finds the exchanges of a run again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/file/file.h"
#include "host/exchanges/codec.h"
#include "host/exchanges/exchange.h"

namespace penstock::exchanges {

/// Holds an index of ids in memory (about 100 bytes each) and reads exchanges when asked.
/// A frame cut off by a kill is left out. [thread-safe]
class Reader {
 public:
  /// PS-FILE-…, or PS-EXCHANGES-CORRUPT when it is not a file of exchanges. What is written after
  /// Open is not seen.
  static Result<Reader> Open(const std::string& path);

  /// The exchange of that id, or nothing when it was not kept. PS-EXCHANGES-CORRUPT.
  Result<std::optional<Exchange>> Find(uint64_t id) const;
  /// All ids, ascending.
  std::vector<uint64_t> ids() const;
  /// The file ends in a frame that was not finished.
  bool torn() const { return torn_; }

 private:
  explicit Reader(file::Reader file) : file_(std::move(file)) {}

  file::Reader file_;
  std::map<uint64_t, std::pair<FrameHead, uint64_t>> frames_;
  bool torn_ = false;
};

}  // namespace penstock::exchanges
