#include "plugins/salesforce/collections.h"

#include <algorithm>
#include <optional>

#include "plugins/salesforce/answers.h"
#include "plugins/salesforce/bodies.h"
#include "plugins/salesforce/twins.h"

namespace penstock::salesforce {

using sdk::HttpRequest;
using sdk::HttpResponse;
using sdk::JsonValue;
using sdk::Outcomes;
using sdk::RequestOutcomes;
using sdk::Status;
using sdk::TextMember;

namespace {

constexpr char kDoing[] = "writing records";

// Triggers and flows of two hundred records may take minutes.
constexpr uint32_t kTimeoutMs = 180000;

// A record that was locked as often as this is left to a later run. Salesforce itself waits ten
// seconds for a lock each time.
constexpr int kMaxContended = 4;

// Whether the two are one record's id, of 15 or 18 characters.
bool SameId(std::string_view a, std::string_view b) { return a.substr(0, 15) == b.substr(0, 15); }

}  // namespace

CollectionsWriter::CollectionsWriter(sdk::Http http, Api api, Shape shape, Options options,
                                     size_t chunk)
    : http_(http),
      api_(std::move(api)),
      shape_(std::move(shape)),
      options_(std::move(options)),
      chunk_(std::clamp<size_t>(chunk, 1, kMaxRecords)) {}

Status CollectionsWriter::Send(sdk::Call call, const sdk::Batch& batch, std::vector<Item> items,
                               Outcomes& outcomes) {
  Jobs jobs(batch);
  for (const sdk::Range& range : sdk::Chunk(items.size(), chunk_)) {
    std::vector<Item> part;
    std::vector<size_t> records;
    for (size_t i = range.begin; i < range.end; ++i) {
      records.push_back(items[i].record);
      part.push_back(std::move(items[i]));
    }
    jobs.http.Add(RequestOf(batch, part), std::move(records));
    jobs.items.push_back(std::move(part));
  }
  return jobs.http.Send(http_, call, outcomes,
                        [&](size_t index, const HttpResponse& response, RequestOutcomes& records) {
                          return Take(batch, jobs.items[index], response, records);
                        });
}

HttpRequest CollectionsWriter::RequestOf(const sdk::Batch& batch,
                                         const std::vector<Item>& items) const {
  HttpRequest request;
  if (shape_.verb == Verb::kDelete) {
    request.method = "DELETE";
    request.url = api_.Collections() + "?allOrNone=false&ids=";
    for (const Item& item : items) {
      if (&item != &items.front()) request.url += ',';
      request.url += sdk::UrlText(item.id);
    }
  } else {
    Body body(shape_);
    for (const Item& item : items) body.Add(batch, item.record, item.id);
    const bool upserts = shape_.verb == Verb::kUpsert;
    request = HttpRequest::Post(
        upserts ? api_.CollectionsBy(shape_.object->name, shape_.key_name()) : api_.Collections(),
        body.Take());
    if (shape_.verb != Verb::kInsert) request.method = "PATCH";
  }
  for (auto& header : options_.Headers()) request.headers.push_back(std::move(header));
  request.idempotent = shape_.verb != Verb::kInsert;
  request.timeout_ms = kTimeoutMs;
  const bool again = std::any_of(items.begin(), items.end(), [&](const Item& item) {
    return contended_.count(batch.seq(item.record)) > 0;
  });
  request.limiter = again ? "serial" : options_.Limiter();
  return request;
}

Status CollectionsWriter::Take(const sdk::Batch& batch, const std::vector<Item>& items,
                               const HttpResponse& response, RequestOutcomes& records) {
  if (!response.success()) return TakeFailure(response, records);
  rapidjson::Document results;
  const bool whole = sdk::ParseJson(response.body(), &results) && results.IsArray() &&
                     results.Size() == items.size();
  if (whole) return TakeResults(batch, items, results, records);
  // Results go by their order alone: one too few, and none can be believed.
  records.RestInDoubt({"ANSWER_INCOMPLETE",
                       "Salesforce answered with success, but not with a result of each record",
                       {}});
  return {};
}

Status CollectionsWriter::TakeResults(const sdk::Batch& batch, const std::vector<Item>& items,
                                      const JsonValue& results, RequestOutcomes& records) {
  const auto key_of = [&](size_t i) {
    return ValueText(batch.value(items[i].record, shape_.key_index));
  };
  std::optional<Twins> twins;  // made when one is met
  Status ending;
  std::vector<std::pair<size_t, Verdict>> contended;
  for (rapidjson::SizeType i = 0; i < results.Size(); ++i) {
    const JsonValue& result = results[i];
    if (Succeed(items[i], i, result, records)) continue;
    const JsonValue* errors = sdk::ArrayMember(result, "errors");
    const ApiError error = errors == nullptr ? ApiError() : ReadError(*errors);
    if (sdk::TrueMember(result, "success") || error.code.empty()) continue;  // in doubt
    Verdict verdict = Judge(shape_, error);
    if (verdict.twin) {
      if (!twins) {
        twins.emplace();
        for (size_t k = 0; k < items.size(); ++k) twins->Add(key_of(k));
      }
      verdict.message = TwinText(shape_.key_name(), key_of(i), twins->Of(key_of(i)));
    }
    if (IsContention(error)) {
      contended.emplace_back(i, std::move(verdict));
    } else {
      Status status = Report(verdict, i, records);
      if (ending.ok()) ending = std::move(status);
    }
  }
  for (size_t i = 0; i < items.size(); ++i) {
    if (records.settled(i)) contended_.erase(records.seq(i));
  }
  Status status = SettleContended(contended, records);
  return ending.ok() ? status : ending;
}

bool CollectionsWriter::Succeed(const Item& item, size_t place, const JsonValue& result,
                                RequestOutcomes& records) const {
  const JsonValue* errors = sdk::ArrayMember(result, "errors");
  const bool clean = errors == nullptr || errors->Empty();
  if (!sdk::TrueMember(result, "success") || !clean) return false;
  std::string_view id = TextMember(result, "id");
  if (!item.id.empty() && shape_.verb != Verb::kInsert && shape_.verb != Verb::kUpsert) {
    if (!id.empty() && !SameId(id, item.id)) return false;  // the result of another record
    if (id.empty()) id = item.id;
  }
  switch (shape_.verb) {
    case Verb::kUpsert:
      return sdk::TrueMember(result, "created") ? records.Created(place, id)
                                                : records.Updated(place, id);
    case Verb::kInsert:
      return records.Created(place, id);
    case Verb::kUpdate:
      return records.Updated(place, id);
    case Verb::kDelete:
      return records.Deleted(place, id);
  }
  return false;
}

Status CollectionsWriter::SettleContended(const std::vector<std::pair<size_t, Verdict>>& contended,
                                          RequestOutcomes& records) {
  uint32_t group = 0;
  for (const auto& [place, verdict] : contended) {
    const uint64_t seq = records.seq(place);
    if (contended.size() < 2 || contended_[seq] + 1 >= kMaxContended) {
      contended_.erase(seq);
      (void)Report(verdict, place, records);
      continue;
    }
    ++contended_[seq];
    if (group == 0) group = records.GroupOf(place);
    records.Split(place, group, {verdict.code, verdict.message, verdict.field});
  }
  return {};
}

Status CollectionsWriter::TakeFailure(const HttpResponse& response, RequestOutcomes& records) {
  const ApiError error = response.answered() ? ReadError(response) : ApiError();
  if (sdk::FateOf(response) != 0) return RunFailure(response, error, kDoing);
  const bool about_records =
      response.status() == 400 || response.status() == 413 || response.status() == 422;
  const Verdict verdict = Judge(shape_, error);
  if (!about_records || !verdict.ending.ok()) {
    records.RestUnsent({verdict.code, {}, {}});
    return RunFailure(response, error, kDoing);
  }
  // One record that cannot be read fails the whole request; which one, the halves will show.
  if (records.size() == 1) return Report(verdict, 0, records);
  records.RestRefused({verdict.code, verdict.message, {}});
  return {};
}

}  // namespace penstock::salesforce
