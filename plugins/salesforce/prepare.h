// What becomes of a record before anything is sent: the same for every way of writing.
#pragma once

#include <string>
#include <vector>

#include "penstock/http.hpp"
#include "penstock/records.hpp"
#include "plugins/salesforce/api.h"
#include "plugins/salesforce/shape.h"

namespace penstock::salesforce {

// A record to send: its place in the batch, and its id where Salesforce goes by that.
struct Item {
  size_t record = 0;
  std::string id;
};

// The records of a batch that are to be sent, with the ids that updates and deletes need: looked up
// by key where the host knows none. All others get their outcome: what cannot be said in a request,
// what is not there (update, delete), what is there already (insert by a key that Salesforce does
// not keep unique). On failure all of them are UNSENT. Blocks. [serial:writer]
sdk::Result<std::vector<Item>> Prepare(const sdk::Http& http, const Api& api, const Shape& shape,
                                       sdk::Call call, const sdk::Batch& batch,
                                       sdk::Outcomes& outcomes);

}  // namespace penstock::salesforce
