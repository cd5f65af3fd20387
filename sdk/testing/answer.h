// Sends an answer to a Poco connection, whole or as a fault wants it.
#pragma once

#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>

#include <functional>
#include <string>

#include "sdk/testing/faults.h"
#include "sdk/testing/http.h"

namespace penstock::sandbox {

// One request's connection.
struct Connection {
  Poco::Net::HTTPServerRequestImpl& request;
  Poco::Net::HTTPServerResponse& response;
  std::function<bool()> stopping;  // the server wants to end
};

// Sends the answer as it is.
void Send(Connection& connection, const Response& answer);
// Sends the answer the way the fault spoils it; `now_ms` for dates. Returns what to count: the
// status sent, or "dropped", "stalled", "truncated".
std::string SendFaulty(Connection& connection, const Fault& fault, Response answer,
                       std::int64_t now_ms);
// Ends the connection without an answer; `reset`: with an RST.
void Drop(Connection& connection, bool reset);
// Sleeps, but ends early if the server stops.
void Sleep(const Connection& connection, std::int64_t ms);

}  // namespace penstock::sandbox
