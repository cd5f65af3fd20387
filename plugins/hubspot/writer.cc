#include "plugins/hubspot/writer.h"

#include <algorithm>

#include "plugins/hubspot/answers.h"
#include "plugins/hubspot/api.h"
#include "plugins/hubspot/lookup.h"

namespace penstock::hubspot {

using sdk::Failure;
using sdk::HttpResponse;
using sdk::Outcomes;
using sdk::Reason;
using sdk::RequestOutcomes;
using sdk::Status;

namespace {

const char* PathVerb(Verb verb) {
  switch (verb) {
    case Verb::kUpsert:
      return "upsert";
    case Verb::kCreate:
      return "create";
    case Verb::kUpdate:
      return "update";
    case Verb::kArchive:
      return "archive";
  }
  return "";
}

bool ParseVerb(const std::string& operation, Verb* verb) {
  if (operation == "upsert")
    *verb = Verb::kUpsert;
  else if (operation == "insert")
    *verb = Verb::kCreate;
  else if (operation == "update")
    *verb = Verb::kUpdate;
  else if (operation == "delete")
    *verb = Verb::kArchive;
  else
    return false;
  return true;
}

Failure Unsupported(const std::string& sentence) {
  return {PENSTOCK_E_UNSUPPORTED, "hubspot.UNSUPPORTED", sentence, 0};
}

}  // namespace

sdk::Result<std::unique_ptr<ContactWriter>> ContactWriter::Begin(
    sdk::Http http, const sdk::Assignment& assignment) {
  Verb verb = Verb::kUpsert;
  if (!ParseVerb(assignment.operation, &verb)) {
    return Unsupported("this connector has no operation " + assignment.operation);
  }
  if (assignment.object != "contacts") {
    return Unsupported("this connector writes contacts, not " + assignment.object);
  }
  if (assignment.identifier.size() != 1) {
    return Unsupported("HubSpot identifies a contact by one property");
  }
  Shape shape;
  shape.object = assignment.object;
  const std::string& identifier = assignment.identifier.front();
  if (identifier != "id") shape.key_property = identifier;
  bool has_key = false;
  for (size_t i = 0; i < assignment.fields.size(); ++i) {
    shape.fields.push_back(assignment.fields[i].name);
    if (assignment.fields[i].name != identifier) continue;
    shape.key_field = i;
    has_key = true;
  }
  const bool needs_property = verb == Verb::kUpsert || verb == Verb::kCreate;
  if (!has_key || (needs_property && shape.key_property.empty())) {
    return Unsupported("the key " + identifier + " does not suit operation " +
                       assignment.operation);
  }
  const size_t chunk = std::clamp<size_t>(assignment.limits.max_request_records, 1, kMaxInputs);
  return std::unique_ptr<ContactWriter>(new ContactWriter(http, std::move(shape), verb, chunk));
}

ContactWriter::ContactWriter(sdk::Http http, Shape shape, Verb verb, size_t chunk)
    : http_(http), shape_(std::move(shape)), verb_(verb), chunk_(chunk) {}

Status ContactWriter::Finish(sdk::Call, Outcomes&) { return {}; }

Input ContactWriter::InputOf(const sdk::Batch& batch, size_t record) const {
  Input input;
  input.trace = std::to_string(batch.seq(record));
  input.record_id = batch.id(record);
  const std::string key = ValueText(batch.value(record, shape_.key_field));
  if (shape_.key_property.empty()) {
    if (input.record_id.empty()) input.record_id = key;
  } else {
    input.key = NormalKey(shape_.key_property, key);
  }
  return input;
}

void ContactWriter::AddJob(const sdk::Batch& batch, std::vector<Input> inputs,
                           std::vector<size_t> records, bool by_id, Jobs* jobs) const {
  sdk::JsonWriter json;
  json.BeginObject().Key("inputs").BeginArray();
  for (size_t i = 0; i < inputs.size(); ++i) {
    Input& input = inputs[i];
    if (verb_ != Verb::kCreate) input.sent_id = by_id ? input.record_id : input.key;
    json.BeginObject();
    if (verb_ == Verb::kCreate) {
      json.Key("associations").BeginArray().EndArray();
    } else {
      json.Key("id").String(input.sent_id);
      if (!by_id) json.Key("idProperty").String(shape_.key_property);
    }
    if (verb_ != Verb::kArchive) {
      json.Key("objectWriteTraceId").String(input.trace);
      json.Key("properties");
      AppendProperties(shape_, batch, records[i], &json);
    }
    json.EndObject();
  }
  json.EndArray().EndObject();
  auto request = sdk::HttpRequest::Post(BatchPath(shape_.object, PathVerb(verb_)), json.Take());
  request.idempotent = verb_ != Verb::kCreate;
  jobs->http.Add(std::move(request), std::move(records));
  jobs->requests.push_back({verb_, shape_.key_property, std::move(inputs)});
}

void ContactWriter::AddJobs(const sdk::Batch& batch, const std::vector<size_t>& records, bool by_id,
                            Jobs* jobs) const {
  for (const sdk::Range& range : sdk::Chunk(records.size(), chunk_)) {
    std::vector<size_t> part(records.begin() + static_cast<std::ptrdiff_t>(range.begin),
                             records.begin() + static_cast<std::ptrdiff_t>(range.end));
    std::vector<Input> inputs;
    for (const size_t record : part) inputs.push_back(InputOf(batch, record));
    AddJob(batch, std::move(inputs), std::move(part), by_id, jobs);
  }
}

Status ContactWriter::Write(sdk::Call call, const sdk::Batch& batch, Outcomes& outcomes) {
  if (verb_ == Verb::kArchive) return Archive(call, batch, outcomes);
  // A request is by record id or by key, not both.
  std::vector<size_t> by_id, by_key;
  for (size_t i = 0; i < batch.size(); ++i) {
    const bool id = verb_ == Verb::kUpdate && (shape_.key_property.empty() || !batch.id(i).empty());
    (id ? by_id : by_key).push_back(i);
  }
  Jobs jobs(batch);
  AddJobs(batch, by_id, true, &jobs);
  AddJobs(batch, by_key, false, &jobs);
  return Send(call, jobs, outcomes);
}

// HubSpot archives by record id only: where the host knows none, the key is looked up first.
Status ContactWriter::Archive(sdk::Call call, const sdk::Batch& batch, Outcomes& outcomes) {
  std::vector<Input> inputs;
  std::vector<std::string> unknown;
  for (size_t i = 0; i < batch.size(); ++i) {
    inputs.push_back(InputOf(batch, i));
    if (inputs.back().record_id.empty()) unknown.push_back(inputs.back().key);
  }
  if (!unknown.empty()) {
    const std::vector<std::string> own_key = {shape_.key_property};
    auto found = FindByKey(http_, call, shape_.object, shape_.key_property, unknown, own_key);
    if (!found.ok()) {
      for (size_t i = 0; i < batch.size(); ++i) outcomes.Unsent(batch.seq(i), {"NOT_SENT", {}, {}});
      return found.failure();
    }
    size_t next = 0;
    for (Input& input : inputs) {
      if (!input.record_id.empty()) continue;
      const auto& contact = (*found)[next++];
      // A contact that has the key as another address only is somebody else's to delete.
      const bool own = contact.has_value() && contact->values[0].has_value() &&
                       NormalKey(shape_.key_property, *contact->values[0]) == input.key;
      if (own) input.record_id = contact->id;
    }
  }
  std::vector<size_t> present;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].record_id.empty()) {
      present.push_back(i);
    } else {
      outcomes.Missing(batch.seq(i),
                       {"OBJECT_NOT_FOUND", "there is no contact with this key as its own", {}});
    }
  }
  Jobs jobs(batch);
  for (const sdk::Range& range : sdk::Chunk(present.size(), chunk_)) {
    std::vector<size_t> records;
    std::vector<Input> part;
    for (size_t i = range.begin; i < range.end; ++i) {
      records.push_back(present[i]);
      part.push_back(std::move(inputs[present[i]]));
    }
    AddJob(batch, std::move(part), std::move(records), true, &jobs);
  }
  return Send(call, jobs, outcomes);
}

Status ContactWriter::Send(sdk::Call call, const Jobs& jobs, Outcomes& outcomes) {
  return jobs.http.Send(http_, call, outcomes,
                        [&](size_t index, const HttpResponse& response, RequestOutcomes& records) {
                          return Take(jobs.requests[index], response, records);
                        });
}

Status ContactWriter::Take(const Request& request, const HttpResponse& response,
                           RequestOutcomes& records) const {
  if (!response.success()) return TakeFailure(request, response, records);
  if (verb_ != Verb::kArchive) return ReportBatch(request, response, records);
  // 204 without a body: archived, also what was archived before. Another success is not the
  // vendor's.
  if (response.status() != 204) {
    records.RestInDoubt({"UNREADABLE_ANSWER",
                         "HubSpot answered an archive with " + std::to_string(response.status()) +
                             " instead of 204",
                         {}});
    return {};
  }
  for (size_t i = 0; i < records.size(); ++i) records.Deleted(i, request.inputs[i].record_id);
  return {};
}

Status ContactWriter::TakeFailure(const Request& request, const HttpResponse& response,
                                  RequestOutcomes& records) const {
  const ApiError error = response.answered() ? ReadError(response) : ApiError();
  if (sdk::FateOf(response) != 0) return RunFailure(response, error, "writing contacts");
  if (IsBadKey(error)) {
    records.RestUnsent({"NON_UNIQUE_PROPERTY", error.message, shape_.key_property});
    return Failure{PENSTOCK_E_INVALID_CONFIG, "hubspot.NON_UNIQUE_PROPERTY",
                   "HubSpot cannot identify contacts by " + shape_.key_property +
                       ", whose values are not unique; use email or a property with unique values",
                   0};
  }
  if (IsAboutSchema(error)) {
    records.RestUnsent({error.code, error.field_message, error.field});
    return SchemaFailure(error);
  }
  if (IsAboutRecords(response.status(), error)) {
    Refuse(request, error, records);
    return {};
  }
  records.RestUnsent({error.category.empty() ? "REFUSED" : error.category, {}, {}});
  return RunFailure(response, error, "writing contacts");
}

void ContactWriter::Refuse(const Request& request, const ApiError& error,
                           RequestOutcomes& records) const {
  if (request.inputs.size() == 1) {
    (void)ReportError(verb_, shape_.key_property, 0, error, records);
    return;
  }
  // "Duplicate IDs": the named ones apart from the others, so that those go through at once.
  std::vector<bool> named;
  size_t n_named = 0;
  for (const Input& input : request.inputs) {
    const bool is_named =
        std::any_of(error.ids.begin(), error.ids.end(), [&](const std::string& id) {
          return !id.empty() && (id == input.sent_id || id == input.record_id ||
                                 NormalKey(shape_.key_property, id) == input.key);
        });
    named.push_back(is_named);
    n_named += is_named ? 1 : 0;
  }
  const Reason reason{error.code.empty() ? error.category : error.code, error.message, {}};
  // A group of one cannot be split off: then the halves must do.
  if (n_named >= 2 && request.inputs.size() - n_named >= 2) {
    const size_t first =
        static_cast<size_t>(std::find(named.begin(), named.end(), true) - named.begin());
    for (size_t i = first; i < named.size(); ++i) {
      if (named[i]) records.Split(i, records.GroupOf(first), reason);
    }
  }
  records.RestRefused(reason);
}

}  // namespace penstock::hubspot
