// check.*: what the connector says of the account.
#include <algorithm>

#include "sdk/testing/kit/answers.h"
#include "sdk/testing/kit/fake_host.h"
#include "sdk/testing/kit/text.h"
#include "sdk/testing/kit/trial.h"

namespace penstock::kit {
namespace {

void Ok(Trial& t) {
  sdk::ConnectorInstance* instance = t.instance();
  if (instance == nullptr) return;
  const auto report = instance->Check(t.host().Context());
  if (!report.ok()) return t.Fail(report.failure().code + ": " + report.failure().message);
  if (report->account_id.empty()) t.Fail("the account has no id");
}

struct Case {
  const char* what;
  PeerAnswer answer;
  std::vector<penstock_status> allowed;
};

std::vector<Case> Cases() {
  return {
      {"401", Answered(401), {PENSTOCK_E_UNAUTHENTICATED}},
      {"403", Answered(403), {PENSTOCK_E_PERMISSION}},
      {"404",
       Answered(404),
       {PENSTOCK_E_NOT_FOUND, PENSTOCK_E_INVALID_CONFIG, PENSTOCK_E_PERMISSION}},
      {"429 with Retry-After",
       Answered(429, "{}", 7000),
       {PENSTOCK_E_RATE_LIMITED, PENSTOCK_E_QUOTA}},
      {"500", Answered(500), {PENSTOCK_E_UNAVAILABLE}},
      {"502 with an HTML page",
       Answered(502, "<html>Bad gateway</html>"),
       {PENSTOCK_E_UNAVAILABLE}},
      {"503", Answered(503), {PENSTOCK_E_UNAVAILABLE}},
      {"an answer that is lost", NoAnswer(PENSTOCK_TRANSPORT_LOST), {PENSTOCK_E_UNAVAILABLE}},
      {"no connection", NoAnswer(PENSTOCK_TRANSPORT_NOT_SENT), {PENSTOCK_E_UNAVAILABLE}},
      {"a request that the host forbids",
       NoAnswer(PENSTOCK_TRANSPORT_FORBIDDEN),
       {PENSTOCK_E_INVALID_CONFIG, PENSTOCK_E_PERMISSION, PENSTOCK_E_UNAVAILABLE}},
      {"a page of HTML as 200",
       Answered(200, "<!doctype html><html></html>"),
       {PENSTOCK_E_INTERNAL, PENSTOCK_E_UNAVAILABLE}},
      {"an empty 200", Answered(200, ""), {PENSTOCK_E_INTERNAL, PENSTOCK_E_UNAVAILABLE}},
  };
}

void Classes(Trial& t) {
  sdk::ConnectorInstance* instance = t.instance();
  if (instance == nullptr) return;
  (void)instance->Check(t.host().Context());
  if (t.host().requests() == 0) return t.Skip("check makes no request");
  for (const Case& one : Cases()) {
    t.host().before = [&](const PeerRequest&, size_t) { return one.answer; };
    const auto report = instance->Check(t.host().Context());
    if (report.ok()) {
      t.Fail(std::string("check succeeds on ") + one.what);
      continue;
    }
    const sdk::Failure& failure = report.failure();
    if (std::find(one.allowed.begin(), one.allowed.end(), failure.status) == one.allowed.end()) {
      t.Fail(std::string("on ") + one.what + " check fails with status " +
             std::to_string(failure.status) + " (" + failure.code + ": " + failure.message +
             ") instead of " + std::to_string(one.allowed.front()));
    }
    if (failure.status == PENSTOCK_E_RATE_LIMITED && failure.retry_after_ms < 7000) {
      t.Fail("the time to wait of a 429 got lost: retry_after_ms is " +
             std::to_string(failure.retry_after_ms) + ", the answer said 7000");
    }
  }
}

void ReadOnly(Trial& t) {
  sdk::ConnectorInstance* instance = t.instance();
  if (instance == nullptr) return;
  (void)instance->Check(t.host().Context());
  (void)instance->Discover({}, t.host().Context());
  for (const Exchange& exchange : t.host().exchanges()) {
    const PeerRequest& request = exchange.request;
    if (!request.seqs.empty()) t.Fail(request.method + " " + request.url + " names records");
    if (!t.host().IsRead(request)) {
      t.Fail(request.method + " " + request.url +
             " is no read; if it is one all the same, list it under reads in the fixture");
    }
  }
}

}  // namespace

std::vector<Check> AccountChecks() {
  return {
      {"check.ok", 3, "check names the account when all is well", kDestination, Ok},
      {"check.classes", 3, "check tells apart what went wrong, and keeps the time to wait",
       kDestination, Classes},
      {"check.read_only", 3, "check and discover only read", kDestination, ReadOnly},
  };
}

}  // namespace penstock::kit
