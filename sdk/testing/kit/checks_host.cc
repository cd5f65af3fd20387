// host.*, open.*: hosts of every shape, configurations of every kind.
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "penstock/json_reader.hpp"
#include "sdk/documents/validate.h"
#include "sdk/testing/kit/library.h"
#include "sdk/testing/kit/raw_calls.h"
#include "sdk/testing/kit/raw_host.h"
#include "sdk/testing/kit/records.h"
#include "sdk/testing/kit/text.h"
#include "sdk/testing/kit/trial.h"

namespace penstock::kit {
namespace {

using sdk::JsonValue;
using sdk::Member;

// A plan from what discover wrote, where that is a catalog with something to write.
std::optional<WritePlan> PlanOf(Trial& t, const RawResult& discovered) {
  if (t.destination() == nullptr || discovered.status != PENSTOCK_OK) return std::nullopt;
  sdk::Result<sdk::Catalog> catalog = sdk::ParseCatalog(discovered.text, sdk::Unknown::kLeftOut);
  if (!catalog.ok()) return std::nullopt;  // discover.schema tells more
  t.UseCatalog(*std::move(catalog));
  for (const char* operation : {"upsert", "insert", "update"}) {
    if (HasOperation(t, operation)) return PlanFor(t, operation);
  }
  return std::nullopt;
}

// Opens and asks for everything once, against a host of that shape. The statuses, in order.
std::vector<penstock_status> Tour(Trial& t, Shape shape) {
  std::vector<penstock_status> statuses;
  const auto take = [&](const RawResult& result, const char* what) {
    Report(t, result, what);
    statuses.push_back(result.status);
  };
  const Library library(t.subject().path);
  const penstock_connector* table = TableOf(t, library);
  if (table == nullptr) return statuses;
  RawHost host(shape, &t.transcript());
  if (t.facts().recorded == 0) Connect(t, &host);  // it has answers to its own questions only
  RawDestination destination(table, shape);
  take(destination.Open(host, RawConfig(t)), "open");
  if (destination.c() == nullptr) return statuses;
  take(destination.Check(), "check");
  const RawResult catalog = destination.Discover("{}");
  take(catalog, "discover");
  const auto plan = PlanOf(t, catalog);
  RawWriter writer(table, shape);
  take(writer.Begin(destination, plan ? ToJson(plan->assignment) : AnAssignment(t)), "begin");
  if (writer.c() == nullptr) return statuses;
  if (plan) {
    take(writer.Write(PackedBatch(SampleRows(t, *plan, 1, 2), plan->n_fields()).c()),
         "write_batch");
  } else {
    take(writer.Write(2), "write_batch");
  }
  take(writer.Finish(), "finish");
  writer.End();
  ReportBlobs(t, host);
  return statuses;
}

void Bare(Trial& t) { (void)Tour(t, Shape::kBare); }
void Truncated(Trial& t) { (void)Tour(t, Shape::kTruncated); }
void Longer(Trial& t) {
  const auto longer = Tour(t, Shape::kLonger);
  if (longer != Tour(t, Shape::kFull)) {
    t.Fail("it behaves otherwise where the structs are longer than it knows");
  }
}

void Valid(Trial& t) {
  const Library library(t.subject().path);
  const penstock_connector* table = TableOf(t, library);
  if (table == nullptr) return;
  RawHost host(Shape::kFull, &t.transcript());
  RawDestination destination(table, Shape::kFull);
  const RawResult result = destination.Open(host, RawConfig(t));
  Report(t, result, "open");
  if (result.status != PENSTOCK_OK) {
    if (t.destination() == nullptr && t.facts().config_json == "{}") {
      return t.Skip("it does not take a configuration made up from its schema (" + result.message +
                    "); give a fixture with a valid one");
    }
    t.Fail("a valid configuration is refused: " + result.code + ": " + result.message);
  } else if (destination.c() == nullptr) {
    t.Fail("open returns OK and gives no destination");
  }
}

std::string Text(const JsonValue& json) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  json.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

// Variations of a valid configuration: property by property gone, of another type, empty, huge.
std::vector<std::string> Variations(const std::string& valid) {
  std::vector<std::string> all = {"",
                                  "{",
                                  "null",
                                  "[]",
                                  "\"x\"",
                                  "{}",
                                  std::string(1 << 20, '['),
                                  R"({"no_connector_has_this": 1})"};
  rapidjson::Document document;
  if (!sdk::ParseJson(valid, &document) || !document.IsObject()) return all;
  for (const auto& member : document.GetObject()) {
    rapidjson::Document changed;
    const auto with = [&](const JsonValue& value) {
      changed.CopyFrom(document, changed.GetAllocator());
      changed[member.name.GetString()].CopyFrom(value, changed.GetAllocator());
      all.push_back(Text(changed));
    };
    changed.CopyFrom(document, changed.GetAllocator());
    changed.RemoveMember(member.name.GetString());
    all.push_back(Text(changed));
    with(JsonValue());
    with(JsonValue(17));
    with(JsonValue(rapidjson::kArrayType));
    with(JsonValue(rapidjson::kObjectType));
    with(JsonValue(rapidjson::StringRef("")));
    const std::string huge(1 << 20, 'x');
    with(JsonValue(rapidjson::StringRef(huge.data(), huge.size())));
  }
  return all;
}

void InvalidMatrix(Trial& t) {
  const Library library(t.subject().path);
  const penstock_connector* table = TableOf(t, library);
  if (table == nullptr) return;
  for (const std::string& config : Variations(RawConfig(t))) {
    RawHost host(Shape::kFull);
    RawDestination destination(table, Shape::kFull);
    const RawResult result = destination.Open(host, config);
    const std::string what = "open with " + Transcript::Short(config, 80);
    Report(t, result, what);
    if (result.status != PENSTOCK_OK && result.handle_set) {
      t.Fail(what + " fails and gives a destination all the same");
      destination.Forget();
    }
    if (result.status == PENSTOCK_OK && destination.c() == nullptr) {
      t.Fail(what + " returns OK and gives no destination");
    }
  }
}

void Offline(Trial& t) {
  const Library library(t.subject().path);
  const penstock_connector* table = TableOf(t, library);
  if (table == nullptr) return;
  RawHost host(Shape::kFull, &t.transcript());
  RawDestination destination(table, Shape::kFull);
  (void)destination.Open(host, RawConfig(t));
  if (host.requests > 0) t.Fail("open sends " + std::to_string(host.requests) + " requests");
}

void Independent(Trial& t) {
  const Library library(t.subject().path);
  const penstock_connector* table = TableOf(t, library);
  if (table == nullptr) return;
  RawHost one(Shape::kFull, &t.transcript()), two(Shape::kFull, &t.transcript());
  RawDestination first(table, Shape::kFull), second(table, Shape::kFull);
  (void)first.Open(one, RawConfig(t));
  (void)second.Open(two, RawConfig(t));
  if (first.c() == nullptr || second.c() == nullptr) return t.Skip("it does not open");
  if (first.c() == second.c()) return t.Fail("two accounts share one destination");
  for (int round = 0; round < 3; ++round) {
    for (const bool is_first : {true, false}) {
      RawDestination& mine = is_first ? first : second;
      const RawHost& other = is_first ? two : one;
      const int before = other.requests;
      (void)mine.Check();
      (void)mine.Discover("{}");
      if (other.requests != before) {
        return t.Fail("a request for one account goes out through the host of the other");
      }
    }
  }
}

}  // namespace

std::vector<Check> HostChecks() {
  return {
      {"host.bare", 2, "fails cleanly, or works, where the host has no services", kIfThere, Bare},
      {"host.truncated", 2, "reads nothing behind the struct_size of an older host", kIfThere,
       Truncated},
      {"host.longer", 2, "does not mind the longer structs of a newer host", kIfThere, Longer},
      {"open.valid", 2, "opens with a valid configuration", kNothing, Valid},
      {"open.invalid_matrix", 2,
       "refuses a configuration with one error and no destination, or takes it; nothing else",
       kNothing, InvalidMatrix},
      {"open.offline", 2, "open makes no request", kNothing, Offline},
      {"open.independent", 2, "several accounts can be open at once, each on its own", kNothing,
       Independent},
  };
}

}  // namespace penstock::kit
