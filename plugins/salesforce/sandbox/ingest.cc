#include "plugins/salesforce/sandbox/ingest.h"

#include <filesystem>

#include "plugins/salesforce/sandbox/ids.h"
#include "plugins/salesforce/sandbox/json.h"

namespace penstock::sandbox::salesforce {
bool Ingest::Open(std::string* error) {
  folder_ = org_.sandbox().options.data_directory;
  std::error_code failed;
  if (folder_.empty()) {
    folder_ = std::filesystem::temp_directory_path(failed).string();
  } else {
    std::filesystem::create_directories(folder_, failed);
  }
  if (failed) {
    *error = "There is no folder for uploads: " + failed.message() + ".";
    return false;
  }
  thread_ = std::thread([this] { Run(); });
  return true;
}

void Ingest::Stop() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Ingest::AddRoutes() {
  Router& router = org_.sandbox().router;
  const std::string root = "/services/data/{version}/jobs/ingest";
  auto add = [&](const char* method, const std::string& path,
                 Response (Ingest::*handler)(const Request&)) {
    router.Add(method, path,
               [this, handler](const Request& request) { return (this->*handler)(request); });
  };
  for (const char* end : {"", "/"}) {
    add("POST", root + end, &Ingest::Create);
    add("GET", root + end, &Ingest::List);
    add("PUT", root + "/{job}/batches" + end, &Ingest::Upload);
    add("PATCH", root + "/{job}" + end, &Ingest::Change);
    add("GET", root + "/{job}" + end, &Ingest::Get);
    add("DELETE", root + "/{job}" + end, &Ingest::Delete);
    const std::pair<const char*, std::unique_ptr<Spool> Job::*> results[] = {
        {"successfulResults", &Job::successful},
        {"failedResults", &Job::refused},
        {"unprocessedrecords", &Job::unprocessed}};
    for (const auto& [name, which] : results) {
      router.Add(
          "GET", root + "/{job}/" + name + end,
          [this, member = which](const Request& request) { return Results(request, member); });
    }
  }
}

Ingest::JobPointer Ingest::Find(const std::string& id) const {
  const auto found = jobs_.find(IsId(id) ? LongId(id) : id);
  return found == jobs_.end() ? nullptr : found->second;
}

Response Ingest::Create(const Request& request) {
  auto job = std::make_shared<Job>();
  if (auto error = ReadJob(request, job.get())) return ErrorResponse(*error);
  if (org_.sandbox().limits.load() && batches_.Used(request.now_ms) >= kDailyBatches) {
    return ErrorResponse(Invalid("LIMIT_EXCEEDED", "ApiBatchItems Limit exceeded."));
  }
  job->version = request.Param("version");
  job->created_ms = job->changed_ms = request.now_ms;
  std::lock_guard lock(mutex_);
  job->id = WriteId("750", next_++);
  jobs_[job->id] = job;
  return Response::Json(200, [&](JsonWriter& json) { WriteInfo(json, *job, job->state, false); });
}

Response Ingest::Upload(const Request& request) {
  if (!request.Header("Content-Type").starts_with("text/csv")) {
    return ErrorResponse(
        {415, "UNSUPPORTED_MEDIA_TYPE", "Content type of the data must be text/csv", {}});
  }
  std::lock_guard lock(mutex_);
  const JobPointer job = Find(request.Param("job"));
  if (job == nullptr) return ErrorResponse(NotFound());
  if (job->input) {
    return ErrorResponse(
        Invalid("INVALIDJOBSTATE",
                "Found multiple contents for job: <" + job->id +
                    ">, please 'Close' / 'Abort' / 'Delete' the current Job then create a new Job "
                    "and make sure you only do 'PUT' once on a given Job."));
  }
  if (job->state != JobState::kOpen) {
    return ErrorResponse(
        Invalid("INVALIDJOBSTATE", std::string("Job is not Open but ") + StateName(job->state)));
  }
  job->input = Spool::Adopt(request.body_file);
  ++uploads_;
  job->changed_ms = request.now_ms;
  return Response::Empty(201);
}

Response Ingest::Change(const Request& request) {
  Json json;
  std::string error;
  if (!ParseJson(request.body, &json, &error)) return ErrorResponse(BadJson(error));
  const std::string* text = json.members.size() == 1 ? json.FindText("state") : nullptr;
  const std::string state = text == nullptr ? "" : *text;
  std::lock_guard lock(mutex_);
  const JobPointer job = Find(request.Param("job"));
  if (job == nullptr) return ErrorResponse(NotFound());
  if (state == "UploadComplete") return Close(*job, request);
  if (state == "Aborted") return Abort(*job, request);
  return ErrorResponse(
      Invalid("INVALIDJOB", "InvalidJob : state must be UploadComplete or Aborted"));
}

Response Ingest::Close(Job& job, const Request& request) {
  if (job.state != JobState::kOpen) {
    return ErrorResponse(Invalid("INVALIDJOBSTATE", std::string("Closing already ") +
                                                        StateName(job.state) + " Job not allowed"));
  }
  if (!job.input) {
    return ErrorResponse(Invalid("INVALIDJOBSTATE", "No data was uploaded for the job"));
  }
  job.state = JobState::kUploadComplete;
  job.changed_ms = job.closed_ms = request.now_ms;
  for (Rule& rule : rules_) {
    if (!rule.object.empty() && org_.Find(rule.object) != job.object) continue;
    if (!rule.operation.empty() && rule.operation != job.operation_name) continue;
    ++rule.seen;
    if (rule.seen <= rule.after || (rule.times >= 0 && rule.fired >= rule.times)) continue;
    ++rule.fired;
    job.fault = rule.fault;
    break;
  }
  queue_.push_back(Find(job.id));
  changed_.notify_all();
  return Response::Json(
      200, [&](JsonWriter& json) { WriteInfo(json, job, JobState::kUploadComplete, false); });
}

Response Ingest::Abort(Job& job, const Request& request) {
  if (IsOver(job.state)) {
    return ErrorResponse(Invalid("INVALIDJOBSTATE", "Aborting already Completed Job not allowed"));
  }
  if (job.state == JobState::kOpen) {
    job.state = JobState::kAborted;
    job.changed_ms = request.now_ms;
  }
  job.abort.store(true);
  changed_.notify_all();
  return Response::Json(200,
                        [&](JsonWriter& json) { WriteInfo(json, job, JobState::kAborted, false); });
}

// What a client sees: a job that is over may have to look busy for a while.
JobState Ingest::Shown(const Job& job, std::int64_t now_ms) const {
  if (job.state == JobState::kOpen || job.closed_ms == 0) return job.state;
  if (job.abort.load() || job.state == JobState::kAborted) return job.state;
  if (polls_ > 0 && job.polls <= polls_) {
    return job.polls <= 1 ? JobState::kUploadComplete : JobState::kInProgress;
  }
  if (!IsOver(job.state) || now_ms >= job.closed_ms + latency_ms_) return job.state;
  return JobState::kInProgress;
}

Response Ingest::Get(const Request& request) {
  std::unique_lock lock(mutex_);
  const JobPointer job = Find(request.Param("job"));
  if (job == nullptr) return ErrorResponse(NotFound());
  if (job->closed_ms != 0) ++job->polls;
  // With a fixed number of polls the one after them finds the job done, however slow the machine.
  if (polls_ > 0 && job->polls > polls_) {
    changed_.wait(lock, [&] {
      const bool stalls = job->fault.kind == JobFault::Kind::kStall && !job->released.load();
      return stopping_ || hold_ || stalls || IsOver(job->state);
    });
  }
  const JobState state = Shown(*job, request.now_ms);
  return Response::Json(200, [&](JsonWriter& json) { WriteInfo(json, *job, state, true); });
}

Response Ingest::List(const Request& request) {
  std::lock_guard lock(mutex_);
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartObject();
    json.Key("done");
    json.Bool(true);
    json.Key("records");
    json.StartArray();
    for (const auto& [id, job] : jobs_) {
      WriteInfo(json, *job, Shown(*job, request.now_ms), false);
    }
    json.EndArray();
    json.Key("nextRecordsUrl");
    json.Null();
    json.EndObject();
  });
}

Response Ingest::Delete(const Request& request) {
  std::lock_guard lock(mutex_);
  const JobPointer job = Find(request.Param("job"));
  if (job == nullptr) return ErrorResponse(NotFound());
  const JobState state = Shown(*job, request.now_ms);
  if (!IsOver(state)) {
    return ErrorResponse(Invalid("INVALIDJOBSTATE", std::string("Deleting a Job that is ") +
                                                        StateName(state) + " is not allowed"));
  }
  jobs_.erase(job->id);
  return Response::Empty(204);
}

Response Ingest::Results(const Request& request, std::unique_ptr<Spool> Job::*which) {
  std::lock_guard lock(mutex_);
  const JobPointer job = Find(request.Param("job"));
  if (job == nullptr) return ErrorResponse(NotFound());
  if (!IsOver(Shown(*job, request.now_ms))) {
    return ErrorResponse(Invalid("INVALIDJOBSTATE", std::string("Results are not ready: Job is ") +
                                                        StateName(Shown(*job, request.now_ms))));
  }
  Response response;
  response.content_type = "text/csv";
  if ((*job).*which) {
    response.stream = [job, which](std::ostream& out) { ((*job).*which)->Stream(out); };
  }
  return response;
}

void Ingest::WriteInfo(JsonWriter& json, const Job& job, JobState state, bool whole) const {
  json.StartObject();
  PutMember(json, "id", job.id);
  PutMember(json, "operation", job.operation_name);
  PutMember(json, "object", job.object_name);
  PutMember(json, "createdById", org_.UserId());
  PutMember(json, "createdDate", WriteDateTime(job.created_ms));
  PutMember(json, "systemModstamp", WriteDateTime(job.changed_ms));
  PutMember(json, "state", StateName(state));
  if (!job.key_name.empty()) PutMember(json, "externalIdFieldName", job.key_name);
  PutMember(json, "concurrencyMode", "Parallel");
  PutMember(json, "contentType", "CSV");
  const std::string number = job.version.substr(1);
  json.Key("apiVersion");
  json.RawValue(number.data(), number.size(), rapidjson::kNumberType);
  if (state == JobState::kOpen) {
    PutMember(json, "contentUrl",
              "services/data/" + job.version + "/jobs/ingest/" + job.id + "/batches");
  }
  PutMember(json, "lineEnding", job.form.crlf ? "CRLF" : "LF");
  PutMember(json, "columnDelimiter", job.delimiter_name);
  if (!job.rule.empty()) PutMember(json, "assignmentRuleId", job.rule);
  if (whole) {
    PutMember(json, "jobType", "V2Ingest");
    const bool shown = IsOver(state) || state == JobState::kInProgress;
    for (const char* name :
         {"retries", "totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime"}) {
      json.Key(name);
      json.Uint64(0);
    }
    json.Key("numberRecordsProcessed");
    json.Uint64(shown ? job.processed : 0);
    json.Key("numberRecordsFailed");
    json.Uint64(shown ? job.failed : 0);
    if (IsOver(state) && !job.error.empty()) PutMember(json, "errorMessage", job.error);
  }
  json.EndObject();
}

}  // namespace penstock::sandbox::salesforce
