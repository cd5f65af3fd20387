// One HTTP request with its response, as it is kept to explain what happened to a record.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace penstock::exchanges {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// A body as far as it is kept.
struct Body {
  std::string text;        // secrets removed, cut at the cap
  uint64_t size = 0;       // of the whole body, in bytes
  bool truncated = false;  // text is only its beginning
};

/// One request in all its attempts; the answer is that of the last one.
struct Exchange {
  uint64_t id = 0;             // as the journal names it
  std::vector<uint64_t> seqs;  // records that it could change; none for reads
  std::string method;
  std::string url;
  Headers request_headers;
  Body request;
  int32_t transport = 0;  // PENSTOCK_TRANSPORT_...
  int32_t status = 0;     // 0: no answer
  Headers response_headers;
  Body response;
  std::string error;             // one sentence when there is no answer
  std::vector<int32_t> earlier;  // statuses of the attempts before the last; 0: no answer
  int64_t started_unix_us = 0;   // first attempt
  int64_t duration_us = 0;       // of the last attempt; 0: never sent
  int64_t total_us = 0;          // from the first attempt to the end, waits included
};

}  // namespace penstock::exchanges
