#include "host/http/flight.h"

#include <algorithm>
#include <utility>

#include "host/http/retry.h"

namespace penstock::http {

Attempt AttemptOf(const Flight& flight, const GatewayOptions& options, int64_t now_us,
                  int64_t deadline_us) {
  Attempt attempt;
  attempt.https = flight.url.https;
  attempt.host = flight.url.host;
  attempt.port = flight.url.port;
  attempt.body = flight.request->body_reader == nullptr ? flight.request->body : "";
  attempt.body_reader = flight.request->body_reader;
  attempt.body_sink = flight.request->body_sink;
  attempt.head_method = flight.request->method == "HEAD";
  attempt.fresh_connection = flight.stale_once;
  if (!flight.MayRepeat()) attempt.most_idle_ms = options.careful_idle_ms;
  attempt.connect_timeout_ms = options.connect_timeout_ms;
  uint32_t own = flight.request->timeout_ms;
  attempt.timeout_ms = own != 0 ? own : options.timeout_ms;
  if (deadline_us != 0) {
    int64_t left_ms = (deadline_us - now_us) / 1000;
    attempt.timeout_ms = std::clamp<int64_t>(left_ms, 1, attempt.timeout_ms);
  }
  attempt.max_answer_bytes = options.max_answer_bytes;
  return attempt;
}

void ConfessDoubt(const sdk::RetryPolicy& retry, Flight* flight) {
  AttemptResult& last = *flight->last;
  if (!flight->maybe_applied || flight->request->seqs.empty()) return;
  bool not_sent = last.transport == Transport::kNotSent;
  bool refused = last.transport == Transport::kAnswered &&
                 Judge(retry, last, flight->retry_after_ms) == Fate::kNotApplied;
  if (!not_sent && !refused) return;
  std::string reason =
      not_sent ? last.error.message : "The last answer was " + std::to_string(last.status) + ".";
  last.transport = Transport::kLost;
  last.error = MakeError("PS-HTTP-LOST", "An earlier attempt may have been applied. " + reason,
                         last.error.hint);
  flight->earlier.push_back(last.status);
  last.status = 0;
  last.headers.clear();
  last.body.clear();
}

exchanges::Raw RawOf(const Flight& flight, int64_t now_us) {
  const AttemptResult& last = *flight.last;
  exchanges::Raw raw;
  exchanges::Exchange& exchange = raw.exchange;
  exchange.id = flight.id;
  exchange.seqs.assign(flight.request->seqs.begin(), flight.request->seqs.end());
  exchange.method = flight.request->method;
  exchange.url = flight.url.host.empty() ? flight.url.target : flight.url.Text();
  exchange.request_headers = flight.sent_headers;
  exchange.transport = static_cast<int32_t>(last.transport);
  exchange.status = last.status;
  exchange.response_headers = last.headers;
  exchange.error = last.error.message;
  exchange.earlier = flight.earlier;
  exchange.started_unix_us = flight.started_unix_us;
  if (last.sent_us != 0) {
    exchange.duration_us = (last.answered_us != 0 ? last.answered_us : now_us) - last.sent_us;
  }
  if (flight.started_us != 0) exchange.total_us = now_us - flight.started_us;
  const Request& request = *flight.request;
  raw.request_body = request.body_reader == nullptr ? request.body : std::string_view();
  raw.request_bytes =
      request.body_reader != nullptr ? request.body_reader->size() : request.body.size();
  raw.response_body = last.body;
  raw.response_bytes = last.body_bytes;
  return raw;
}

Response TakeResponse(Flight* flight) {
  AttemptResult& last = *flight->last;
  Response response;
  response.tag = flight->request->tag;
  response.request_id = flight->id;
  response.status = last.status;
  response.transport = last.transport;
  response.attempts = flight->attempts;
  response.retry_after_ms = flight->retry_after_ms.value_or(0);
  response.headers = std::move(last.headers);
  response.body = std::move(last.body);
  response.error = std::move(last.error);
  return response;
}

}  // namespace penstock::http
