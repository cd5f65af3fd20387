#include "plugins/http/sandbox/replays.h"

namespace penstock::sandbox::receiver {

Response Replays::Answer(const Request& request, const std::string& key,
                         const std::function<Response()>& handler,
                         const std::function<Response(int, const char*, const char*)>& error) {
  if (key.empty()) return handler();
  const std::string asked = request.method + " " + request.path + "\n" + request.body;
  {
    std::lock_guard lock(mutex_);
    auto [place, fresh] = kept_.try_emplace(key);
    if (!fresh) {
      const Kept& kept = place->second;
      if (kept.asked != asked) {
        return error(422, "idempotency_key_reused", "The key belongs to another request.");
      }
      if (!kept.done) {
        return error(409, "idempotency_key_in_use", "The first request is still at work.");
      }
      Response again = kept.response;
      again.headers.emplace_back("Idempotent-Replayed", "true");
      return again;
    }
    place->second.asked = asked;
    order_.push_back(key);
    if (order_.size() > kMostKept) {
      kept_.erase(order_.front());
      order_.pop_front();
    }
  }
  Response response = handler();
  std::lock_guard lock(mutex_);
  if (auto place = kept_.find(key); place != kept_.end()) {
    place->second.done = true;
    place->second.response = response;
  }
  return response;
}

void Replays::Clear() {
  std::lock_guard lock(mutex_);
  kept_.clear();
  order_.clear();
}

}  // namespace penstock::sandbox::receiver
