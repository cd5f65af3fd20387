// A request as it goes out, for people: without secrets, JSON indented.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "host/exchanges/redactor.h"
#include "host/http/transport.h"

namespace penstock::engine {

struct ShownRequest {
  std::string method, url;
  std::vector<std::pair<std::string, std::string>> headers;  // secrets removed
  std::string body;                                          // JSON is indented
};

/// `body` is the attempt's, copied. [thread-safe]
ShownRequest ShownRequestOf(const http::Attempt& attempt, const std::string& body,
                            const exchanges::Redactor& redactor);

}  // namespace penstock::engine
