// Which record of a batch came to what: HubSpot answers in any order, and not always with a name.
#pragma once

#include <string>
#include <vector>

#include "penstock/write.hpp"
#include "plugins/hubspot/verdict.h"

namespace penstock::hubspot {

// One input of a request.
struct Input {
  std::string trace;      // the seq as objectWriteTraceId
  std::string sent_id;    // the id of the input as sent: a key or a record id; empty for create
  std::string key;        // normal key; empty where there is none
  std::string record_id;  // as known before; may be empty
};

// The inputs of one request, and what they are about.
struct Request {
  Verb verb = Verb::kUpsert;
  std::string key_property;  // empty: the key is the record id
  std::vector<Input> inputs;
};

// Reports an outcome for every input from the body of a 2xx answer to create, update or upsert.
//
// An input is named by the objectWriteTraceId that was sent with it (its seq). Errors always carry
// it. Results may: where they do not, the record id or the value of the key property tells, and
// failing that the count: when no error is left unexplained and there are as many unexplained
// results as inputs, all of those were written. What remains (HubSpot can answer 2xx with neither
// result nor error for a record) is IN_DOUBT: nothing is known of it, so it is neither success nor
// certain failure; where the operation is idempotent the host just sends it again.
//
// Not ok: what ends the run, as ReportError says.
sdk::Status ReportBatch(const Request& request, const sdk::HttpResponse& response,
                        sdk::RequestOutcomes& records);

}  // namespace penstock::hubspot
