// write.*: one outcome a record, on the right record, and true.
#include <algorithm>
#include <random>
#include <set>

#include "penstock/json.hpp"
#include "sdk/testing/kit/answers.h"
#include "sdk/testing/kit/exact_json.h"
#include "sdk/testing/kit/jobs.h"
#include "sdk/testing/kit/raw_calls.h"
#include "sdk/testing/kit/text.h"
#include "sdk/testing/kit/writes.h"

namespace penstock::kit {
namespace {

// Whether every row has its outcome, or the call said that it failed.
void Account(Trial& t, const Written& written, const std::vector<Row>& rows,
             const std::string& what) {
  if (!written.status.ok()) {
    if (written.status.failure().code.starts_with("PS-CONN-")) {
      t.Fail(what + ": " + written.ShowStatus());
    }
    return;
  }
  for (const Row& row : rows) {
    if (written.Of(row.seq) == nullptr) {
      return t.Fail(what + ": all is said to be well, and record " + std::to_string(row.seq) +
                    " has no outcome");
    }
  }
}

void Accounting(Trial& t) {
  struct Scenario {
    const char* what;
    std::optional<PeerAnswer> answer;
  };
  const auto answer = [](int status, std::string body, int32_t transport = PENSTOCK_TRANSPORT_OK) {
    PeerAnswer made;
    made.status = status;
    made.body = std::move(body);
    made.transport = transport;
    return made;
  };
  const std::vector<Scenario> scenarios = {
      {"good answers", std::nullopt},
      {"429", answer(429, "{}")},
      {"500", answer(500, "{}")},
      {"400", answer(400, R"({"message": "no"})")},
      {"404", answer(404, "{}")},
      {"an empty success", answer(200, "{}")},
      {"a lost answer", answer(0, "", PENSTOCK_TRANSPORT_LOST)},
      {"no connection", answer(0, "", PENSTOCK_TRANSPORT_NOT_SENT)}};
  for (const char* operation : {"upsert", "insert", "update", "delete"}) {
    if (!HasOperation(t, operation)) continue;
    const auto plan = PlanFor(t, operation);
    if (!plan) continue;
    const size_t limit = std::min<size_t>(plan->request_limit(), 100);
    uint64_t first = 1;
    for (const Scenario& scenario : scenarios) {
      t.host().before = [&](const PeerRequest& request, size_t) {
        return request.seqs.empty() ? std::nullopt : scenario.answer;
      };
      // More than one request, the last one not full.
      const std::vector<Row> rows = SampleRows(t, *plan, first, limit * 2 + 3);
      first += rows.size();
      const std::string what = std::string(operation) + " with " + scenario.what;
      Account(t, WriteRows(t, *plan, rows), rows, what);
      if (!scenario.answer) continue;  // a call that is well says itself what was wrong
      const std::string wrong = Miscounted(t, *plan, rows, [&](const PeerRequest& request) {
        return request.seqs.empty() ? std::nullopt : scenario.answer;
      });
      if (!wrong.empty()) t.Fail(what + ": " + wrong);
    }
    t.host().before = nullptr;
  }
}

void Sizes(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  const size_t limit = plan->request_limit();
  std::set<size_t> sizes = {1, limit, limit + 1, 3 * limit + 1};
  if (limit > 2) sizes.insert(limit - 1);
  uint64_t first = 1;
  size_t of_one = 0;  // requests that a job of one record takes
  for (const size_t n : sizes) {
    const std::vector<Row> rows = SampleRows(t, *plan, first, n);
    first += n;
    t.host().Forget();
    const Written written = WriteRows(t, *plan, rows);
    if (!ExpectSuccess(t, written, rows, std::to_string(n) + " records")) return;
    size_t requests = 0;
    const bool in_a_job = IsNoted(t, rows[0].seq);
    for (const Exchange& exchange : t.host().writes()) {
      ++requests;
      if (!in_a_job && exchange.request.seqs.size() > limit) {
        return t.Fail("a request has " + std::to_string(exchange.request.seqs.size()) +
                      " records, the catalog says at most " + std::to_string(limit));
      }
    }
    const size_t wanted = (n + limit - 1) / limit;
    if (in_a_job) {
      // The limit is of requests that write at once; a job has its own, and must not need more.
      if (of_one == 0) of_one = requests;
      if (requests > of_one * wanted) {
        t.Fail(std::to_string(n) + " records in jobs take " + std::to_string(requests) +
               " write requests, one takes " + std::to_string(of_one));
      }
    } else if (requests != wanted) {
      t.Fail(std::to_string(n) + " records take " + std::to_string(requests) +
             " write requests instead of " + std::to_string(wanted));
    }
  }
}

// Puts the list of results into another order, where the destination may.
void Shuffle(const std::string& pointer, std::mt19937* random, PeerAnswer* answer) {
  rapidjson::Document json;
  if (!ParseExact(answer->body, &json)) return;
  auto* list = const_cast<Json*>(At(json, pointer));
  if (list == nullptr || !list->IsArray()) return;
  for (rapidjson::SizeType i = list->Size(); i > 1; --i) {
    (*list)[i - 1].Swap((*list)[(*random)() % i]);
  }
  answer->body = ExactText(json);
}

void Mapping(Trial& t) {
  const std::string operation = MainOperation(t);
  const auto plan = PlanFor(t, operation);
  if (!plan) return;
  const size_t limit = std::min<size_t>(plan->request_limit(), 100);
  const std::vector<Row> rows = SampleRows(t, *plan, 1, 2 * limit + 5);
  std::vector<Row> known;
  for (const Row& row : rows) {
    if (row.seq % 2 == 0) known.push_back(row);
  }
  const bool mixed = operation == "upsert";
  if (mixed && !ExpectSuccess(t, WriteRows(t, *plan, known), known, "the first half")) return;
  std::mt19937 random(t.settings().seed);
  t.host().backwards = true;
  if (t.facts().results == "any_order") {
    t.host().after = [&](const PeerRequest&, size_t, PeerAnswer* answer) {
      Shuffle(t.facts().results_pointer, &random, answer);
    };
  }
  const Written written = WriteRows(t, *plan, rows);
  t.host().after = nullptr;
  if (!ExpectSuccess(t, written, rows, "all of them")) return;
  const Holdings holdings = Holdings::Of(t, *plan);
  std::set<int32_t> kinds;
  for (const auto& [seq, kept] : written.outcomes) kinds.insert(kept.outcome);
  for (const Row& row : rows) {
    const std::string who = "record " + std::to_string(row.seq);
    const StoredRecord* stored = holdings.Find(row.values[plan->key]);
    const Kept& kept = *written.Of(row.seq);
    if (stored == nullptr) return t.Fail(who + " is " + kept.Show() + " and not there");
    if (!kept.id.empty() && kept.id != stored->id) {
      return t.Fail(who + " is told the id " + kept.id + ", the destination calls it " +
                    stored->id);
    }
    const bool was_known = mixed && row.seq % 2 == 0;
    if (mixed && kinds.size() > 1 && (kept.outcome == PENSTOCK_CREATED) == was_known) {
      return t.Fail(who + (was_known ? " was there before" : " is new") + " and is told to be " +
                    kept.Show());
    }
  }
}

// A value out of JSON text, as the fixture gives it.
Value FromJson(const std::string& json) {
  rapidjson::Document document;
  if (!ParseExact(json, &document) || document.IsNull()) return Value::Null();
  if (document.IsBool()) return Value::Number(PENSTOCK_BOOL, document.IsTrue() ? 1 : 0);
  if (IsNumber(document)) return Value::Text(std::string(Plain(document)), PENSTOCK_DECIMAL);
  if (IsText(document)) return Value::Text(std::string(Plain(document)));
  return Value::Text(json, PENSTOCK_JSON);
}

sdk::FieldType TypeOf(const Value& value, sdk::FieldType otherwise) {
  switch (value.type) {
    case PENSTOCK_STRING:
      return sdk::FieldType::kString;
    case PENSTOCK_BOOL:
      return sdk::FieldType::kBoolean;
    case PENSTOCK_DECIMAL:
      return sdk::FieldType::kDecimal;
    case PENSTOCK_JSON:
      return sdk::FieldType::kJson;
    default:
      return otherwise;
  }
}

// Cases of the fixture, or what the catalog itself rules out.
std::vector<RejectCase> CasesOf(Trial& t, const sdk::Object& object, const std::string& key) {
  std::vector<RejectCase> cases = t.facts().rejects;
  if (!cases.empty()) return cases;
  for (const sdk::Field& field : object.fields) {
    if (field.name != key && field.createable && field.updateable && !field.allowed.empty() &&
        field.type == sdk::FieldType::kString) {
      return {{{{field.name, R"("kit_no_such_option")"}}, field.name}};
    }
  }
  return cases;
}

void OnePartial(Trial& t, const std::string& operation, const RejectCase& one) {
  auto plan = PlanFor(t, operation);
  if (!plan) return;
  std::string what = "records with";
  std::vector<std::pair<size_t, Value>> bad;
  std::set<size_t> retyped;
  for (const auto& [name, json] : one.fields) {
    what += " " + name + " = " + json;
    const Value value = FromJson(json);
    size_t at = 0;
    while (at < plan->n_fields() && plan->assignment.fields[at].name != name) ++at;
    if (at == plan->n_fields()) {
      plan->assignment.fields.push_back({name, TypeOf(value, sdk::FieldType::kString), false});
      retyped.insert(at);
    } else if (at != plan->key) {
      const sdk::FieldType type = TypeOf(value, plan->assignment.fields[at].type);
      if (type != plan->assignment.fields[at].type) retyped.insert(at);
      plan->assignment.fields[at].type = type;
    }
    bad.emplace_back(at, value);
  }
  std::vector<Row> rows = SampleRows(t, *plan, 1, 5), good;
  for (Row& row : rows) {
    // Good records have nothing in a field that was given another type for the bad ones.
    for (const size_t at : retyped) row.values[at] = Value::Absent();
    if (row.seq % 2 == 1) good.push_back(row);
    for (const auto& [at, value] : bad) {
      if (row.seq % 2 == 0) row.values[at] = value;
    }
  }
  const Written written = WriteRows(t, *plan, rows);
  if (!ExpectSuccess(t, written, good, "good records beside " + what)) return;
  for (const uint64_t seq : {2, 4}) {
    const Kept* kept = written.Of(seq);
    if (kept == nullptr || kept->outcome != PENSTOCK_REJECTED) {
      t.Fail(what + " must be REJECTED; record " + std::to_string(seq) + " is " +
             written.Show(seq));
    } else if (kept->code.empty() || kept->message.empty()) {
      t.Fail(what + " are REJECTED without a code or a message, such as record " +
             std::to_string(seq));
    } else if (!one.field.empty() && kept->field != one.field) {
      t.Fail(what + " are REJECTED naming the field " + Quote(kept->field) + " instead of " +
             Quote(one.field));
    }
  }
  ExpectHeld(t, *plan, good, "good records beside " + what);
}

void Partial(Trial& t) {
  const std::string operation = MainOperation(t);
  const auto plan = PlanFor(t, operation);
  if (!plan) return;
  const auto cases = CasesOf(t, *plan->object, plan->assignment.identifier[0]);
  if (cases.empty()) return t.Skip("no value is known that the destination refuses (rejects:)");
  for (const RejectCase& one : cases) {
    (void)t.destination()->Reset();
    OnePartial(t, operation, one);
  }
}

void ErrorIn200(Trial& t) {
  if (t.facts().success == "status") return t.Skip("every 2xx is success here (success: status)");
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  for (const char* body :
       {R"({"status": "error", "message": "no", "errors": [{"message": "no", "code": "X"}]})",
        R"({"errors": [{"message": "no"}], "results": []})", R"({"success": false})"}) {
    t.host().before = [&](const PeerRequest& request, size_t) -> std::optional<PeerAnswer> {
      if (request.seqs.empty()) return std::nullopt;
      return Answered(200, body);
    };
    const Written written = WriteRows(t, *plan, SampleRows(t, *plan, 1, 3));
    for (const auto& [seq, kept] : written.outcomes) {
      if (kept.success()) {
        t.Fail("after 200 with " + std::string(body) + " a record is " + kept.Show());
        break;
      }
    }
  }
}

void AllOrNothing(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  const size_t n = std::min<size_t>(std::max<size_t>(plan->request_limit(), 2), 9);
  const std::vector<Row> rows = SampleRows(t, *plan, 1, n);
  const uint64_t poisoned = n - 1;
  const std::string key = rows[poisoned - 1].values[plan->key].Show();
  t.host().before = [&](const PeerRequest& request, size_t) -> std::optional<PeerAnswer> {
    const bool there =
        std::find(request.seqs.begin(), request.seqs.end(), poisoned) != request.seqs.end();
    if (request.seqs.empty() || !there) return std::nullopt;
    return Answered(400, R"({"status": "error", "category": "VALIDATION_ERROR", "code": "bad",)"
                         R"( "message": "One of the records is not valid."})");
  };
  Witness witness(t, *plan);
  const Written written = WriteRows(t, *plan, rows);
  const Kept* kept = written.Of(poisoned);
  if (IsNoted(t, poisoned)) {
    // What is in a job cannot be split: it is the job that is refused, and nobody in it rejected.
    for (const Row& row : rows) {
      const bool found =
          row.seq == poisoned && kept != nullptr && kept->outcome == PENSTOCK_REJECTED;
      const std::string doubt = found ? "" : witness.Doubt(row, written);
      if (!doubt.empty()) return t.Fail("after a refused request " + doubt);
    }
    return;
  }
  if (!written.status.ok()) return t.Fail("a refused request: " + written.ShowStatus());
  if (kept == nullptr || kept->outcome != PENSTOCK_REJECTED) {
    t.Fail("the record that spoils its request must end REJECTED, it is " + written.Show(poisoned));
  }
  for (const Row& row : rows) {
    const Kept* other = written.Of(row.seq);
    if (row.seq != poisoned && (other == nullptr || !other->success())) {
      return t.Fail("a record beside the bad one is " + written.Show(row.seq) +
                    "; report SPLIT, and the host hands the halves back");
    }
  }
}

}  // namespace

std::vector<Check> OutcomeChecks() {
  return {
      {"write.accounting", 3, "every record has exactly one outcome, none is invented",
       kDestination, Accounting},
      {"write.sizes", 3, "as many requests as the limit asks for, none over it", kDestination,
       Sizes},
      {"write.mapping", 3, "outcomes are those of the right records, in whatever order they come",
       kOracle, Mapping},
      {"write.partial", 3, "exactly the bad records of a batch are REJECTED, with code and message",
       kOracle, Partial},
      {"write.error_in_200", 3, "an error list in a 200 is no success", kDestination, ErrorIn200},
      {"write.all_or_nothing", 3,
       "a request that is refused as a whole is SPLIT until the bad record stands alone",
       kDestination, AllOrNothing},
  };
}

}  // namespace penstock::kit
