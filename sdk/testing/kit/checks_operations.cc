// write.*: what each operation may and may not do to what is there.
#include <algorithm>
#include <fstream>
#include <set>

#include "penstock/json.hpp"
#include "sdk/testing/kit/answers.h"
#include "sdk/testing/kit/exact_json.h"
#include "sdk/testing/kit/jobs.h"
#include "sdk/testing/kit/process_state.h"
#include "sdk/testing/kit/text.h"
#include "sdk/testing/kit/writes.h"

namespace penstock::kit {
namespace {

void Duplicates(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  std::vector<Row> rows = SampleRows(t, *plan, 1, 3);
  rows[2].values[plan->key] = rows[0].values[plan->key];
  const Written written = WriteRows(t, *plan, rows);
  if (!written.status.ok() && written.status.failure().code.starts_with("PS-CONN-")) {
    return t.Fail("one key twice in a batch: " + written.ShowStatus());
  }
  const size_t held = Holdings::Of(t, *plan).Count(rows[0].values[plan->key]);
  if (plan->assignment.operation == "upsert" && held > 1) {
    t.Fail("one key twice in an upsert makes " + std::to_string(held) + " records");
  }
  for (const uint64_t seq : {1, 3}) {
    const Kept* kept = written.Of(seq);
    if (kept == nullptr && written.status.ok()) t.Fail("one key twice: a record has no outcome");
    if (kept != nullptr && kept->success() && held == 0) {
      return t.Fail("one key twice: record " + std::to_string(seq) + " is " + kept->Show() +
                    " and not there");
    }
  }
}

void UpsertTwice(Trial& t) {
  const auto plan = PlanFor(t, "upsert");
  if (!plan) return;
  const std::vector<Row> rows = SampleRows(t, *plan, 1, 5);
  if (!ExpectSuccess(t, WriteRows(t, *plan, rows), rows, "the first time")) return;
  const Holdings first = Holdings::Of(t, *plan);
  if (!ExpectSuccess(t, WriteRows(t, *plan, rows), rows, "the second time")) return;
  const Holdings second = Holdings::Of(t, *plan);
  if (first.live() != rows.size()) {
    t.Fail("five records make " + std::to_string(first.live()));
  }
  if (first.Text() != second.Text()) {
    t.Fail("the same upsert twice leaves something else than once: " +
           std::to_string(first.live()) + " records, then " + std::to_string(second.live()));
  }
  ExpectHeld(t, *plan, rows, "after two upserts");
}

void InsertExisting(Trial& t) {
  const auto plan = PlanFor(t, "insert");
  if (!plan) return;
  const std::vector<Row> rows = SampleRows(t, *plan, 1, 2);
  if (!ExpectSuccess(t, WriteRows(t, *plan, rows), rows, "inserting")) return;
  std::vector<Row> again = SampleRows(t, *plan, 101, 2);
  for (size_t i = 0; i < 2; ++i) again[i].values[plan->key] = rows[i].values[plan->key];
  const Written written = WriteRows(t, *plan, again);
  for (const Row& row : again) {
    const Kept* kept = written.Of(row.seq);
    const bool told =
        kept != nullptr && (kept->outcome == PENSTOCK_EXISTS || kept->outcome == PENSTOCK_REJECTED);
    if (!told) {
      return t.Fail("inserting what is there: " + written.ShowStatus() + ", the record is " +
                    written.Show(row.seq) + "; it must be EXISTS or REJECTED");
    }
  }
  ExpectHeld(t, *plan, rows, "after inserting what is there");
}

void UpdateMissing(Trial& t) {
  const auto plan = PlanFor(t, "update");
  if (!plan) return;
  const std::vector<Row> rows = SampleRows(t, *plan, 1, 2);
  const Written written = WriteRows(t, *plan, rows);
  if (!written.status.ok()) t.Fail("updating what is not there: " + written.ShowStatus());
  for (const Row& row : rows) {
    const Kept* kept = written.Of(row.seq);
    if (kept == nullptr || kept->outcome != PENSTOCK_MISSING) {
      t.Fail("updating what is not there: the record is " + written.Show(row.seq) +
             " instead of MISSING");
      break;
    }
  }
  if (const size_t live = Holdings::Of(t, *plan).live(); live > 0) {
    t.Fail("updating what is not there makes " + std::to_string(live) + " records");
  }
}

void DeleteMissing(Trial& t) {
  const auto plan = PlanFor(t, "delete");
  if (!plan) return;
  std::vector<Row> rows = SampleRows(t, *plan, 1, 3);
  const std::string making = HasOperation(t, "upsert") ? "upsert" : "insert";
  const bool can_make = HasOperation(t, making);
  if (can_make) {
    const auto make = PlanFor(t, making);
    if (!make) return;
    const std::vector<Row> made = SampleRows(t, *make, 1, 2);
    if (!ExpectSuccess(t, WriteRows(t, *make, made), made, "making records")) return;
  }
  const Written written = WriteRows(t, *plan, rows);
  if (!written.status.ok()) return t.Fail("deleting: " + written.ShowStatus());
  for (const Row& row : rows) {
    const Kept* kept = written.Of(row.seq);
    const bool there = can_make && row.seq < 3;
    const bool right = kept != nullptr && (kept->outcome == PENSTOCK_DELETED ||
                                           (!there && kept->outcome == PENSTOCK_MISSING));
    if (!right) {
      t.Fail(std::string("deleting what is ") + (there ? "" : "not ") + "there: the record is " +
             written.Show(row.seq));
    }
  }
  if (const size_t live = Holdings::Of(t, *plan).live(); live > 0) {
    t.Fail("after the delete " + std::to_string(live) + " records are left");
  }
}

// Whether the destination knows the request again when it comes a second time. Then it may, though
// the operation may not: a later run's requests carry other keys.
bool HasKey(const PeerRequest& request) {
  return std::any_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
    std::string name = header.first;
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return name.find("idempotency") != std::string::npos || name == "webhook-id";
  });
}

// Whether a request that writes may be sent twice, it says, where the operation may not.
bool SaysTwice(const PeerRequest& request, const sdk::Operation& operation) {
  return request.idempotent && !request.seqs.empty() && !operation.idempotent && !HasKey(request);
}

// A request against the rules for requests.
void Judge(Trial& t, const PeerRequest& request, const sdk::Operation& operation) {
  const sdk::Manifest& manifest = *t.subject().manifest;
  const std::string what = request.method + " " + request.url;
  const bool known =
      std::any_of(manifest.limiters.begin(), manifest.limiters.end(),
                  [&](const sdk::Limiter& limiter) { return limiter.name == request.limiter; });
  if (!known)
    t.Fail(what + " counts in the limiter " + Quote(request.limiter) +
           ", which is not in the manifest");
  if (request.cost < 1) t.Fail(what + " costs nothing");
  if (SaysTwice(request, operation) && !IsNoted(t, request.seqs[0])) {
    t.Fail(what +
           " says that it may be sent twice and carries no idempotency key; the catalog says that "
           "it may not");
  }
  for (const auto& [name, value] : request.headers) {
    std::string lower = name;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    std::string own = manifest.auth.header;
    for (char& c : own) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (lower == "authorization" || lower == "cookie" || (!own.empty() && lower == own)) {
      t.Fail(what + " sets " + name + "; credentials are the host's to attach");
    }
  }
  if (!request.body.empty() && request.Header("Content-Type").empty()) {
    t.Fail(what + " has a body and no Content-Type");
  }
  if (!request.url.starts_with('/')) {
    const size_t host_at = request.url.find("://");
    const std::string host =
        host_at == std::string::npos
            ? ""
            : request.url.substr(host_at + 3,
                                 request.url.find_first_of(":/", host_at + 3) - host_at - 3);
    const bool allowed = std::any_of(
        manifest.allowed_hosts.begin(), manifest.allowed_hosts.end(), [&](const std::string& one) {
          return one == host || (one.starts_with("*.") && host.ends_with(one.substr(1)));
        });
    if (!allowed) t.Fail(what + " leaves the base URL for a host that is not allowed");
  }
}

// A request that names no records and is no read. Those of a job may be such, if they change no
// record: nothing is written when the requests that name records are kept from going out, all of
// them or all but the first.
void JudgeNameless(Trial& t, const WritePlan& plan, const std::vector<Row>& rows,
                   const PeerRequest& request) {
  const std::string what = request.method + " " + request.url;
  if (!IsNoted(t, rows[0].seq)) return t.Fail(what + " writes and names no records");
  for (const Row& row : rows) {
    if (request.body.find(row.values[plan.key].Show()) == std::string::npos) continue;
    return t.Fail(what + " carries record " + std::to_string(row.seq) + " and does not name it");
  }
}

void ExpectNamedOnly(Trial& t, const WritePlan& plan) {
  if (!t.destination()->CanTell()) return;
  for (const size_t passing : {0, 1}) {
    const std::vector<Row> rows = SampleRows(t, plan, 100 + 10 * passing, 3);
    size_t named = 0;
    t.host().before = [&](const PeerRequest& request, size_t) -> std::optional<PeerAnswer> {
      if (request.seqs.empty() || named++ < passing) return std::nullopt;
      return NoAnswer(PENSTOCK_TRANSPORT_NOT_SENT);
    };
    (void)WriteRows(t, plan, rows);
    t.host().before = nullptr;
    const Holdings holdings = Holdings::Of(t, plan);
    for (const Row& row : rows) {
      if (holdings.Find(row.values[plan.key]) == nullptr) continue;
      return t.Fail("record " + std::to_string(row.seq) +
                    " is written by a request of its job that does not name it");
    }
  }
}

// A request of a job that may be sent twice although the operation may not: then it is, as after
// a lost answer, and the records must come out as if it had not been.
void ExpectRepeatable(Trial& t, const WritePlan& plan, const sdk::Operation& operation) {
  if (!t.destination()->CanTell()) return;
  const std::vector<Row> rows = SampleRows(t, plan, 200, 3);
  Witness witness(t, plan);
  t.host().repeat = [&](const PeerRequest& request) { return SaysTwice(request, operation); };
  const Written written = WriteRows(t, plan, rows);
  t.host().repeat = nullptr;
  if (plan.assignment.operation == "insert") {
    (void)ExpectSuccess(t, written, rows, "requests of a job that are sent twice");
  }
  const Holdings holdings = Holdings::Of(t, plan);
  for (const Row& row : rows) {
    const std::string doubt = IsNoted(t, row.seq) ? witness.Doubt(row, written) : std::string();
    if (!doubt.empty()) t.Fail("after requests of a job that are sent twice " + doubt);
    if (holdings.Count(row.values[plan.key]) > 1) {
      t.Fail("record " + std::to_string(row.seq) +
             " is there twice after requests that may be sent twice");
    }
  }
}

void RequestFlags(Trial& t) {
  if (!t.subject().manifest.has_value()) return t.Skip("the manifest is not valid");
  for (const char* name : {"upsert", "insert", "update", "delete"}) {
    if (!HasOperation(t, name)) continue;
    const auto plan = PlanFor(t, name);
    if (!plan) continue;
    t.host().Forget();
    const std::vector<Row> rows = SampleRows(t, *plan, 1, 3);
    (void)WriteRows(t, *plan, rows);
    const sdk::Operation& operation = plan->object->operations.at(name);
    std::set<uint64_t> named;
    bool nameless = false, twice = false;
    for (const Exchange& exchange : t.host().exchanges()) {
      Judge(t, exchange.request, operation);
      twice = twice || SaysTwice(exchange.request, operation);
      if (exchange.request.seqs.empty() && !t.host().IsRead(exchange.request)) {
        JudgeNameless(t, *plan, rows, exchange.request);
        nameless = true;
      }
      named.insert(exchange.request.seqs.begin(), exchange.request.seqs.end());
    }
    for (const uint64_t seq : named) {
      if (seq < 1 || seq > rows.size())
        t.Fail("a request names record " + std::to_string(seq) + ", which there is not");
    }
    if (nameless && !t.failed()) ExpectNamedOnly(t, *plan);
    if (twice && !t.failed()) ExpectRepeatable(t, *plan, operation);
  }
}

// The requests that a fixed input makes, as lines of JSON.
std::string Requests(Trial& t) {
  std::string lines;
  for (const char* name : {"upsert", "insert", "update", "delete"}) {
    if (!HasOperation(t, name)) continue;
    const auto plan = PlanFor(t, name);
    if (!plan) continue;
    t.host().Forget();
    (void)WriteRows(t, *plan, SampleRows(t, *plan, 1, 3));
    for (const Exchange& exchange : t.host().exchanges()) {
      sdk::JsonWriter json;
      json.BeginObject().Key("operation").String(name);
      json.Key("method").String(exchange.request.method).Key("url").String(exchange.request.url);
      rapidjson::Document body;
      json.Key("body");
      if (ParseExact(exchange.request.body, &body)) {
        json.Raw(ExactText(body));
      } else {
        json.String(exchange.request.body);
      }
      json.EndObject();
      lines += json.Take() + "\n";
    }
  }
  return lines;
}

void Golden(Trial& t) {
  const std::string& to = t.settings().write_golden;
  if (t.facts().golden.empty() && to.empty()) {
    return t.Skip(
        "there is no file of expected requests (golden: in the fixture; --write-golden makes it)");
  }
  const std::string now = Requests(t);
  if (!to.empty()) {
    if (t.failed()) return;
    std::ofstream file(to, std::ios::binary);
    file << now;
    file.close();
    if (!file) t.Fail(to + " cannot be written");
    return;
  }
  const sdk::Result<std::string> before = ReadText(t.facts().golden);
  if (!before.ok()) return t.Fail(before.failure().message);
  if (*before == now) return;
  size_t line = 1, at = 0;
  while (at < now.size() && at < before->size() && now[at] == (*before)[at]) {
    line += now[at] == '\n' ? 1 : 0;
    ++at;
  }
  t.Fail("requests differ from " + t.facts().golden + " in line " + std::to_string(line) + ": " +
         Transcript::Short(now.substr(now.rfind('\n', at == 0 ? 0 : at - 1) + 1), 300));
}

void Silent(Trial& t) {
  const long before = Printed();
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  (void)t.instance()->Check(t.host().Context());
  for (const char* name : {"upsert", "insert", "update", "delete"}) {
    if (!HasOperation(t, name)) continue;
    const auto each = PlanFor(t, name);
    if (each) (void)WriteRows(t, *each, SampleRows(t, *each, 1, 3));
  }
  std::fflush(nullptr);
  if (const long printed = Printed() - before; printed > 0) {
    t.Fail("it printed " + std::to_string(printed) + " bytes; use the host's log");
  }
}

}  // namespace

std::vector<Check> OperationChecks() {
  return {
      {"write.duplicates", 3, "a key that comes twice in a batch still gets true outcomes", kOracle,
       Duplicates},
      {"write.upsert_twice", 3, "the same upsert twice leaves what it left once", kOracle,
       UpsertTwice},
      {"write.insert_existing", 3, "an insert never touches what is there", kOracle,
       InsertExisting},
      {"write.update_missing", 3, "an update never makes a record; what is not there is MISSING",
       kOracle, UpdateMissing},
      {"write.delete_missing", 3, "a delete deletes; what is not there is MISSING or DELETED",
       kOracle, DeleteMissing},
      {"write.request_flags", 3,
       "requests name their records and limiter, no credentials, idempotent only where it is true",
       kDestination, RequestFlags},
      {"write.golden", 3, "a fixed input makes the requests that are checked in", kDestination,
       Golden},
      {"stdio.silent", 3, "prints nothing", kDestination, Silent},
  };
}

}  // namespace penstock::kit
