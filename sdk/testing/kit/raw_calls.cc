#include "sdk/testing/kit/raw_calls.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "penstock/json_reader.hpp"
#include "sdk/testing/kit/exact_json.h"
#include "sdk/testing/kit/failing_new.h"
#include "sdk/testing/kit/library.h"
#include "sdk/testing/kit/sign.h"
#include "sdk/testing/kit/trial.h"

namespace penstock::kit {
namespace {

penstock_str Str(std::string_view text) { return {text.data(), text.size()}; }

// Makes one call with its n-th allocation failing. What fails stays armed only as long as it runs.
template <typename Body>
penstock_status Starving(uint64_t n, Body&& body) {
  FailAllocation(n);
  const penstock_status status = body();
  const bool failed = AllocationFailed();
  if (!failed) FailAllocation(0);
  return status;
}

RawResult Concluded(const RawCall& call, penstock_status status) {
  RawResult result;
  result.status = status;
  result.code = call.code;
  result.message = call.message;
  result.broken = call.Verdict(status);
  return result;
}

}  // namespace

void Report(Trial& trial, const RawResult& result, const std::string& what) {
  if (!result.broken.empty()) trial.Fail(what + ": " + result.broken);
}

void ReportBlobs(Trial& trial, const RawHost& host) {
  for (const std::string& misuse : host.blobs().misuses()) trial.Fail(misuse);
}

std::string RawConfig(Trial& trial) {
  if (trial.facts().config_json != "{}") return trial.config();
  const sdk::JsonValue* schema = sdk::Member(trial.subject().json, "config_schema");
  return WithMember(schema == nullptr ? "{}" : MadeUpConfig(*schema), "$base_url",
                    "https://destination.example.com");
}

std::string AnAssignment(const Trial& trial) {
  const Facts& facts = trial.facts();
  sdk::Assignment assignment;
  assignment.object = facts.object.empty() ? "things" : facts.object;
  assignment.operation = "upsert";
  const std::string key = facts.key.empty() ? "key" : facts.key;
  assignment.identifier = {key};
  assignment.fields = {
      {key, sdk::FieldType::kString, true},
      {facts.fields.empty() ? "name" : facts.fields.front(), sdk::FieldType::kString, false}};
  assignment.options = facts.options_json;
  return ToJson(assignment);
}

void Connect(Trial& trial, RawHost* host) {
  if (trial.destination() == nullptr) return;
  host->answer = [&trial](const PeerRequest& request) {
    PeerRequest sent = request;
    Authorise(trial.subject(), trial.facts(), &sent);
    return trial.destination()->Answer(sent);
  };
}

RawResult RawDestination::Open(RawHost& host, const std::string& config) {
  const RawCall call(shape_);
  const penstock_status status = Starving(
      starve, [&] { return table_->open(host.c(), call.c(), Str(config), &destination_); });
  RawResult result = Concluded(call, status);
  result.handle_set = destination_ != nullptr;
  if (status != PENSTOCK_OK) destination_ = nullptr;
  return result;
}

RawResult RawDestination::Check() {
  const RawCall call(shape_);
  const RawSink sink(shape_);
  RawResult result = Concluded(
      call, Starving(starve, [&] { return table_->check(destination_, call.c(), sink.c()); }));
  result.text = sink.text;
  return result;
}

RawResult RawDestination::Discover(const std::string& request) {
  const RawCall call(shape_);
  const RawSink sink(shape_);
  RawResult result =
      Concluded(call, Starving(starve, [&] {
                  return table_->discover(destination_, call.c(), Str(request), sink.c());
                }));
  result.text = sink.text;
  return result;
}

void RawDestination::Close() {
  if (destination_ != nullptr) table_->close(destination_);
  destination_ = nullptr;
}

RawResult RawWriter::Begin(const RawDestination& destination, const std::string& assignment) {
  const RawCall call(shape_, true);
  const penstock_status status = table_->begin(destination.c(), call.c(), Str(assignment), nullptr,
                                               0, sizeof(penstock_open_note), &writer_);
  RawResult result = Concluded(call, status);
  result.handle_set = writer_ != nullptr;
  if (status != PENSTOCK_OK) writer_ = nullptr;
  return result;
}

penstock_status RawWriter::Take(const penstock_outcomes* self, const penstock_outcome* items,
                                size_t n, size_t stride) {
  const OwnAllocations own;
  auto* writer = static_cast<RawWriter*>(self->host_data);
  const char* bytes = reinterpret_cast<const char*>(items);
  for (size_t i = 0; i < n; ++i) {
    const auto& item = *reinterpret_cast<const penstock_outcome*>(bytes + i * stride);
    writer->outcomes.emplace_back(item.seq, item.outcome);
  }
  return PENSTOCK_OK;
}

RawResult RawWriter::Write(size_t n) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < n; ++i) texts.push_back("key-" + std::to_string(seq_ + i + 1));
  std::vector<penstock_value> values;
  std::vector<uint64_t> seqs;
  for (const std::string& text : texts) {
    for (int field = 0; field < 2; ++field) {
      penstock_value value{};
      value.type = PENSTOCK_STRING;
      value.len = static_cast<uint32_t>(text.size());
      value.v.text = text.data();
      values.push_back(value);
    }
    seqs.push_back(++seq_);
  }
  return Write({sizeof(penstock_batch), 2, n, values.data(), seqs.data(), nullptr});
}

RawResult RawWriter::Write(const penstock_batch& batch) {
  const RawCall call(shape_, true);
  return Concluded(call, Starving(starve, [&] {
                     return table_->write_batch(writer_, call.c(), &batch, &table_out_);
                   }));
}

RawResult RawWriter::Finish() {
  const RawCall call(shape_, true);
  return Concluded(call, table_->finish(writer_, call.c(), &table_out_));
}

void RawWriter::End() {
  if (writer_ != nullptr) table_->end(writer_);
  writer_ = nullptr;
}

std::string Miscounted(Trial& trial, const WritePlan& plan, const std::vector<Row>& rows,
                       const std::function<std::optional<PeerAnswer>(const PeerRequest&)>& before) {
  const Library library(trial.subject().path);
  const penstock_connector* table = library.table();
  if (table == nullptr) return {};
  RawHost host(Shape::kFull, &trial.transcript());
  Connect(trial, &host);
  const auto peer = host.answer;
  host.answer = [&](const PeerRequest& request) {
    std::optional<PeerAnswer> answer = before(request);
    return answer ? *std::move(answer) : peer(request);
  };
  RawDestination destination(table, Shape::kFull);
  (void)destination.Open(host, RawConfig(trial));
  if (destination.c() == nullptr) return {};
  RawWriter writer(table, Shape::kFull);
  (void)writer.Begin(destination, ToJson(plan.assignment));
  if (writer.c() == nullptr) return {};
  penstock_status status = PENSTOCK_OK;
  const size_t most = std::max<size_t>(plan.assignment.limits.max_batch_records, 1);
  for (size_t i = 0; i < rows.size() && status == PENSTOCK_OK; i += most) {
    const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(i);
    const size_t n = std::min(most, rows.size() - i);
    const PackedBatch batch({begin, begin + static_cast<std::ptrdiff_t>(n)}, plan.n_fields());
    status = writer.Write(batch.c()).status;
  }
  if (status == PENSTOCK_OK) (void)writer.Finish();
  std::map<uint64_t, size_t> given;
  for (const Row& row : rows) given[row.seq] = 0;
  for (const auto& [seq, outcome] : writer.outcomes) {
    const auto at = given.find(seq);
    const std::string who = "record " + std::to_string(seq);
    if (at == given.end()) return who + ", which it was not given, is reported";
    if (++at->second > 1) return who + " is reported twice";
  }
  return {};
}

}  // namespace penstock::kit
