// live.*: a real account, on request only.
#include <chrono>
#include <thread>

#include "sdk/testing/kit/holdings.h"
#include "sdk/testing/kit/text.h"
#include "sdk/testing/kit/writes.h"

namespace penstock::kit {
namespace {

struct Seen {
  bool found = false;
  std::string id;
  std::string difference;
};

// What the account says of one key; nothing, and the check has failed, where it cannot be asked.
std::optional<Seen> LookUp(Trial& t, const WritePlan& plan, const Row& row) {
  sdk::Assignment assignment = plan.assignment;
  assignment.operation = "lookup";
  const PackedBatch keys({Row{1, {row.values[plan.key]}}}, 1);
  Seen seen;
  const sdk::Status status = t.instance()->Lookup(
      assignment, {keys.c().values, 1}, 1,
      [&](const sdk::FoundRecord& found) {
        seen.found = found.matches == sdk::Matches::kOne;
        seen.id = std::string(found.destination_id);
      },
      t.host().Context());
  if (status.ok()) return seen;
  t.Fail("lookup fails: " + status.failure().code + ": " + status.failure().message);
  return std::nullopt;
}

// The account may take a while until a read shows a write.
bool Settles(Trial& t, const WritePlan& plan, const Row& row, bool there, const char* after) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (true) {
    const auto seen = LookUp(t, plan, row);
    if (!seen) return false;
    if (seen->found == there) return true;
    if (std::chrono::steady_clock::now() > end) {
      t.Fail(std::string("after the ") + after + " the record " + row.values[plan.key].Show() +
             (there ? " is not found" : " is still found"));
      return false;
    }
    if (t.settings().live) std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
}

void RoundTrip(Trial& t) {
  if (t.instance() == nullptr) return;
  const auto report = t.instance()->Check(t.host().Context());
  if (!report.ok()) return t.Fail("check fails: " + report.failure().message);
  const std::string making = HasOperation(t, "upsert") ? "upsert" : "insert";
  const auto make = PlanFor(t, making);
  if (!make) return;
  // A key that nobody has used before; of a recording, the one of then.
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto n = t.facts().recorded != 0
                     ? t.facts().recorded
                     : static_cast<uint64_t>(
                           std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  std::vector<Row> rows = SampleRows(t, *make, n, 1);
  const bool looks_up = t.instance()->has_lookup();
  if (!ExpectSuccess(t, WriteRows(t, *make, rows), rows, making)) return;
  if (looks_up && !Settles(t, *make, rows[0], true, making.c_str())) return;
  if (const auto update = HasOperation(t, "update") ? PlanFor(t, "update") : std::nullopt) {
    std::vector<Row> changed = SampleRows(t, *update, n + 1, 1);
    changed[0].values[update->key] = rows[0].values[make->key];
    if (!ExpectSuccess(t, WriteRows(t, *update, changed), changed, "update")) return;
  }
  const auto remove = HasOperation(t, "delete") ? PlanFor(t, "delete") : std::nullopt;
  if (!remove) {
    t.Warn("the record " + rows[0].values[make->key].Show() + " stays: there is no delete");
    return;
  }
  std::vector<Row> gone = {{n + 2, {rows[0].values[make->key]}}};
  if (!ExpectSuccess(t, WriteRows(t, *remove, gone), gone, "delete")) return;
  if (looks_up) {
    (void)Settles(t, *make, rows[0], false, "delete");
  } else {
    t.Warn("without a lookup nothing was read back");
  }
}

}  // namespace

std::vector<Check> LiveChecks() {
  return {{"live.round_trip", 5, "a record is made, found, changed, deleted and gone", kDestination,
           RoundTrip}};
}

}  // namespace penstock::kit
