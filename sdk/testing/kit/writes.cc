#include "sdk/testing/kit/writes.h"

#include <algorithm>

namespace penstock::kit {
namespace {

std::string Text(penstock_str text) {
  return text.ptr == nullptr ? std::string() : std::string(text.ptr, text.len);
}

Kept Keep(const penstock_outcome& from) {
  return {from.outcome,    from.error_class,   from.group,       Text(from.destination_id),
          Text(from.code), Text(from.message), Text(from.field), Text(from.warning)};
}

// The halves of every group of SPLIT records, as batches of their own.
std::vector<std::vector<Row>> Halves(const std::vector<Row>& rows, Written* written) {
  std::map<uint32_t, std::vector<Row>> groups;
  for (const Row& row : rows) {
    const auto it = written->outcomes.find(row.seq);
    if (it == written->outcomes.end() || it->second.outcome != PENSTOCK_SPLIT) continue;
    groups[it->second.group].push_back(row);
    written->outcomes.erase(it);
  }
  std::vector<std::vector<Row>> halves;
  for (const auto& [group, members] : groups) {
    const auto middle = members.begin() + static_cast<std::ptrdiff_t>(members.size() / 2);
    if (middle != members.begin()) halves.emplace_back(members.begin(), middle);
    halves.emplace_back(middle, members.end());
  }
  return halves;
}

struct Run {
  const WritePlan& plan;
  const WriteOptions& options;
  sdk::ConnectorWriter* writer;
  Written* written;

  // What is said after the process has died nobody hears.
  void Take(const penstock_outcome& outcome) const {
    if (options.host != nullptr && options.host->dead()) return;
    written->outcomes[outcome.seq] = Keep(outcome);
  }
  bool Write(const std::vector<Row>& rows) {
    const PackedBatch batch(rows, plan.n_fields());
    written->status =
        writer->Write(batch.c(), [this](const penstock_outcome& outcome) { Take(outcome); });
    written->where = "write_batch";
    if (!written->status.ok()) return false;
    if (!options.split) return true;
    for (const std::vector<Row>& half : Halves(rows, written)) {
      if (!Write(half)) return false;
    }
    return true;
  }
};

}  // namespace

std::string OutcomeName(int32_t outcome) {
  static constexpr const char* kNames[] = {"no outcome", "CREATED",  "UPDATED", "DELETED",
                                           "UNCHANGED",  "MISSING",  "EXISTS",  "REJECTED",
                                           "UNSENT",     "IN_DOUBT", "SPLIT"};
  return outcome >= 0 && outcome <= PENSTOCK_SPLIT ? kNames[outcome] : std::to_string(outcome);
}

std::string Kept::Show() const {
  std::string text = OutcomeName(outcome);
  if (!code.empty() || !message.empty()) text += " (" + code + ": " + message + ")";
  return text;
}

const Kept* Written::Of(uint64_t seq) const {
  const auto it = outcomes.find(seq);
  return it == outcomes.end() ? nullptr : &it->second;
}

std::string Written::Show(uint64_t seq) const {
  const Kept* kept = Of(seq);
  return kept == nullptr ? "no outcome" : kept->Show();
}

std::string Written::ShowStatus() const {
  if (status.ok()) return "ok";
  return where + " fails with status " + std::to_string(status.failure().status) + ", " +
         status.failure().code + ": " + status.failure().message;
}

void WriteThrough(const WritePlan& plan, const std::vector<Row>& rows, sdk::ConnectorWriter& writer,
                  Written* written, const WriteOptions& options) {
  Run run{plan, options, &writer, written};
  const size_t batch = std::max<size_t>(plan.assignment.limits.max_batch_records, 1);
  bool going = true;
  for (size_t i = 0; going && i < rows.size(); i += batch) {
    const size_t end = std::min(rows.size(), i + batch);
    going = run.Write({rows.begin() + static_cast<std::ptrdiff_t>(i),
                       rows.begin() + static_cast<std::ptrdiff_t>(end)});
  }
  if (rows.empty() && options.batches) going = run.Write({});
  if (going && options.finish) {
    written->status = writer.Finish([&run](const penstock_outcome& outcome) { run.Take(outcome); });
    written->where = "finish";
  }
  written->outstanding = writer.Outstanding();
}

Written WriteRows(Trial& trial, const WritePlan& plan, const std::vector<Row>& rows,
                  const WriteOptions& options) {
  Written written;
  for (const Row& row : rows) trial.Know(row.seq, row.values[plan.key].Show());
  FakeHost& host = options.host == nullptr ? trial.host() : *options.host;
  sdk::ConnectorInstance* instance =
      options.instance == nullptr ? trial.instance() : options.instance;
  written.where = "open";
  if (instance == nullptr) {
    written.status = sdk::Failure{PENSTOCK_E_INTERNAL, "KIT-OPEN", "it does not open", 0};
    return written;
  }
  auto writer = instance->Begin(plan.assignment, {}, host.WriterContext(options.timeout_ms));
  written.where = "begin";
  if (!writer.ok()) {
    written.status = writer.failure();
    return written;
  }
  WriteOptions heard = options;
  heard.host = &host;
  WriteThrough(plan, rows, **writer, &written, heard);
  return written;
}

bool ExpectSuccess(Trial& trial, const Written& written, const std::vector<Row>& rows,
                   const std::string& what) {
  if (!written.status.ok()) {
    trial.Fail(what + ": " + written.ShowStatus());
    return false;
  }
  for (const Row& row : rows) {
    const Kept* kept = written.Of(row.seq);
    if (kept == nullptr || !kept->success()) {
      trial.Fail(what + ": record " + std::to_string(row.seq) + " is " + written.Show(row.seq));
      return false;
    }
  }
  return true;
}

}  // namespace penstock::kit
