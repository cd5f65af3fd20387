// From records to requests.
#pragma once

#include <string>
#include <vector>

#include "penstock/http.hpp"
#include "plugins/http/body.h"

namespace penstock::http_plugin {

// A request with the records that it is about.
struct Sent {
  sdk::HttpRequest http;
  std::vector<size_t> records;  // indices of the batch
};

// Makes the requests of one operation. The operation outlives it.
class RequestMaker {
 public:
  RequestMaker(const OperationConfig* operation, const sdk::Assignment& assignment);

  // The request of these records, one unless the operation takes more. Nothing, with the reason in
  // `why`, when the record cannot be sent.
  std::optional<Sent> Make(const sdk::Batch& batch, Records records, CannotSend* why) const;
  const Filler& filler() const { return filler_; }

 private:
  // A UUID of what the request says, the same whenever it says the same.
  std::string KeyOfRequest(const sdk::HttpRequest& request) const;

  const OperationConfig* operation_;
  Filler filler_;
  std::string scope_;  // of idempotency keys
};

}  // namespace penstock::http_plugin
