#include "tests/conformance/broken_jobs.h"

#include "tests/conformance/broken_values.h"

namespace broken {
namespace {

constexpr size_t kMostRecords = 1000;

Failure BadAnswer(const char* sentence) {
  return {PENSTOCK_E_INTERNAL, "broken.BAD_ANSWER", sentence, 0};
}

std::vector<uint64_t> SeqsOf(const std::map<std::string, uint64_t>& records) {
  std::vector<uint64_t> seqs;
  for (const auto& [key, seq] : records) seqs.push_back(seq);
  return seqs;
}

}  // namespace

JobWriter::JobWriter(Host host, Breaks breaks, Assignment assignment, size_t key)
    : host_(host),
      http_(host),
      breaks_(std::move(breaks)),
      assignment_(std::move(assignment)),
      key_(key) {}

JobWriter::~JobWriter() {
  if (!breaks_("end.without_finish/blob") || !spool_) return;
  Blob again = Blob::Adopt(host_, spool_->handle());
  spool_->Discard();
  (void)again.Append("one more");
}

void JobWriter::HandBack(NotedRecords note) {
  if (breaks_("finish.open_notes/forgets")) return;
  if (breaks_("finish.open_notes/first") && !jobs_.empty()) return;
  Job job;
  job.id = breaks_("job.killed/memory") ? breaks_.memory() : std::move(note.token);
  job.earlier = true;
  for (size_t i = 0; i < note.size(); ++i) job.open[note.keys[i]] = note.seqs[i];
  jobs_.push_back(std::move(job));
}

// ---- making a job

Status JobWriter::Spool(Call call, const Batch& batch, size_t record) {
  if (!spool_) {
    Result<Blob> blob = Blob::Create(host_, call);
    if (!blob.ok()) return blob.failure();
    spool_ = *std::move(blob);
  }
  const std::string key(TextOf(batch.value(record, key_)));
  JsonWriter json;
  json.BeginObject().Key("key").String(key).Key("op").String(assignment_.operation);
  json.Key("fields").BeginObject();
  for (size_t f = 0; f < batch.n_fields(); ++f) {
    const penstock_value& value = batch.value(record, f);
    if (f == key_ || value.type == PENSTOCK_ABSENT) continue;
    AppendValue(breaks_, value, &json.Key(assignment_.fields[f].name));
  }
  json.EndObject().EndObject();
  Status status = spool_->Append((spooled_.empty() ? "{\"records\":[" : ",") + json.Take());
  if (status.ok()) spooled_[key] = batch.seq(record);
  return status;
}

Status JobWriter::Create(Call call, std::string* id) {
  Status result;
  const HttpRequest request = HttpRequest::Post("/v1/" + assignment_.object + "/jobs", "{}");
  Status performed = http_.Perform(call, request, [&](const HttpResponse& response) {
    rapidjson::Document answer;
    if (!response.success()) {
      result = Unexpected(response);
    } else if (!ParseJson(response.body(), &answer) || TextMember(answer, "job").empty()) {
      result = BadAnswer("a new job has no id");
    } else {
      *id = TextMember(answer, "job");
    }
  });
  return performed.ok() ? result : performed;
}

Status JobWriter::NoteJob(Call call, const Job& job) {
  if (breaks_("finish.async_job/note")) return {};
  std::vector<uint64_t> seqs = SeqsOf(job.open);
  if (breaks_("job.noted/one")) seqs.resize(1);
  if (breaks_("job.killed/memory")) {
    breaks_.memory() = job.id;
    return host_.Note(call, seqs, "the job that I have in mind");
  }
  Status noted = host_.Note(call, seqs, job.id);
  return breaks_("job.noted/ignored") ? Status() : noted;
}

Status JobWriter::Upload(Call call, const Job& job) {
  HttpRequest request;
  request.method = "PUT";
  request.url = "/v1/jobs/" + job.id + "/records";
  request.headers.emplace_back("Content-Type", "application/json");
  request.body_blob = spool_->handle();
  request.seqs = SeqsOf(job.open);
  Status result;
  Status performed = http_.Perform(call, request, [&](const HttpResponse& response) {
    if (!response.success()) result = Unexpected(response);
  });
  return performed.ok() ? result : performed;
}

Status JobWriter::SetState(Call call, const Job& job, const char* state, bool names) {
  JsonWriter json;
  json.BeginObject().Key("state").String(state).EndObject();
  HttpRequest request = HttpRequest::Post("/v1/jobs/" + job.id, json.Take());
  request.method = "PATCH";
  if (names) request.seqs = SeqsOf(job.open);
  if (breaks_("job.blobs/beside") && !names && spool_) request.body_blob = spool_->handle();
  Status result;
  Status performed = http_.Perform(call, request, [&](const HttpResponse& response) {
    if (!response.success()) result = Unexpected(response);
  });
  return performed.ok() ? result : performed;
}

// Nothing is written by a job that was never started, whether this arrives or not.
void JobWriter::Abort(Call call, const Job& job) { (void)SetState(call, job, "aborted", false); }

Status JobWriter::Submit(Call call, Outcomes& outcomes) {
  Job job;
  job.open = std::move(spooled_);
  spooled_.clear();
  Status status = spool_->Append("]}");
  if (status.ok()) status = Create(call, &job.id);
  const bool late = breaks_("job.noted") || breaks_("job.noted/started");
  if (status.ok() && !late) status = NoteJob(call, job);
  if (status.ok()) status = Upload(call, job);
  const bool noted_now = !status.ok() || breaks_("job.noted");
  if (late && noted_now && !job.id.empty()) (void)NoteJob(call, job);
  if (!status.ok()) {
    if (!job.id.empty()) Abort(call, job);
    spool_.reset();
    RestUnsent(&job, "the job was never started", outcomes);
    return status;
  }
  spool_.reset();
  job.started = SetState(call, job, "complete", true);
  if (breaks_("job.noted/started")) (void)NoteJob(call, job);
  if (breaks_("write.lost_answer/unsent") && !job.started.ok()) {
    RestUnsent(&job, "there was no answer", outcomes);
    return job.started;
  }
  jobs_.push_back(std::move(job));
  return {};
}

Status JobWriter::Write(Call call, const Batch& batch, Outcomes& outcomes) {
  for (size_t i = 0; i < batch.size(); ++i) {
    Status status;
    const bool full = spooled_.size() >= kMostRecords ||
                      spooled_.count(std::string(TextOf(batch.value(i, key_)))) > 0;
    if (full) status = Finish(call, outcomes);
    if (status.ok()) status = Spool(call, batch, i);
    if (status.ok()) continue;
    for (; i < batch.size(); ++i) outcomes.Unsent(batch.seq(i), {"NOT_SENT", "not sent", {}});
    return status;
  }
  return {};
}

// ---- what becomes of it

void JobWriter::RestUnsent(Job* job, const char* why, Outcomes& outcomes) {
  for (const auto& [key, seq] : job->open) outcomes.Unsent(seq, {"NOT_WRITTEN", why, {}});
  job->open.clear();
}

void JobWriter::RestCreated(Job* job, Outcomes& outcomes) {
  for (const auto& [key, seq] : job->open) outcomes.Created(seq, {});
  job->open.clear();
}

Status JobWriter::Look(Call call, const std::string& id, std::string* state) {
  Status result;
  Status performed =
      http_.Perform(call, HttpRequest::Get("/v1/jobs/" + id), [&](const HttpResponse& response) {
        rapidjson::Document answer;
        if (response.status() == 404) {
          *state = "gone";
        } else if (!response.success()) {
          result = Unexpected(response);
        } else if (!ParseJson(response.body(), &answer) || TextMember(answer, "state").empty()) {
          result = BadAnswer("a job has no state");
        } else {
          *state = TextMember(answer, "state");
        }
      });
  return performed.ok() ? result : performed;
}

Status JobWriter::WaitUntilOver(Call call, const Job& job, std::string* state) {
  while (true) {
    Status status = Look(call, job.id, state);
    if (!status.ok()) return status;
    if (*state == "open") {
      if (!job.earlier || !breaks_("job.killed/abort")) Abort(call, job);
      if (job.earlier && breaks_("job.killed/abort")) *state = "aborted";
    }
    for (const char* over : {"done", "failed", "aborted", "gone"}) {
      if (*state == over) return {};
    }
    if (*state != "open" && *state != "running") return BadAnswer("a job has an unknown state");
    status = host_.Sleep(call, 1000);
    if (!status.ok()) return status;
    if (*state == "running" && breaks_("finish.async_job/unasked")) {
      *state = "assumed";
      return {};
    }
  }
}

// The job may still run: its records keep their note.
Status JobWriter::Untold(Job* job, const Status& why, Outcomes& outcomes) {
  const penstock_status status = why.failure().status;
  const bool unsent = (breaks_("cancel.prompt/unsent") && status == PENSTOCK_E_CANCELLED) ||
                      (breaks_("write.auth_lost/unsent") && status == PENSTOCK_E_UNAUTHENTICATED) ||
                      (breaks_("write.garbage_answer/unsent") && status == PENSTOCK_E_INTERNAL);
  if (unsent) RestUnsent(job, "the job cannot be asked for", outcomes);
  if (breaks_("finish.stuck_job/doubt") && status == PENSTOCK_E_DEADLINE) {
    for (const auto& [key, seq] : job->open) outcomes.InDoubt(seq, {"LATE", "late", {}});
    job->open.clear();
  }
  return why;
}

// The ways to break the rules for jobs of earlier runs.
Status JobWriter::SettleEarlier(Call call, Job* job, Outcomes& outcomes, bool* done) {
  *done = true;
  if (breaks_("job.killed/unsent")) {
    RestUnsent(job, "an earlier run's", outcomes);
    return {};
  }
  if (breaks_("job.killed/created")) {
    RestCreated(job, outcomes);
    return {};
  }
  *done = false;
  if (breaks_("job.killed/twice")) outcomes.Unsent(job->open.begin()->second, {"NO", "no", {}});
  if (!breaks_("finish.open_notes/again")) return {};
  Result<Blob> blob = Blob::Create(host_, call);
  if (!blob.ok()) return blob.failure();
  JsonWriter json;
  json.BeginObject().Key("records").BeginArray();
  for (const auto& [key, seq] : job->open) {
    json.BeginObject().Key("key").String(key).Key("op").String(assignment_.operation);
    json.EndObject();
  }
  json.EndArray().EndObject();
  spool_ = *std::move(blob);
  Status status = spool_->Append(json.Take());
  if (status.ok()) status = Create(call, &job->id);
  if (status.ok()) status = NoteJob(call, *job);
  if (status.ok()) status = Upload(call, *job);
  spool_.reset();
  return status.ok() ? SetState(call, *job, "complete", true) : status;
}

Status JobWriter::Settle(Call call, Job* job, Outcomes& outcomes) {
  if (job->earlier) {
    bool done = false;
    Status status = SettleEarlier(call, job, outcomes, &done);
    if (done || !status.ok()) return status;
  }
  std::string state;
  const Status waited = WaitUntilOver(call, *job, &state);
  if (!waited.ok()) return Untold(job, waited, outcomes);
  if (state != "gone") return Conclude(call, state, job, outcomes);
  if (breaks_("job.gone/held")) return BadAnswer("there is no such job");
  if (breaks_("job.gone/unsent")) RestUnsent(job, "there is no such job", outcomes);
  if (breaks_("job.gone/created")) RestCreated(job, outcomes);
  for (const auto& [key, seq] : job->open) outcomes.InDoubt(seq, {"GONE", "no such job", {}});
  job->open.clear();
  return {};
}

Status JobWriter::Conclude(Call call, const std::string& state, Job* job, Outcomes& outcomes) {
  const bool failed = state == "failed";
  if (failed && breaks_("job.failed/unsent")) RestUnsent(job, "the job failed", outcomes);
  if (state == "assumed") RestCreated(job, outcomes);
  if (failed && breaks_("job.failed/twice")) {
    const auto last = std::prev(job->open.end());
    outcomes.Unsent(last->second, {"NOT_WRITTEN", "the job failed", {}});
    outcomes.Created(last->second, {});
    job->open.erase(last);
  }
  if (failed && breaks_("job.failed/created")) RestCreated(job, outcomes);
  // Of one that was aborted before it was started there are none.
  Status status;
  if (!job->open.empty() && state != "aborted") status = TakeResults(call, job, outcomes);
  if (!status.ok()) return Untold(job, status, outcomes);
  if (failed && breaks_("job.failed/rejected")) {
    for (const auto& [key, seq] : job->open) {
      outcomes.Rejected(seq, ErrorClass::kData, {"FAILED", "the job failed", {}});
    }
    job->open.clear();
  }
  if (!failed || !breaks_("job.failed/silent")) {
    RestUnsent(job, "the job ended without it", outcomes);
  }
  if (state == "aborted" && !job->started.ok()) return job->started;
  if (!failed || breaks_("job.failed/ok")) return {};
  return Failure{PENSTOCK_E_DESTINATION, "broken.JOB_FAILED", "the job failed", 0};
}

Status JobWriter::TakeResults(Call call, Job* job, Outcomes& outcomes) {
  HttpRequest request = HttpRequest::Get("/v1/jobs/" + job->id + "/results");
  request.body_to_blob = true;
  Status result;
  std::optional<Blob> file;
  Status performed = http_.Perform(call, request, [&](const HttpResponse& response) {
    if (response.success()) {
      file = response.TakeBlob(host_);
    } else {
      result = Unexpected(response);
    }
  });
  if (!performed.ok()) return performed;
  if (!result.ok()) return result;
  std::string text;
  Status read = file->ForEachPart([&](std::string_view part) {
    text += part;
    return Status();
  });
  if (!read.ok()) return read;
  if (breaks_("job.blobs/stale")) {
    Blob again = Blob::Adopt(host_, file->handle());
    file->Discard();
    char byte = 0;
    (void)again.Read(0, {&byte, 1});
  }
  if (breaks_("job.blobs/kept")) (void)new Blob(*std::move(file));
  rapidjson::Document answer;
  const bool parsed = ParseJson(text, &answer);
  const JsonValue* results = parsed ? ArrayMember(answer, "results") : nullptr;
  if (results == nullptr) {
    if (!breaks_("write.garbage_answer/created")) return BadAnswer("the results are unreadable");
    RestCreated(job, outcomes);
    return {};
  }
  for (const JsonValue& one : results->GetArray()) {
    const auto at = job->open.find(std::string(TextMember(one, "key")));
    const std::string_view status = TextMember(one, "status");
    if (at == job->open.end() || status == "unprocessed") continue;
    ReportResult(breaks_, assignment_.operation, at->second, one, outcomes);
    job->open.erase(at);
  }
  return {};
}

Status JobWriter::Finish(Call call, Outcomes& outcomes) {
  Status first;
  if (!spooled_.empty()) first = Submit(call, outcomes);
  std::vector<Job> jobs = std::move(jobs_);
  jobs_.clear();
  for (Job& job : jobs) {
    Status status = Settle(call, &job, outcomes);
    if (first.ok()) first = std::move(status);
  }
  return first;
}

}  // namespace broken
