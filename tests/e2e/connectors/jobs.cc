// The loopback connector as one that works by asynchronous jobs, with its rows in a blob and its
// results into another: what the host's notes and blobs are for.
#include "tests/e2e/connectors/wrapped_loopback.h"

#include <map>

namespace penstock::loopback {
namespace {

constexpr uint64_t kRowsPerJob = 1000;

class JobsWriter {
 public:
  JobsWriter(Host host, const Assignment& assignment, std::span<const Note> notes)
      : host_(host), http_(host), assignment_(assignment), key_(assignment.KeyFields().front()) {
    for (const Note& note : notes) {
      NotedRecords copy = CopyNote(note, assignment);
      Job& job = jobs_.emplace_back();
      job.id = copy.token;
      for (size_t i = 0; i < copy.size(); ++i) job.seqs[copy.keys[i]] = copy.seqs[i];
    }
  }

  Status Write(Call call, const Batch& batch, Outcomes& outcomes) {
    for (size_t i = 0; i < batch.size(); ++i) {
      if (rows_ == nullptr) {
        auto made = Blob::Create(host_, call);
        if (!made.ok()) return made.failure();
        rows_ = std::make_unique<Blob>(*std::move(made));
      }
      const std::string key = PlainText(batch.value(i, key_));
      Status appended = rows_->Append((seqs_.empty() ? "{\"records\":[" : ",\n") + Row(batch, i));
      if (!appended.ok()) return appended;
      seqs_[key] = batch.seq(i);
    }
    return seqs_.size() >= kRowsPerJob ? Send(call, outcomes) : Status();
  }

  Status Finish(Call call, Outcomes& outcomes) {
    Status status = seqs_.empty() ? Status() : Send(call, outcomes);
    for (const Job& job : jobs_) {
      Status settled = Settle(call, job, outcomes);
      if (status.ok()) status = std::move(settled);
    }
    jobs_.clear();
    return status;
  }

 private:
  struct Job {
    std::string id;
    std::map<std::string, uint64_t> seqs;  // by key
    std::vector<uint64_t> Seqs() const {
      std::vector<uint64_t> list;
      for (const auto& [key, seq] : seqs) list.push_back(seq);
      return list;
    }
  };

  std::string Row(const Batch& batch, size_t i) const {
    JsonWriter json;
    json.BeginObject().Key("key").String(PlainText(batch.value(i, key_)));
    json.Key("op").String(assignment_.operation).Key("fields").BeginObject();
    for (size_t f = 0; f < batch.n_fields(); ++f) {
      if (f == key_ || batch.value(i, f).type == PENSTOCK_ABSENT) continue;
      json.Key(assignment_.fields[f].name).Value(batch.value(i, f));
    }
    json.EndObject().EndObject();
    return json.Take();
  }
  std::string Path(const std::string& rest = {}) const {
    return "/v1/" + assignment_.object + "/jobs" + rest;
  }
  /// A request whose answer is read.
  Status Ask(Call call, const HttpRequest& request, rapidjson::Document* answer) const {
    return FetchJson(http_, call, request, "jobs", "asking for a job", answer);
  }

  /// Create, note, upload, complete.
  Status Send(Call call, Outcomes&) {
    Job job;
    job.seqs = std::exchange(seqs_, {});
    const std::unique_ptr<Blob> rows = std::exchange(rows_, nullptr);
    rapidjson::Document answer;
    Status status = rows->Append("]}");
    if (status.ok()) status = Ask(call, HttpRequest::Post(Path(), "{}"), &answer);
    if (!status.ok()) return status;
    job.id = std::string(TextMember(answer, "id"));
    const std::vector<uint64_t> seqs = job.Seqs();
    status = host_.Note(call, seqs, job.id);
    if (!status.ok()) return status;
    HttpRequest upload = HttpRequest::Post(Path("/" + job.id + "/rows"), "");
    upload.method = "PUT";
    upload.body_blob = rows->handle();
    upload.seqs = seqs;
    status = Ask(call, upload, &answer);
    if (status.ok()) status = Complete(call, job);
    jobs_.push_back(std::move(job));
    return status;
  }

  Status Complete(Call call, const Job& job) const {
    HttpRequest request = HttpRequest::Post(Path("/" + job.id + "/complete"), "{}");
    request.seqs = job.Seqs();
    request.idempotent = true;
    rapidjson::Document answer;
    return Ask(call, request, &answer);
  }

  void All(const Job& job, Outcomes& outcomes, bool unsent, std::string_view code) const {
    for (const auto& [key, seq] : job.seqs) {
      if (unsent) {
        outcomes.Unsent(seq, {code, "the job was not processed", {}});
      } else {
        outcomes.InDoubt(seq, {code, "the job is gone", {}});
      }
    }
  }

  Status Settle(Call call, const Job& job, Outcomes& outcomes) const {
    while (true) {
      rapidjson::Document answer;
      Status polled = Ask(call, HttpRequest::Get(Path("/" + job.id)), &answer);
      if (!polled.ok() && polled.failure().status == PENSTOCK_E_NOT_FOUND) {
        All(job, outcomes, false, "JOB_GONE");
        return {};
      }
      if (!polled.ok()) return polled;
      const std::string_view state = TextMember(answer, "state");
      if (state == "done") return Results(call, job, outcomes);
      if (state == "open")
        polled = Ask(call, HttpRequest::Post(Path("/" + job.id + "/abort"), "{}"), &answer);
      if (state == "open" || state == "aborted") {
        if (polled.ok()) All(job, outcomes, true, "JOB_ABORTED");
        return polled;
      }
      polled = state == "uploaded" ? Complete(call, job) : host_.Sleep(call, 20);
      if (!polled.ok()) return polled;
    }
  }

  Status Results(Call call, const Job& job, Outcomes& outcomes) const {
    HttpRequest request = HttpRequest::Get(Path("/" + job.id + "/results"));
    request.body_to_blob = true;
    std::string text;
    Status read;
    Status performed = http_.Perform(call, request, [&](const HttpResponse& response) {
      if (!response.success()) {
        read = HttpFailure(response, "jobs", "reading results");
        return;
      }
      const Blob blob = response.TakeBlob(host_);
      read = blob.ForEachPart([&](std::string_view part) -> Status {
        text += part;
        return {};
      });
    });
    if (!performed.ok()) return performed;
    if (!read.ok()) return read;
    rapidjson::Document answer;
    ParseJson(text, &answer);
    const JsonValue* results = answer.IsObject() ? ArrayMember(answer, "results") : nullptr;
    std::map<std::string, uint64_t> left = job.seqs;
    for (rapidjson::SizeType i = 0; results != nullptr && i < results->Size(); ++i) {
      const auto at = left.find(std::string(TextMember((*results)[i], "key")));
      if (at == left.end()) continue;
      One((*results)[i], at->second, outcomes);
      left.erase(at);
    }
    for (const auto& [key, seq] : left) {
      outcomes.Unsent(seq, {"UNPROCESSED", "the job ended before this record", {}});
    }
    return {};
  }

  static void One(const JsonValue& result, uint64_t seq, Outcomes& outcomes) {
    const std::string_view status = TextMember(result, "status");
    if (status == "created") {
      outcomes.Created(seq, TextMember(result, "id"));
    } else if (status == "updated") {
      outcomes.Updated(seq, TextMember(result, "id"));
    } else if (status == "deleted") {
      outcomes.Deleted(seq, TextMember(result, "id"));
    } else {
      outcomes.Rejected(seq, ErrorClass::kData,
                        {TextMember(result, "code"), TextMember(result, "message"), {}});
    }
  }

  Host host_;
  Http http_;
  const Assignment assignment_;
  const size_t key_;
  std::unique_ptr<Blob> rows_;
  std::map<std::string, uint64_t> seqs_;  // of rows_
  std::vector<Job> jobs_;
};

class Jobs : public Loopback {
 public:
  using Writer = JobsWriter;

  explicit Jobs(Host host) : Loopback(host), jobs_host_(host) {}
  static Result<std::unique_ptr<Jobs>> Open(Host host, Call, std::string_view) {
    return std::make_unique<Jobs>(host);
  }
  Result<std::unique_ptr<JobsWriter>> Begin(Call, const Assignment& assignment,
                                            std::span<const Note> notes) {
    return std::make_unique<JobsWriter>(jobs_host_, assignment, notes);
  }

 private:
  Host jobs_host_;
};

}  // namespace
}  // namespace penstock::loopback

PENSTOCK_CONNECTOR(penstock::loopback::Jobs, kManifest)
