#include "plugins/http/answer.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace penstock::http_plugin {

using sdk::Failure;
using sdk::HttpResponse;
using sdk::JsonValue;
using sdk::Outcomes;

namespace {

constexpr size_t kNone = SIZE_MAX;
constexpr size_t kMostMessage = 2000;

std::string Cut(std::string text) {
  if (text.size() <= kMostMessage) return text;
  size_t size = kMostMessage;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size) + "…";
}

// What is said of a record that was not written. Owns its text.
struct Words {
  std::string code, message, field;

  Words(const Reading& reading, const Said& said)
      : code(TextAt(reading.code, said.json)),
        message(Cut(TextAt(reading.message, said.json))),
        field(TextAt(reading.field, said.json)) {
    if (code.empty()) code = said.status == 0 ? "REFUSED" : "HTTP_" + std::to_string(said.status);
    if (message.empty() && said.status != 0) {
      message = "the destination answered " + std::to_string(said.status);
    }
  }
  sdk::Reason Reason() const { return {code, message, field}; }
};

const sdk::Reason kSilent = {
    "ANSWER_INCOMPLETE", "the answer does not say what became of this record", {}};

Failure Make(penstock_status status, const char* code, std::string message,
             int64_t retry_after_ms = 0) {
  return {status, std::string("http.") + code, std::move(message), retry_after_ms};
}

// Which element of a list belongs to which record.
class Places {
 public:
  Places(const Results& results, const Sent& sent, const sdk::Batch& batch, const Filler& filler,
         const JsonValue& list)
      : of_(sent.records.size(), nullptr) {
    std::unordered_map<std::string, size_t> by_key;
    for (size_t i = 0; i < of_.size() && results.match_at; ++i) {
      const penstock_value* value = filler.Value(results.match_field, batch, sent.records[i]);
      const auto [it, fresh] =
          by_key.emplace(value == nullptr ? std::string() : ValueText(*value), i);
      if (!fresh) it->second = kNone;  // a value that two records share names neither
    }
    for (rapidjson::SizeType i = 0; i < list.Size(); ++i) {
      size_t place = i;
      if (results.match_at) {
        const auto found = by_key.find(TextAt(results.match_at, &list[i]));
        place = found == by_key.end() ? kNone : found->second;
      } else if (results.index) {
        place = Number(TextAt(results.index, &list[i]));
      }
      Put(place, &list[i]);
    }
    if (!results.match_at && !results.index && list.Size() != of_.size()) {
      // By position, and the positions do not fit: nothing can be told.
      std::fill(of_.begin(), of_.end(), nullptr);
      stray_ = true;
    }
  }

  /// Null when no element names the record.
  const JsonValue* Of(size_t i) const { return of_[i]; }
  /// Whether an element names no record, or one that another one names too.
  bool stray() const { return stray_; }

 private:
  static size_t Number(const std::string& text) {
    size_t number = kNone;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? number : kNone;
  }
  void Put(size_t place, const JsonValue* element) {
    if (place >= of_.size()) {
      stray_ = true;
    } else if (std::find(twice_.begin(), twice_.end(), place) != twice_.end()) {
      return;
    } else if (of_[place] != nullptr) {
      of_[place] = nullptr;
      twice_.push_back(place);
      stray_ = true;
    } else {
      of_[place] = element;
    }
  }

  std::vector<const JsonValue*> of_;
  std::vector<size_t> twice_;
  bool stray_ = false;
};

sdk::ErrorClass ClassOf(const Reading& reading, const Said& said) {
  if (Holds(reading.conflict, said)) return sdk::ErrorClass::kConflict;
  if (Holds(reading.reference, said)) return sdk::ErrorClass::kReference;
  if (Holds(reading.destination, said)) return sdk::ErrorClass::kDestination;
  const bool usual_conflict = said.status == 409 && !reading.conflict;
  return usual_conflict ? sdk::ErrorClass::kConflict : sdk::ErrorClass::kData;
}

}  // namespace

Failure RunFailure(const HttpResponse& response, const std::string& doing) {
  if (!response.answered()) {
    const bool forbidden = response.transport() == PENSTOCK_TRANSPORT_FORBIDDEN;
    return Make(forbidden ? PENSTOCK_E_INVALID_CONFIG : PENSTOCK_E_UNAVAILABLE, "NO_ANSWER",
                doing + ": " + std::string(response.error()));
  }
  const std::string answers = doing + ": the answer is " + std::to_string(response.status());
  switch (response.status()) {
    case 401:
      return Make(PENSTOCK_E_UNAUTHENTICATED, "UNAUTHENTICATED",
                  answers + ", so the credential is not accepted; check \"auth\" and \"secret\"");
    case 402:
      return Make(PENSTOCK_E_QUOTA, "PAYMENT_REQUIRED",
                  answers + ", so an allowance is used up or not paid for");
    case 403:
      return Make(PENSTOCK_E_PERMISSION, "FORBIDDEN",
                  answers + ", so the credential may not do this");
    case 404:
    case 410:
      return Make(PENSTOCK_E_NOT_FOUND, "NO_SUCH_ADDRESS",
                  answers + ", so there is no such address; check \"path\" and base_url");
    case 405:
      return Make(PENSTOCK_E_INVALID_CONFIG, "METHOD_NOT_ALLOWED",
                  answers + ", so the address does not take this method; check \"method\"");
    case 406:
    case 411:
    case 415:
      return Make(PENSTOCK_E_INVALID_CONFIG, "FORMAT_NOT_ACCEPTED",
                  answers +
                      ", so the destination wants another kind of request; check "
                      "\"format\" and \"headers\"");
    case 429:
      return Make(PENSTOCK_E_RATE_LIMITED, "RATE_LIMITED",
                  answers + ", so there were too many requests", response.retry_after_ms());
    default:
      return Make(response.status() >= 400 ? PENSTOCK_E_UNAVAILABLE : PENSTOCK_E_INTERNAL,
                  "UNEXPECTED", answers, response.retry_after_ms());
  }
}

// Statuses that the configuration has an opinion of.
bool AnswerReader::IsListed(int status) const {
  const Reading& r = operation_->answer;
  for (const auto* condition : {&r.success, &r.created, &r.unchanged, &r.missing, &r.exists,
                                &r.conflict, &r.reference, &r.destination}) {
    if (*condition && (*condition)->Lists(status)) return true;
  }
  return std::find(operation_->split.begin(), operation_->split.end(), status) !=
         operation_->split.end();
}

bool AnswerReader::NeedsJson() const {
  const Reading& r = operation_->answer;
  if (operation_->results || r.id || r.code || r.message || r.field) return true;
  for (const auto* condition : {&r.success, &r.created, &r.unchanged, &r.missing, &r.exists,
                                &r.conflict, &r.reference, &r.destination}) {
    if (*condition && (*condition)->at) return true;
  }
  return false;
}

AnswerReader::Whole AnswerReader::Judge(const Said& said, const HttpResponse& response) const {
  const bool by_status =
      operation_->answer.success && !operation_->answer.success->statuses.empty();
  const bool good = by_status ? operation_->answer.success->Lists(said.status) : response.success();
  if (!good) {
    switch (said.status) {
      case 401:
      case 402:
      case 403:
      case 405:
      case 406:
      case 411:
      case 415:
        return Whole::kStop;
      case 404:
      case 410:
        return IsListed(said.status) ? Whole::kRefused : Whole::kStop;
      default:
        return said.status >= 400 ? Whole::kRefused : Whole::kUnreadable;
    }
  }
  if (!operation_->answer.success) return Whole::kWritten;
  switch (http_plugin::Judge(*operation_->answer.success, said)) {
    case Truth::kYes:
      return Whole::kWritten;
    case Truth::kNo:
      return Whole::kRefused;
    case Truth::kUnknown:
      break;
  }
  return Whole::kUnreadable;
}

sdk::Status AnswerReader::Take(const Sent& sent, const sdk::Batch& batch, const Filler& filler,
                               const HttpResponse& response, Outcomes& outcomes) {
  const std::string doing = "writing " + object_ + " (" + operation_->address + ")";
  const bool listed = response.answered() && IsListed(response.status());
  if (!listed && sdk::ReportFate(response, sent.http.seqs, outcomes)) {
    return RunFailure(response, doing);
  }
  rapidjson::Document document;
  Said said{response.status(), nullptr};
  if (NeedsJson() && sdk::ParseJsonNumbersAsText(response.body(), &document)) {
    said.json = &document;
  }
  const bool single = !operation_->results && sent.records.size() == 1;
  if (single && TakeAbsence(sent.http.seqs[0], operation_->answer, said,
                            sent.http.idempotent && response.attempts() > 1, outcomes)) {
    return {};
  }
  switch (Judge(said, response)) {
    case Whole::kWritten:
      TakeWritten(sent, batch, filler, said, outcomes);
      return {};
    case Whole::kRefused:
      TakeRefused(sent, said, response, outcomes);
      return {};
    case Whole::kUnreadable:
      for (const uint64_t seq : sent.http.seqs) outcomes.InDoubt(seq, kSilent);
      return {};
    case Whole::kStop:
      break;
  }
  const std::string code = "HTTP_" + std::to_string(said.status);
  for (const uint64_t seq : sent.http.seqs) outcomes.Unsent(seq, {code, {}, {}});
  return RunFailure(response, doing);
}

bool AnswerReader::TakeAbsence(uint64_t seq, const Reading& reading, const Said& said, bool again,
                               Outcomes& outcomes) const {
  if (Holds(reading.missing, said)) {
    outcomes.Missing(seq, Words(reading, said).Reason());
    return true;
  }
  if (!Holds(reading.exists, said)) return false;
  if (again) {  // perhaps an earlier attempt of this very request made it
    outcomes.InDoubt(seq, {"EXISTS_AFTER_RETRY",
                           "the record is there, perhaps from an earlier attempt of this request",
                           {}});
  } else {
    outcomes.Exists(seq, TextAt(reading.id, said.json), Words(reading, said).Reason());
  }
  return true;
}

void AnswerReader::Succeed(uint64_t seq, const Reading& reading, const Said& said,
                           Outcomes& outcomes) const {
  const std::string id = TextAt(reading.id, said.json);
  switch (operation_->verb) {
    case Verb::kInsert:
      return outcomes.Created(seq, id);
    case Verb::kDelete:
      return outcomes.Deleted(seq, id);
    case Verb::kUpsert:
      if (Holds(reading.created, said)) return outcomes.Created(seq, id);
      [[fallthrough]];
    case Verb::kUpdate:
      if (Holds(reading.unchanged, said)) return outcomes.Unchanged(seq, id);
      return outcomes.Updated(seq, id);
  }
}

void AnswerReader::Reject(uint64_t seq, const Reading& reading, const Said& said,
                          Outcomes& outcomes) const {
  outcomes.Rejected(seq, ClassOf(reading, said), Words(reading, said).Reason());
}

void AnswerReader::TakeWritten(const Sent& sent, const sdk::Batch& batch, const Filler& filler,
                               const Said& said, Outcomes& outcomes) const {
  if (!operation_->results) {
    const bool one = sent.records.size() == 1;
    for (const uint64_t seq : sent.http.seqs) {
      // The answer to several records names none of them.
      Succeed(seq, operation_->answer, one ? said : Said{said.status, nullptr}, outcomes);
    }
    return;
  }
  const JsonValue* list = said.json == nullptr ? nullptr : operation_->results->at.Get(*said.json);
  static const JsonValue kEmpty(rapidjson::kArrayType);
  const bool readable = said.json != nullptr && said.json->IsObject();
  const bool none = list == nullptr || list->IsNull();
  if (operation_->results->failures_only && readable && none) list = &kEmpty;
  if (list == nullptr || !list->IsArray()) {
    for (const uint64_t seq : sent.http.seqs) outcomes.InDoubt(seq, kSilent);
    return;
  }
  TakeResults(sent, batch, filler, *list, outcomes);
}

void AnswerReader::TakeResults(const Sent& sent, const sdk::Batch& batch, const Filler& filler,
                               const JsonValue& list, Outcomes& outcomes) const {
  const Results& results = *operation_->results;
  const Places places(results, sent, batch, filler, list);
  for (size_t i = 0; i < sent.http.seqs.size(); ++i) {
    const uint64_t seq = sent.http.seqs[i];
    if (const JsonValue* element = places.Of(i)) {
      TakeOne(seq, *element, outcomes);
    } else if (results.failures_only && !places.stray()) {
      Succeed(seq, results.reading, Said{}, outcomes);
    } else {
      outcomes.InDoubt(seq, kSilent);
    }
  }
}

void AnswerReader::TakeOne(uint64_t seq, const JsonValue& element, Outcomes& outcomes) const {
  const Reading& reading = operation_->results->reading;
  const Said said{0, &element};
  if (TakeAbsence(seq, reading, said, false, outcomes)) return;
  Truth good = Truth::kNo;  // a list of failures
  if (reading.success) good = http_plugin::Judge(*reading.success, said);
  if (good == Truth::kYes) {
    Succeed(seq, reading, said, outcomes);
  } else if (good == Truth::kNo) {
    Reject(seq, reading, said, outcomes);
  } else {
    outcomes.InDoubt(seq, kSilent);
  }
}

void AnswerReader::TakeRefused(const Sent& sent, const Said& said, const HttpResponse& response,
                               Outcomes& outcomes) {
  const std::vector<uint64_t>& seqs = sent.http.seqs;
  if (seqs.size() == 1) return Reject(seqs[0], operation_->answer, said, outcomes);
  const Words words(operation_->answer, said);
  ++group_;
  for (const uint64_t seq : seqs) {
    // An answer of 2xx that says no does not promise that nothing was done.
    if (response.success() && !sent.http.idempotent) {
      outcomes.InDoubt(seq, words.Reason());
    } else {
      outcomes.Split(seq, group_, words.Reason());
    }
  }
}

}  // namespace penstock::http_plugin
