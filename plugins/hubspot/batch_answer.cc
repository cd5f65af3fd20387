#include "plugins/hubspot/batch_answer.h"

#include <algorithm>
#include <unordered_map>

#include "plugins/hubspot/bodies.h"

namespace penstock::hubspot {

using sdk::JsonValue;
using sdk::TextMember;

namespace {

constexpr size_t kNone = SIZE_MAX;

// The inputs by one of their names, which is borrowed. A name that two inputs share names neither.
class Names {
 public:
  explicit Names(size_t inputs) { by_name_.reserve(inputs); }
  void Add(std::string_view name, size_t input) {
    if (name.empty()) return;
    const auto [it, fresh] = by_name_.emplace(name, input);
    if (!fresh) it->second = kNone;
  }
  size_t Find(std::string_view name) const {
    const auto it = by_name_.find(name);
    return it == by_name_.end() ? kNone : it->second;
  }

 private:
  std::unordered_map<std::string_view, size_t> by_name_;
};

class Matcher {
 public:
  Matcher(const Request& request, sdk::RequestOutcomes& records)
      : request_(request),
        records_(records),
        traces_(request.inputs.size()),
        sent_ids_(request.inputs.size()),
        keys_(request.inputs.size()),
        record_ids_(request.inputs.size()) {
    for (size_t i = 0; i < request.inputs.size(); ++i) {
      const Input& input = request.inputs[i];
      traces_.Add(input.trace, i);
      sent_ids_.Add(input.sent_id, i);
      keys_.Add(input.key, i);
      record_ids_.Add(input.record_id, i);
    }
  }

  void TakeErrors(const JsonValue* errors) {
    if (errors == nullptr) return;
    for (const JsonValue& json : errors->GetArray()) {
      const ApiError error = ReadError(json);
      size_t named = 0;
      for (const std::string& trace : error.trace_ids) named += Fail(traces_.Find(trace), error);
      if (error.trace_ids.empty()) {
        for (const std::string& id : error.ids) named += Fail(InputOfId(id), error);
      }
      if (named == 0) unnamed_errors_.push_back(error);
    }
  }

  void TakeResults(const JsonValue* results) {
    if (results == nullptr) return;
    for (const JsonValue& result : results->GetArray()) {
      // What has no id is no record, and counts for none.
      if (TextMember(result, "id").empty()) continue;
      const size_t input = InputOfResult(result);
      if (records_.settled(input)) {
        unnamed_results_.push_back(&result);
      } else {
        Succeed(input, TextMember(result, "id"), sdk::TrueMember(result, "new"));
      }
    }
  }

  void Conclude() {
    std::vector<size_t> left;
    for (size_t i = 0; i < records_.size(); ++i) {
      if (!records_.settled(i)) left.push_back(i);
    }
    if (left.empty()) return;
    if (unnamed_errors_.empty() && unnamed_results_.size() == left.size()) {
      SucceedUnnamed(left);
    } else if (unnamed_results_.empty() && unnamed_errors_.size() == left.size()) {
      FailUnnamed(left);
    } else {
      records_.RestInDoubt({"ANSWER_INCOMPLETE",
                            "HubSpot answered with success, but says nothing about this record",
                            {}});
    }
  }

  /// Not ok: what ends the run.
  const sdk::Status& status() const { return status_; }

 private:
  size_t InputOfId(const std::string& id) const {
    size_t input = sent_ids_.Find(id);
    if (input == kNone) input = keys_.Find(NormalKey(request_.key_property, id));
    return input == kNone ? record_ids_.Find(id) : input;
  }

  size_t InputOfResult(const JsonValue& result) const {
    const size_t by_trace = traces_.Find(TextMember(result, "objectWriteTraceId"));
    if (by_trace != kNone) return by_trace;
    const size_t by_id = record_ids_.Find(TextMember(result, "id"));
    if (request_.key_property.empty()) return by_id;
    if (request_.verb == Verb::kUpdate && by_id != kNone) return by_id;
    const JsonValue* properties = sdk::Member(result, "properties");
    if (properties == nullptr) return by_id;
    const size_t by_key = keys_.Find(
        NormalKey(request_.key_property, TextMember(*properties, request_.key_property.c_str())));
    return by_key != kNone ? by_key : by_id;
  }

  size_t Fail(size_t input, const ApiError& error) {
    if (records_.settled(input)) return input == kNone ? 0 : 1;
    sdk::Status status = ReportError(request_.verb, request_.key_property, input, error, records_);
    if (status_.ok()) status_ = std::move(status);
    return 1;
  }

  void Succeed(size_t input, std::string_view id, bool is_new) {
    if (request_.verb == Verb::kCreate || (request_.verb == Verb::kUpsert && is_new)) {
      records_.Created(input, id);
    } else {
      records_.Updated(input, id);
    }
  }

  // As many results as inputs are left: all were written, only which is which is open. "New" is
  // claimed where it is true of each, an id only where there is but one.
  void SucceedUnnamed(const std::vector<size_t>& left) {
    const bool all_new =
        std::all_of(unnamed_results_.begin(), unnamed_results_.end(),
                    [](const JsonValue* result) { return sdk::TrueMember(*result, "new"); });
    for (const size_t i : left) {
      Succeed(i, left.size() == 1 ? TextMember(*unnamed_results_[0], "id") : std::string_view(),
              all_new);
    }
  }

  // As many errors as inputs are left: all were refused, only why is open if there are several.
  void FailUnnamed(const std::vector<size_t>& left) {
    for (size_t n = 0; n < left.size(); ++n) {
      if (left.size() == 1) {
        Fail(left[n], unnamed_errors_[0]);
        continue;
      }
      records_.Rejected(left[n], sdk::ErrorClass::kData,
                        {"UNNAMED_ERROR",
                         "HubSpot refused this record without saying which error is its own; "
                         "one of them: " +
                             unnamed_errors_[n].message,
                         {}});
    }
  }

  const Request& request_;
  sdk::RequestOutcomes& records_;
  Names traces_, sent_ids_, keys_, record_ids_;
  std::vector<ApiError> unnamed_errors_;
  std::vector<const JsonValue*> unnamed_results_;
  sdk::Status status_;
};

}  // namespace

sdk::Status ReportBatch(const Request& request, const sdk::HttpResponse& response,
                        sdk::RequestOutcomes& records) {
  rapidjson::Document body;
  if (!sdk::ParseJson(response.body(), &body)) body.SetObject();
  Matcher matcher(request, records);
  matcher.TakeErrors(sdk::ArrayMember(body, "errors"));
  matcher.TakeResults(sdk::ArrayMember(body, "results"));
  matcher.Conclude();
  return matcher.status();
}

}  // namespace penstock::hubspot
