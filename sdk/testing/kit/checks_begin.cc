// begin.*: what an assignment must be refused for.
#include "sdk/testing/kit/text.h"
#include "sdk/testing/kit/writes.h"

namespace penstock::kit {
namespace {

bool OneOf(const sdk::Status& status, std::initializer_list<penstock_status> allowed) {
  for (const penstock_status one : allowed) {
    if (!status.ok() && status.failure().status == one) return true;
  }
  return false;
}

// No record may be a success.
void NoSuccess(Trial& t, const Written& written, const std::string& what) {
  for (const auto& [seq, kept] : written.outcomes) {
    if (kept.success())
      return t.Fail(what + ": record " + std::to_string(seq) + " is " + kept.Show());
  }
}

void UnknownObject(Trial& t, WritePlan plan) {
  plan.assignment.object = "kit_no_such_object";
  const Written written = WriteRows(t, plan, SampleRows(t, plan, 1, 2));
  NoSuccess(t, written, "an unknown object");
  if (!OneOf(written.status, {PENSTOCK_E_NOT_FOUND, PENSTOCK_E_UNSUPPORTED})) {
    t.Fail("an unknown object ends as: " + written.ShowStatus() + "; NOT_FOUND says it best");
  }
}

void UnknownField(Trial& t, const std::string& operation) {
  if (t.facts().open_fields) return;
  auto plan = PlanFor(t, operation, {"kit_no_such_field"});
  if (!plan) return;
  const std::vector<Row> rows = SampleRows(t, *plan, 1, 2);
  const Written written = WriteRows(t, *plan, rows);
  NoSuccess(t, written, "an unknown field");
  const bool refused = OneOf(written.status, {PENSTOCK_E_NOT_FOUND, PENSTOCK_E_UNSUPPORTED});
  if (refused) return;
  for (const Row& row : rows) {
    const Kept* kept = written.Of(row.seq);
    if (kept == nullptr || kept->outcome != PENSTOCK_REJECTED) {
      return t.Fail("an unknown field ends as: " + written.ShowStatus() + ", record " +
                    written.Show(row.seq) + "; NOT_FOUND, or REJECTED naming the field");
    }
  }
}

void Unknown(Trial& t) {
  const std::string operation = MainOperation(t);
  const auto plan = PlanFor(t, operation);
  if (!plan) return;
  UnknownObject(t, *plan);
  UnknownField(t, operation);
  WritePlan odd = *plan;
  odd.assignment.operation = "frobnicate";
  const Written written = WriteRows(t, odd, {});
  if (written.where != "begin" ||
      !OneOf(written.status, {PENSTOCK_E_UNSUPPORTED, PENSTOCK_E_INVALID_ARGUMENT})) {
    t.Fail("an unknown operation ends as: " + written.ShowStatus() + "; begin must refuse it");
  }
}

// Without its key, and on insert without each field that must be there.
void RequiredUnmapped(Trial& t) {
  const std::string operation = MainOperation(t);
  const auto plan = PlanFor(t, operation);
  if (!plan) return;
  const auto try_without = [&](const std::string& name) {
    WritePlan cut = *plan;
    std::erase_if(cut.assignment.fields, [&](const auto& field) {
      const sdk::Field* known = plan->object->FindField(field.name);
      return (known == nullptr ? field.name : known->target()) == name;
    });
    if (cut.assignment.fields.empty()) return;
    for (auto& field : cut.assignment.fields)
      field.key = field.name == cut.assignment.identifier[0];
    t.host().Forget();
    auto writer = t.instance()->Begin(cut.assignment, {}, t.host().WriterContext());
    if (writer.ok()) {
      t.Fail("begin takes an assignment without " + Quote(name) + ", which must be there");
    } else if (writer.failure().status != PENSTOCK_E_INVALID_ARGUMENT &&
               writer.failure().status != PENSTOCK_E_UNSUPPORTED) {
      t.Fail("an assignment without " + Quote(name) + " is refused with status " +
             std::to_string(writer.failure().status) + " instead of INVALID_ARGUMENT");
    }
    if (!t.host().writes().empty())
      t.Fail("a request went out for an assignment without " + Quote(name));
  };
  try_without(plan->assignment.identifier[0]);
  for (const sdk::Field& field : plan->object->fields) {
    if (field.required && field.name != plan->assignment.identifier[0] && operation != "update") {
      try_without(field.name);
    }
  }
}

void Offline(Trial& t) {
  for (const char* operation : {"upsert", "insert", "update", "delete"}) {
    if (!HasOperation(t, operation)) continue;
    const auto plan = PlanFor(t, operation);
    if (!plan) continue;
    t.host().Forget();
    auto writer = t.instance()->Begin(plan->assignment, {}, t.host().WriterContext());
    if (!writer.ok()) {
      t.Fail("begin of " + std::string(operation) + " fails: " + writer.failure().message);
      continue;
    }
    for (const Exchange& exchange : t.host().writes()) {
      t.Fail("begin sends " + exchange.request.method + " " + exchange.request.url);
    }
  }
}

void EmptyBatch(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  t.host().Forget();
  const Written written = WriteRows(t, *plan, {});
  if (!written.status.ok()) t.Fail("an empty batch: " + written.ShowStatus());
  if (t.host().requests() > 0) t.Fail("an empty batch makes a request");
}

}  // namespace

std::vector<Check> BeginChecks() {
  return {
      {"begin.unknown", 3, "an object, field or operation that there is none of is refused",
       kDestination, Unknown},
      {"begin.required_unmapped", 3,
       "begin refuses an assignment without its key or a required field", kDestination,
       RequiredUnmapped},
      {"begin.offline", 3, "begin sends no write", kDestination, Offline},
      {"write.empty", 3, "no records, no request", kDestination, EmptyBatch},
  };
}

}  // namespace penstock::kit
