// Idempotency keys: what was answered once is answered again, and not done again.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>

#include "sdk/testing/http.h"

namespace penstock::sandbox::receiver {

// Thread-safe.
class Replays {
 public:
  // Runs `handler`, or answers as it did for an earlier request with this key; the answer then has
  // the header Idempotent-Replayed. 422 when the earlier request was another one, 409 while it is
  // still at work. `error` makes an error of a status and a code. An empty key: just runs it.
  Response Answer(const Request& request, const std::string& key,
                  const std::function<Response()>& handler,
                  const std::function<Response(int, const char*, const char*)>& error);
  void Clear();

 private:
  static constexpr std::size_t kMostKept = 100'000;
  struct Kept {
    std::string asked;  // method, address and body
    bool done = false;
    Response response;
  };

  std::mutex mutex_;
  std::unordered_map<std::string, Kept> kept_;
  std::deque<std::string> order_;
};

}  // namespace penstock::sandbox::receiver
