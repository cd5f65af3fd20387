#include "plugins/salesforce/job.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "plugins/salesforce/answers.h"
#include "plugins/salesforce/job_results.h"

namespace penstock::salesforce {

using sdk::HttpRequest;
using sdk::HttpResponse;
using sdk::Reason;
using sdk::Status;

namespace {

// A hundred megabytes on a slow line.
constexpr uint32_t kTransferMs = 1800000;

constexpr int64_t kFirstWaitMs = 500;
constexpr int64_t kLongestWaitMs = 30000;
// Answers in a row that a poll may lack.
constexpr int kMaxSilence = 5;
// Times that a job that stays open is aborted.
constexpr int kMaxAborts = 5;

bool IsPassing(const sdk::Failure& failure) {
  return failure.status == PENSTOCK_E_UNAVAILABLE || failure.status == PENSTOCK_E_RATE_LIMITED;
}

const char* OperationOf(Verb verb) {
  switch (verb) {
    case Verb::kUpsert:
      return "upsert";
    case Verb::kInsert:
      return "insert";
    case Verb::kUpdate:
      return "update";
    case Verb::kDelete:
      return "delete";
  }
  return "";
}

std::optional<uint64_t> CountOf(std::string_view text) {
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return count;
}

// Only Salesforce itself can say that a job is gone: a gateway on the way answers 404, too.
bool IsGone(const HttpResponse& response) {
  return response.status() == 404 && ReadError(response).code == "NOT_FOUND";
}

sdk::Failure JobFailure(const HttpResponse& response, const std::string& doing) {
  const ApiError error = ReadError(response);
  if (response.status() == 404 && !IsGone(response)) {
    return BadAnswer(doing, "the answer is 404, but not Salesforce's for a job that is gone" +
                                (error.code.empty() ? "" : ": " + error.code));
  }
  return RunFailure(response, error, doing);
}

}  // namespace

bool JobRecords::Add(uint64_t seq, std::string key) {
  const auto place = static_cast<uint32_t>(seqs_.size());
  if (!places_.emplace(std::move(key), place).second) return false;
  seqs_.push_back(seq);
  settled_.push_back(false);
  return true;
}

void JobRecords::AddNameless(uint64_t seq) {
  seqs_.push_back(seq);
  settled_.push_back(false);
}

uint64_t JobRecords::Settle(const std::string& key) {
  const auto at = places_.find(key);
  if (at == places_.end() || settled_[at->second]) return 0;
  settled_[at->second] = true;
  return seqs_[at->second];
}

std::string_view JobRecords::TwinOf(const std::string& key) {
  if (!twins_) {
    twins_.emplace();
    for (const auto& [each, place] : places_) twins_->Add(each);
  }
  return twins_->Of(key);
}

void JobRecords::RestUnsent(const Reason& reason, sdk::Outcomes& outcomes) {
  for (size_t i = 0; i < seqs_.size(); ++i) {
    if (!settled_[i]) outcomes.Unsent(seqs_[i], reason);
    settled_[i] = true;
  }
}

void JobRecords::RestInDoubt(const Reason& reason, sdk::Outcomes& outcomes) {
  for (size_t i = 0; i < seqs_.size(); ++i) {
    if (!settled_[i]) outcomes.InDoubt(seqs_[i], reason);
    settled_[i] = true;
  }
}

sdk::Result<std::string> JobSteps::Create(sdk::Call call) const {
  sdk::JsonWriter json;
  json.BeginObject().Key("object").String(shape_.object->name);
  json.Key("operation").String(OperationOf(shape_.verb));
  if (shape_.verb == Verb::kUpsert) json.Key("externalIdFieldName").String(shape_.key_name());
  const bool rule = options_.assignment_rule.rfind("01Q", 0) == 0;
  if (rule) json.Key("assignmentRuleId").String(options_.assignment_rule);
  json.Key("contentType").String("CSV").Key("lineEnding").String("LF");
  json.Key("columnDelimiter").String("COMMA").EndObject();
  rapidjson::Document answer;
  const std::string doing = "creating a job";
  Status status = Read(http_, call, HttpRequest::Post(api_.Jobs(), json.Take()), doing, &answer);
  if (!status.ok()) return status.failure();
  std::string id(sdk::TextMember(answer, "id"));
  if (!IsRecordId(id)) return BadAnswer(doing, "the answer has no id of the job");
  return id;
}

Status JobSteps::Upload(sdk::Call call, const std::string& id, const JobRecords& records,
                        const sdk::Blob& rows) const {
  HttpRequest request;
  request.method = "PUT";
  request.url = api_.Job(id) + "/batches";
  request.headers.emplace_back("Content-Type", "text/csv");
  request.body_blob = rows.handle();
  request.seqs = records.seqs();
  request.timeout_ms = kTransferMs;
  Status result;
  Status performed = http_.Perform(call, request, [&](const HttpResponse& response) {
    if (!response.success()) result = RunFailure(response, ReadError(response), "uploading a job");
  });
  return performed.ok() ? result : performed;
}

Status JobSteps::SetState(sdk::Call call, const std::string& id, const char* state,
                          const std::vector<uint64_t>& seqs, bool* unanswered) const {
  HttpRequest request = HttpRequest::Post(
      api_.Job(id), sdk::JsonWriter().BeginObject().Key("state").String(state).EndObject().text());
  request.method = "PATCH";
  request.idempotent = true;
  request.seqs = seqs;
  Status result;
  Status performed = http_.Perform(call, request, [&](const HttpResponse& response) {
    if (!response.success()) result = RunFailure(response, ReadError(response), "closing a job");
    if (unanswered != nullptr) *unanswered = response.transport() == PENSTOCK_TRANSPORT_LOST;
  });
  return performed.ok() ? result : performed;
}

Status JobSteps::Submit(sdk::Call call, const sdk::Blob& rows, Job* job) const {
  sdk::Result<std::string> created = Create(call);
  if (!created.ok()) return created.failure();
  Status status = host_.Note(call, job->records.seqs(), *created);
  if (status.ok()) status = Upload(call, *created, job->records, rows);
  if (!status.ok()) {
    // Nothing is processed before a job is completed, and this one never will be.
    if (!SetState(call, *created, "Aborted", {}).ok()) {
      host_.Log(PENSTOCK_LOG_WARN, "job " + *created +
                                       " could not be aborted; it stays open in Salesforce, does "
                                       "nothing, and can be aborted there");
    }
    return status;
  }
  job->id = *created;
  job->completed =
      SetState(call, *created, "UploadComplete", job->records.seqs(), &job->unanswered);
  return {};
}

sdk::Result<JobSteps::Info> JobSteps::Ask(sdk::Call call, const std::string& id) const {
  Info info;
  Status result;
  Status performed =
      http_.Perform(call, HttpRequest::Get(api_.Job(id)), [&](const HttpResponse& response) {
        rapidjson::Document answer;
        if (IsGone(response)) {
          info.gone = true;
        } else if (!response.success()) {
          result = JobFailure(response, "asking for a job");
        } else if (!sdk::ParseJsonNumbersAsText(response.body(), &answer) ||
                   sdk::TextMember(answer, "state").empty()) {
          result = BadAnswer("asking for a job", "the answer has no state");
        } else {
          info.state = sdk::TextMember(answer, "state");
          info.message = sdk::TextMember(answer, "errorMessage");
          info.processed = CountOf(sdk::TextMember(answer, "numberRecordsProcessed"));
        }
      });
  if (!performed.ok()) return performed.failure();
  if (!result.ok()) return result.failure();
  return info;
}

sdk::Result<JobSteps::Info> JobSteps::WaitUntilOver(sdk::Call call, const Job& job) const {
  const std::string& id = job.id;
  int64_t wait = kFirstWaitMs;
  bool was_open = false;
  for (int silence = 0, aborts = 0;;) {
    sdk::Result<Info> info = Ask(call, id);
    if (info.ok()) {
      silence = 0;
      // A completion that is still on its way may overtake our abort: then the job was at work.
      info->aborted_here = was_open && info->state == "Aborted";
      info->never_completed =
          info->aborted_here && !job.unanswered && info->processed.value_or(0) == 0;
      if (info->gone || info->over()) return info;
      was_open = info->state == "Open";
      if (was_open) {
        // Never completed, by this run or an earlier one: it will not be. If it was meanwhile, the
        // next look shows it.
        Status aborted = SetState(call, id, "Aborted", {});
        if (++aborts > kMaxAborts) {
          return aborted.ok() ? BadAnswer("aborting job " + id, "it stays open")
                              : aborted.failure();
        }
      }
    } else if (!IsPassing(info.failure()) || ++silence > kMaxSilence) {
      return info;
    }
    Status slept = host_.Sleep(call, wait);
    if (!slept.ok()) return slept.failure();
    wait = std::min(wait + wait / 2, kLongestWaitMs);
  }
}

Status JobSteps::Settle(sdk::Call call, Job* job, sdk::Outcomes& outcomes) const {
  sdk::Result<Info> info = WaitUntilOver(call, *job);
  if (!info.ok()) return info.failure();
  if (info->gone) {
    job->records.RestInDoubt({"JOB_GONE", "Salesforce knows the job " + job->id + " no more", {}},
                             outcomes);
    return {};
  }
  return TakeResults(call, *info, job, outcomes);
}

JobSteps::LeftOut JobSteps::WhyLeftOut(const Job& job, const Info& info) {
  const std::string more = info.message.empty() ? "" : ": " + info.message;
  const std::string name = "the job " + job.id;
  if (info.never_completed) {
    return {"JOB_ABORTED", job.completed.ok()
                               ? name + " was never completed; it is aborted, and did nothing"
                               : job.completed.failure().message};
  }
  if (info.aborted_here) {
    return {"JOB_ABORTED", name +
                               " was found open and is aborted; whether it was completed just "
                               "before, nobody can tell"};
  }
  if (info.state == "Aborted") return {"JOB_ABORTED", name + " was aborted in Salesforce" + more};
  if (info.state == "Failed") return {"JOB_FAILED", name + " ended as Failed" + more};
  return {"UNPROCESSED", name + " is complete, but left this record out" + more};
}

Status JobSteps::Conclusion(const Job& job, const Info& info, const Reason& why) {
  if (info.state == "JobComplete" || job.earlier) return {};
  if (info.never_completed && !job.completed.ok()) return job.completed;
  return sdk::Failure{
      PENSTOCK_E_DESTINATION, "salesforce." + std::string(why.code),
      std::string(why.message) + "; the next sync sends the records that it left out", 0};
}

sdk::Result<JobSteps::Files> JobSteps::FetchResults(sdk::Call call, const std::string& id) const {
  constexpr std::array<const char*, 3> kNames = {"/successfulResults", "/failedResults",
                                                 "/unprocessedrecords"};
  std::vector<HttpRequest> requests;
  for (const char* name : kNames) {
    HttpRequest request = HttpRequest::Get(api_.Job(id) + name);
    request.body_to_blob = true;
    request.timeout_ms = kTransferMs;
    requests.push_back(std::move(request));
  }
  Files files;
  Status failed;
  Status performed = http_.PerformAll(call, requests, [&](size_t i, const HttpResponse& response) {
    if (response.success()) {
      files[i] = response.TakeBlob(host_);
    } else if (failed.ok()) {
      failed = JobFailure(response, "reading the results of job " + id);
    }
  });
  if (!performed.ok()) return performed.failure();
  if (!failed.ok()) return failed.failure();
  return files;
}

Status JobSteps::TakeResults(sdk::Call call, const Info& info, Job* job,
                             sdk::Outcomes& outcomes) const {
  constexpr std::array<ResultKind, 3> kKinds = {ResultKind::kSuccessful, ResultKind::kFailed,
                                                ResultKind::kUnprocessed};
  const LeftOut left = WhyLeftOut(*job, info);
  const Reason left_out{left.code, left.message, {}};
  sdk::Result<Files> files = FetchResults(call, job->id);
  if (!files.ok()) return files.failure();
  uint64_t told = 0;
  Status ending, unread;
  for (size_t i = 0; i < kKinds.size(); ++i) {
    ResultReader reader(kKinds[i], shape_, left_out, &job->records, &outcomes);
    const std::optional<sdk::Blob>& file = (*files)[i];
    Status read = file && !file->empty() ? reader.Read(*file) : Status();
    if (unread.ok()) unread = std::move(read);
    if (ending.ok()) ending = reader.ending();
    if (kKinds[i] != ResultKind::kUnprocessed) told += reader.rows();
  }
  // What a file would have said behind its cut can be read another time.
  if (!unread.ok()) return unread;
  // What stands in no file was not processed, if all that was processed is told. Of a job that was
  // aborted at work nobody knows: what it had in hand may still be written.
  const bool all_told = info.processed.has_value() && told >= *info.processed;
  const bool did_nothing = info.never_completed && told == 0;
  if (all_told && (info.state == "Failed" || did_nothing)) {
    job->records.RestUnsent(left_out, outcomes);
  }
  const std::string numbers =
      "the results of job " + job->id + " say nothing of this record: they name " +
      std::to_string(told) + " records, and the job has processed " +
      (info.processed ? std::to_string(*info.processed) : std::string("an unknown number"));
  job->records.RestInDoubt({"NOT_IN_RESULTS", numbers, {}}, outcomes);
  return ending.ok() ? Conclusion(*job, info, left_out) : ending;
}

}  // namespace penstock::salesforce
