// write.*, err.no_secret, cancel.prompt: what must be said when a request fails.
#include <algorithm>
#include <set>

#include "sdk/testing/kit/answers.h"
#include "sdk/testing/kit/jobs.h"
#include "sdk/testing/kit/text.h"
#include "sdk/testing/kit/writes.h"

namespace penstock::kit {
namespace {

void AnswerWrites(Trial& t, PeerAnswer answer) {
  t.host().before = [answer = std::move(answer)](const PeerRequest& request,
                                                 size_t) -> std::optional<PeerAnswer> {
    if (request.seqs.empty()) return std::nullopt;
    return answer;
  };
}

// Of the records that a write request named. Those without an outcome are what the call's failure
// stands for. Of those in a job, what is true may be said.
void ExpectOnly(Trial& t, Witness& witness, const Written& written, const std::vector<Row>& rows,
                const std::set<int32_t>& allowed, const std::string& what) {
  std::set<uint64_t> named;
  for (const Exchange& exchange : t.host().writes()) {
    named.insert(exchange.request.seqs.begin(), exchange.request.seqs.end());
  }
  if (named.empty()) t.Fail(what + ": no request names a record");
  for (const Row& row : rows) {
    const Kept* kept = written.Of(row.seq);
    if (named.count(row.seq) == 0 || (kept == nullptr && !written.status.ok())) continue;
    if (IsNoted(t, row.seq)) {
      const std::string doubt = witness.Doubt(row, written);
      if (doubt.empty()) continue;
      return t.Fail(what + ": " + doubt);
    }
    if (kept != nullptr && allowed.count(kept->outcome) > 0) continue;
    std::vector<std::string> names;
    names.reserve(allowed.size());
    for (const int32_t one : allowed) names.push_back(OutcomeName(one));
    return t.Fail(what + ": record " + std::to_string(row.seq) + " is " + written.Show(row.seq) +
                  "; it may be " + JoinSome(names) + ", or nothing where the call fails");
  }
}

// With an id an update or a delete needs no reading before it.
void GiveIds(const std::string& operation, std::vector<Row>* rows) {
  for (Row& row : *rows) {
    if (operation == "update" || operation == "delete") row.id = std::to_string(row.seq);
  }
}

void RateLimited(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  const std::vector<Row> rows = SampleRows(t, *plan, 1, 3);
  Witness witness(t, *plan);
  AnswerWrites(t, Answered(429, "{}", 9000));
  const Written written = WriteRows(t, *plan, rows);
  ExpectOnly(t, witness, written, rows, {PENSTOCK_UNSENT}, "after 429");
  const penstock_status status = written.status.ok() ? 0 : written.status.failure().status;
  if (status != PENSTOCK_E_RATE_LIMITED && status != PENSTOCK_E_QUOTA) {
    t.Fail("after 429: " + written.ShowStatus() + " instead of RATE_LIMITED");
  } else if (status == PENSTOCK_E_RATE_LIMITED && written.status.failure().retry_after_ms < 9000) {
    t.Fail("the time to wait of a 429 got lost: retry_after_ms is " +
           std::to_string(written.status.failure().retry_after_ms));
  }
  std::set<std::vector<uint64_t>> seen;
  for (const Exchange& exchange : t.host().writes()) {
    if (exchange.request.seqs.empty()) continue;  // of a job, and about no record
    if (!seen.insert(exchange.request.seqs).second) {
      t.Fail("the same records are sent again; only the host retries");
    }
  }
}

void Unavailable(Trial& t) {
  for (const char* operation : {"upsert", "insert", "update", "delete"}) {
    if (!HasOperation(t, operation)) continue;
    const auto plan = PlanFor(t, operation);
    if (!plan) continue;
    std::vector<Row> rows = SampleRows(t, *plan, 1, 3);
    GiveIds(operation, &rows);
    for (const int status : {500, 502, 503, 504}) {
      Witness witness(t, *plan);
      AnswerWrites(t, Answered(status, "<html>Sorry</html>"));
      const Written written = WriteRows(t, *plan, rows);
      const std::string what = std::string(operation) + " after " + std::to_string(status);
      ExpectOnly(t, witness, written, rows, {PENSTOCK_IN_DOUBT}, what);
      if (!written.status.ok() && written.status.failure().status != PENSTOCK_E_UNAVAILABLE) {
        t.Fail(what + ": " + written.ShowStatus() + " instead of UNAVAILABLE");
      }
    }
  }
}

void LostAnswer(Trial& t) {
  for (const char* operation : {"upsert", "insert", "update", "delete"}) {
    if (!HasOperation(t, operation)) continue;
    const auto plan = PlanFor(t, operation);
    if (!plan) continue;
    std::vector<Row> rows = SampleRows(t, *plan, 1, 3);
    GiveIds(operation, &rows);
    Witness witness(t, *plan);
    // The destination applies it, the answer gets lost.
    t.host().after = [](const PeerRequest& request, size_t, PeerAnswer* answer) {
      if (!request.seqs.empty()) *answer = NoAnswer(PENSTOCK_TRANSPORT_LOST);
    };
    Written written = WriteRows(t, *plan, rows);
    t.host().after = nullptr;
    ExpectOnly(t, witness, written, rows, {PENSTOCK_IN_DOUBT},
               std::string(operation) + " whose answer is lost");
    Witness later(t, *plan);
    AnswerWrites(t, NoAnswer(PENSTOCK_TRANSPORT_NOT_SENT));
    written = WriteRows(t, *plan, rows);
    t.host().before = nullptr;
    ExpectOnly(t, later, written, rows, {PENSTOCK_UNSENT},
               std::string(operation) + " that was never sent");
    const bool makes = operation == std::string("upsert") || operation == std::string("insert");
    if (t.failed() || !makes || !IsNoted(t, rows[0].seq)) continue;
    const auto lose = [](PeerAnswer* answer) { *answer = NoAnswer(PENSTOCK_TRANSPORT_LOST); };
    const uint64_t first = operation == std::string("upsert") ? 5000 : 7000;
    SpoilEachAnswer(t, *plan, first, {"a lost answer", lose});
  }
}

// The credentials are lost at each request that a job needs, and for all that follow.
void AuthLostInAJob(Trial& t, const WritePlan& plan, uint64_t first) {
  Spoiling spoiling{"after 401", [](PeerAnswer* answer) { *answer = Answered(401); }, false, true};
  SpoilEachAnswer(t, plan, first, spoiling, [&](const Written& written) {
    if (written.status.ok() || written.status.failure().status != PENSTOCK_E_UNAUTHENTICATED) {
      t.Fail("after 401: " + written.ShowStatus() + " instead of UNAUTHENTICATED");
    }
  });
}

void AuthLost(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  const size_t limit = std::min<size_t>(plan->request_limit(), 200);
  const std::vector<Row> rows = SampleRows(t, *plan, 1, 5 * limit);
  size_t writes = 0;
  std::set<uint64_t> applied;
  t.host().before = [&](const PeerRequest& request, size_t) -> std::optional<PeerAnswer> {
    if (request.seqs.empty()) return std::nullopt;
    if (++writes >= 3) return Answered(401);
    applied.insert(request.seqs.begin(), request.seqs.end());
    return std::nullopt;
  };
  const Written written = WriteRows(t, *plan, rows);
  t.host().before = nullptr;
  if (writes < 3 && IsNoted(t, rows[0].seq)) return AuthLostInAJob(t, *plan, rows.size() + 1);
  if (written.status.ok() || written.status.failure().status != PENSTOCK_E_UNAUTHENTICATED) {
    t.Fail("after 401: " + written.ShowStatus() + " instead of UNAUTHENTICATED");
  }
  for (const Row& row : rows) {
    const Kept* kept = written.Of(row.seq);
    const bool was_applied = applied.count(row.seq) > 0;
    if (was_applied && (kept == nullptr || !kept->success())) {
      return t.Fail("a record of an answered request before the 401 is " + written.Show(row.seq));
    }
    if (!was_applied && kept != nullptr && kept->outcome != PENSTOCK_UNSENT) {
      return t.Fail("a record that the 401 kept from being written is " + written.Show(row.seq));
    }
  }
}

void GarbageAnswer(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  const std::string deep = std::string(200000, '[');
  const std::string huge = R"({"results": ")" + std::string(10 << 20, 'x') + "\"}";
  const std::vector<std::pair<const char*, std::string>> bodies = {
      {"an empty body", ""},
      {"HTML", "<!doctype html><html><body>Welcome</body></html>"},
      {"a list", "[1, 2, 3]"},
      {"a number", "17"},
      {"null", "null"},
      {"wrong types", R"({"results": {"a": 1}, "errors": 3, "status": []})"},
      {"wrong elements", R"({"results": [1, null, "x", []]})"},
      {"bytes that are no UTF-8", "{\"results\": [{\"id\": \"\xff\xfe\"}]}"},
      {"very deep JSON", deep},
      {"ten megabytes", huge}};
  const std::vector<Row> rows = SampleRows(t, *plan, 1, 4);
  const auto write = [&](const std::string& what) {
    Witness witness(t, *plan);
    const Written written = WriteRows(t, *plan, rows);
    if (t.facts().success == "status") return;
    for (const Row& row : rows) {
      const Kept* kept = written.Of(row.seq);
      if (kept == nullptr || !kept->success()) continue;
      // Of a job, other answers tell what became of its records.
      if (IsNoted(t, row.seq) && witness.Doubt(row, written).empty()) continue;
      return t.Fail("after " + what + " record " + std::to_string(row.seq) + " is " + kept->Show());
    }
  };
  const auto halve = [](PeerAnswer* answer) { answer->body.resize(answer->body.size() / 2); };
  for (const auto& [what, body] : bodies) {
    AnswerWrites(t, Answered(200, body));
    write(std::string(what) + " as 200");
  }
  t.host().before = nullptr;
  t.host().after = [&](const PeerRequest& request, size_t, PeerAnswer* answer) {
    if (!request.seqs.empty()) halve(answer);
  };
  write("half an answer");
  t.host().after = nullptr;
  if (!IsNoted(t, rows[0].seq)) return;
  uint64_t first = 1000;
  SpoilEachAnswer(t, *plan, first, {"half an answer", halve, true, false, true});
  for (const size_t kind : {1, 5}) {  // HTML, wrong types: a job has many answers to spoil
    const auto& [what, body] = bodies[kind];
    const auto replace = [&text = body](PeerAnswer* answer) { answer->body = text; };
    SpoilEachAnswer(t, *plan, first += 1000, {what, replace, true, false, true});
  }
  // Where a job writes a part of its records, its answers are all that can tell which.
  const auto blank = [&text = bodies[1].second](PeerAnswer* answer) { answer->body = text; };
  SpoilEachAnswer(t, *plan, first += 1000, {"HTML", blank, true, true, true});
  if (t.failed() || !t.destination()->SetJobs("failed")) return;
  Spoiling failing{"HTML of a job that fails", blank, true, false, true};
  failing.writes = t.destination()->CanTell();
  SpoilEachAnswer(t, *plan, first + 1000, failing);
}

// Where canaries must not show up.
void LookFor(Trial& t, const std::string& canary, const std::vector<std::string>& texts,
             const std::string& where) {
  for (const std::string& text : texts) {
    if (text.find(canary) != std::string::npos) return t.Fail("a secret shows up in " + where);
  }
}

void NoSecret(Trial& t) {
  constexpr char kCanary[] = "kit-canary-7f3a91";
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  const std::string json = std::string(R"({"message": "no", "debug": {"authorization": ")") +
                           kCanary + R"("}, "access_token": ")" + kCanary + "\"}";
  for (const auto& [status, body] :
       std::vector<std::pair<int, std::string>>{{500, json},
                                                {400, json},
                                                {403, json},
                                                {200, json},
                                                {502, "<html>" + std::string(kCanary) + "</html>"},
                                                {200, std::string(kCanary) + " is not JSON"}}) {
    PeerAnswer answer = Answered(status, body);
    answer.headers = {{"Set-Cookie", kCanary}, {"X-Api-Key", kCanary}};
    t.host().before = [&](const PeerRequest&, size_t) { return answer; };
    const std::string when = " after status " + std::to_string(status);
    const auto report = t.instance()->Check(t.host().Context());
    if (!report.ok()) LookFor(t, kCanary, {report.failure().message}, "the error of check" + when);
    if (report.ok()) LookFor(t, kCanary, {ToJson(*report)}, "the report of check" + when);
    const auto catalog = t.instance()->Discover({}, t.host().Context());
    if (!catalog.ok())
      LookFor(t, kCanary, {catalog.failure().message}, "the error of discover" + when);
    if (catalog.ok()) LookFor(t, kCanary, {ToJson(*catalog)}, "the catalog" + when);
    const Written written = WriteRows(t, *plan, SampleRows(t, *plan, 1, 2));
    if (!written.status.ok()) {
      LookFor(t, kCanary, {written.status.failure().message}, "the error of a write" + when);
    }
    for (const auto& [seq, kept] : written.outcomes) {
      LookFor(t, kCanary, {kept.message, kept.code, kept.warning, kept.id}, "an outcome" + when);
    }
  }
  LookFor(t, kCanary, t.host().logs(), "the log");
  // Nor may a record's own values be logged.
  const std::string value = SampleRow(t, *plan, 1).values[plan->key].Show();
  for (const std::string& line : t.host().logs()) {
    if (line.find(value) != std::string::npos) return t.Fail("a record's key shows up in the log");
  }
}

void CancelPrompt(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  const size_t limit = std::min<size_t>(plan->request_limit(), 100);
  const std::vector<Row> rows = SampleRows(t, *plan, 1, 3 * limit);
  size_t writes = 0;
  std::set<uint64_t> answered;
  t.host().before = [&](const PeerRequest& request, size_t) -> std::optional<PeerAnswer> {
    if (request.seqs.empty()) return std::nullopt;
    if (++writes == 1) {
      t.host().Cancel();
      answered.insert(request.seqs.begin(), request.seqs.end());
    }
    return std::nullopt;
  };
  const Written written = WriteRows(t, *plan, rows);
  t.host().Uncancel();
  const bool cancelled =
      !written.status.ok() && written.status.failure().status == PENSTOCK_E_CANCELLED;
  if (!cancelled)
    t.Fail("cancelled in the middle: " + written.ShowStatus() + " instead of CANCELLED");
  for (const auto& [seq, kept] : written.outcomes) {
    if (answered.count(seq) == 0 && kept.outcome != PENSTOCK_UNSENT) {
      return t.Fail("a record that was never sent is " + kept.Show());
    }
  }
  if (!t.destination()->SetJobs("stuck")) return;
  int sleeps = 0;
  t.host().before = nullptr;
  t.host().on_sleep = [&] {
    if (++sleeps == 3) t.host().Cancel();
  };
  const std::vector<Row> stuck = SampleRows(t, *plan, 1000, 2);
  const Written waiting = WriteRows(t, *plan, stuck);
  t.host().Uncancel();
  if (sleeps < 3) return;
  for (const Row& row : stuck) {
    const Kept* kept = waiting.Of(row.seq);
    if (kept == nullptr || (kept->outcome == PENSTOCK_IN_DOUBT && !IsNoted(t, row.seq))) continue;
    return t.Fail("cancelled while it waits for a job: record " + std::to_string(row.seq) + " is " +
                  kept->Show() + ", and the job may still run");
  }
  if (waiting.status.ok() || waiting.status.failure().status != PENSTOCK_E_CANCELLED) {
    t.Fail("cancelled while it waits: " + waiting.ShowStatus() + " instead of CANCELLED");
  }
}

}  // namespace

std::vector<Check> FailureChecks() {
  return {
      {"write.rate_limited", 3, "after 429 nothing was written, and the host decides when again",
       kDestination, RateLimited},
      {"write.unavailable", 3, "after 5xx records are in doubt, never rejected, never done",
       kDestination, Unavailable},
      {"write.lost_answer", 3, "a lost answer leaves records in doubt, a request not sent does not",
       kDestination, LostAnswer},
      {"write.auth_lost", 3, "lost credentials stop the run, what was written stays reported",
       kDestination, AuthLost},
      {"write.garbage_answer", 3, "an answer that cannot be read is no success", kDestination,
       GarbageAnswer},
      {"err.no_secret", 3, "no secret in errors, logs, outcomes, catalogs", kDestination, NoSecret},
      {"cancel.prompt", 3, "a cancelled call ends with CANCELLED and claims nothing", kDestination,
       CancelPrompt},
  };
}

}  // namespace penstock::kit
