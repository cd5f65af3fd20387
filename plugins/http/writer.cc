#include "plugins/http/writer.h"

#include <algorithm>

namespace penstock::http_plugin {

using sdk::Failure;

sdk::Result<std::unique_ptr<RecordWriter>> RecordWriter::Begin(sdk::Http http, const Config& config,
                                                               const sdk::Assignment& assignment) {
  const auto failed = [](penstock_status status, const char* code, const std::string& sentence) {
    return Failure{status, std::string("http.") + code, sentence, 0};
  };
  const ObjectConfig* object = config.Find(assignment.object);
  if (object == nullptr) {
    return failed(PENSTOCK_E_NOT_FOUND, "NO_SUCH_OBJECT",
                  "the configuration has no object " + assignment.object);
  }
  const auto operation = object->operations.find(assignment.operation);
  if (operation == object->operations.end()) {
    return failed(
        PENSTOCK_E_UNSUPPORTED, "UNSUPPORTED",
        "the configuration has no operation " + assignment.operation + " of " + assignment.object);
  }
  const auto is_mapped = [&](const std::string& name) {
    return std::any_of(assignment.fields.begin(), assignment.fields.end(),
                       [&](const auto& field) { return field.name == name; });
  };
  if (!is_mapped(object->key) || assignment.identifier != std::vector<std::string>{object->key}) {
    return failed(PENSTOCK_E_UNSUPPORTED, "UNSUPPORTED",
                  "records of " + object->name + " are identified by " + object->key);
  }
  for (const auto& field : assignment.fields) {
    if (object->Has(field.name)) continue;
    return failed(PENSTOCK_E_NOT_FOUND, "NO_SUCH_FIELD",
                  object->name + " has no field " + field.name + " in the configuration");
  }
  for (const sdk::Field& field : object->fields) {
    if (operation->second.verb != Verb::kInsert || !field.required || is_mapped(field.name)) {
      continue;
    }
    return failed(PENSTOCK_E_INVALID_ARGUMENT, "REQUIRED",
                  object->name + " cannot be created without " + field.name);
  }
  const auto not_mapped = [&](const char* setting, const std::string& field) {
    return failed(PENSTOCK_E_INVALID_CONFIG, "NOT_MAPPED",
                  std::string(setting) + " of " + assignment.operation + " needs the field " +
                      field + ", which the integration does not map");
  };
  for (const Piece& hole : HolesOf(operation->second.path)) {
    if (hole.hole == Hole::kField && !is_mapped(hole.text))
      return not_mapped("\"path\"", hole.text);
  }
  const auto& results = operation->second.results;
  if (results && !results->match_field.empty() && !is_mapped(results->match_field)) {
    return not_mapped("\"match\"", results->match_field);
  }
  return std::unique_ptr<RecordWriter>(new RecordWriter(http, &operation->second, assignment));
}

RecordWriter::RecordWriter(sdk::Http http, const OperationConfig* operation,
                           const sdk::Assignment& assignment)
    : http_(http),
      operation_(operation),
      maker_(operation, assignment),
      reader_(operation, assignment.object),
      chunk_(std::min<size_t>(operation->max_records,
                              std::max<uint32_t>(1, assignment.limits.max_request_records))) {}

std::vector<size_t> RecordWriter::Addressed(const sdk::Batch& batch,
                                            sdk::Outcomes& outcomes) const {
  const bool by_id = operation_->uses_id &&
                     (operation_->verb == Verb::kUpdate || operation_->verb == Verb::kDelete);
  std::vector<size_t> records;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (!by_id || !batch.id(i).empty()) {
      records.push_back(i);
    } else {
      outcomes.Rejected(
          batch.seq(i), sdk::ErrorClass::kReference,
          {"ID_UNKNOWN",
           "the request needs the destination's id of this record, which is not known",
           {}});
    }
  }
  return records;
}

sdk::Status RecordWriter::Write(sdk::Call call, const sdk::Batch& batch, sdk::Outcomes& outcomes) {
  std::vector<Sent> sent;
  std::vector<sdk::HttpRequest> requests;
  const std::vector<size_t> all = Addressed(batch, outcomes);
  for (const sdk::Range& range : sdk::Chunk(all.size(), chunk_)) {
    CannotSend why;
    std::optional<Sent> one =
        maker_.Make(batch, Records(all).subspan(range.begin, range.size()), &why);
    if (one) {
      requests.push_back(one->http);
      one->http.body.clear();  // once is enough
      sent.push_back(*std::move(one));
    } else {
      outcomes.Rejected(batch.seq(all[range.begin]), sdk::ErrorClass::kData,
                        {why.code, why.message, why.field});
    }
  }
  if (requests.empty()) return {};
  sdk::CallResult result;
  sdk::Status performed =
      http_.PerformAll(call, requests, [&](size_t index, const sdk::HttpResponse& response) {
        result.Add(reader_.Take(sent[index], batch, maker_.filler(), response, outcomes));
      });
  return performed.ok() ? result.Conclude() : performed;
}

sdk::Status RecordWriter::Finish(sdk::Call, sdk::Outcomes&) { return {}; }

}  // namespace penstock::http_plugin
