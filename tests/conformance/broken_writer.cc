// The broken connector's writer.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>

#include "tests/conformance/broken.h"
#include "tests/conformance/broken_values.h"

namespace broken {
namespace {

constexpr size_t kLimit = 20;

std::atomic<int> writers{0};
// Writers run beside each other: two faults at once would break more rules than one.
std::mutex mutex;
std::set<std::string> keys_of_all_writers;
std::vector<std::string> leaked;

bool SeenBefore(const std::string& key) {
  const std::lock_guard lock(mutex);
  return !keys_of_all_writers.insert(key).second;
}
void Leak() {
  const std::lock_guard lock(mutex);
  leaked.emplace_back(500, 'x');
}

bool Contains(const JsonValue& json, const char* member) { return Member(json, member) != nullptr; }

}  // namespace

Failure Unexpected(const HttpResponse& response) {
  if (!response.answered()) {
    return {PENSTOCK_E_UNAVAILABLE, "broken.NO_ANSWER", std::string(response.error()), 0};
  }
  const std::string what = "the destination answers " + std::to_string(response.status());
  switch (response.status()) {
    case 401:
      return {PENSTOCK_E_UNAUTHENTICATED, "broken.UNAUTHENTICATED", what, 0};
    case 403:
      return {PENSTOCK_E_PERMISSION, "broken.FORBIDDEN", what, 0};
    case 404:
      return {PENSTOCK_E_NOT_FOUND, "broken.NOT_FOUND", what, 0};
    case 429:
      return {PENSTOCK_E_RATE_LIMITED, "broken.RATE_LIMITED", what, response.retry_after_ms()};
    default:
      return {response.status() >= 500 ? PENSTOCK_E_UNAVAILABLE : PENSTOCK_E_INTERNAL,
              "broken.UNEXPECTED", what, 0};
  }
}

Writer::Writer(Host host, Breaks breaks, Assignment assignment, size_t key)
    : host_(host),
      http_(host),
      breaks_(std::move(breaks)),
      assignment_(std::move(assignment)),
      key_(key) {
  ++writers;
  if (assignment_.options.find("jobs") != std::string::npos) {
    by_jobs_ = std::make_unique<JobWriter>(host_, breaks_, assignment_, key_);
  }
}

Writer::~Writer() {
  --writers;
  if (breaks_("end.without_finish")) {
    (void)http_.Perform(Call(nullptr), HttpRequest::Get("/v1/account"), [](const HttpResponse&) {});
  }
}

// What only the process notices.
void Writer::BeforeWrite(const Batch& batch) {
  wrote_ = wrote_ || batch.size() > 0;
  if (breaks_("stdio.silent")) std::printf("writing %zu records\n", batch.size());
  if (breaks_("time.host_clock")) ::usleep(1);
  if (breaks_("net.none")) ::close(static_cast<int>(::syscall(SYS_socket, 2, 1, 0)));
  if (breaks_("fs.none")) ::close(::open("/dev/null", O_RDONLY));
  if (breaks_("proc.polite")) ::setenv("BROKEN_WAS_HERE", "1", 1);
  if (breaks_("mem.flat")) Leak();
  if (breaks_("write.borrowed") && batch.size() > 0) {
    const_cast<penstock_value&>(batch.value(0, 0)).reserved[0] = 1;
  }
}

std::string Writer::Operation() const {
  const bool loose = (breaks_("write.insert_existing") && assignment_.operation == "insert") ||
                     (breaks_("write.update_missing") && assignment_.operation == "update");
  return loose ? "upsert" : assignment_.operation;
}

std::string Writer::KeyOf(const Batch& batch, size_t record) const {
  return std::string(TextOf(batch.value(record, key_)));
}

HttpRequest Writer::Request(const Batch& batch, const Range& range) {
  JsonWriter json;
  json.BeginObject();
  if (breaks_("write.golden")) json.Key("version").Raw("2");
  json.Key("records").BeginArray();
  for (size_t i = range.begin; i < range.end; ++i) {
    std::string key = KeyOf(batch, i);
    const bool again =
        breaks_("write.upsert_twice") && assignment_.operation == "upsert" && SeenBefore(key);
    if (again) key += "-again";
    json.BeginObject().Key("key").String(key).Key("op").String(Operation());
    json.Key("fields").BeginObject();
    for (size_t f = 0; f < batch.n_fields(); ++f) {
      const penstock_value& value = batch.value(i, f);
      const bool absent = value.type == PENSTOCK_ABSENT && !breaks_("write.null_absent");
      if (f == key_ || absent) continue;
      AppendValue(breaks_, value, &json.Key(assignment_.fields[f].name));
    }
    json.EndObject().EndObject();
  }
  json.EndArray().EndObject();
  HttpRequest request = HttpRequest::Post("/v1/" + assignment_.object + "/batch", json.Take());
  if (breaks_("write.request_flags")) request.headers.emplace_back("Cookie", "session=1");
  request.idempotent = assignment_.operation != "insert";
  for (size_t i = range.begin; i < range.end; ++i) request.seqs.push_back(batch.seq(i));
  return request;
}

Status Writer::Write(Call call, const Batch& batch, Outcomes& outcomes) {
  BeforeWrite(batch);
  if (by_jobs_) return by_jobs_->Write(call, batch, outcomes);
  const size_t known_jobs = jobs_.size();
  if (breaks_("write.parallel") && writers.load() > 1) {
    for (size_t i = 0; i < batch.size(); ++i) outcomes.Unsent(batch.seq(i), {"BUSY", "busy", {}});
    return {};
  }
  std::vector<Range> ranges = Chunk(batch.size(), breaks_("write.sizes") ? kLimit + 1 : kLimit);
  if (breaks_("write.empty") && ranges.empty()) ranges.push_back({0, 0});
  std::vector<HttpRequest> requests;
  for (const Range& range : ranges) requests.push_back(Request(batch, range));
  CallResult result;
  std::vector<bool> answered(requests.size(), false);
  std::vector<size_t> again;
  Status performed = http_.PerformAll(call, requests, [&](size_t index, const HttpResponse& r) {
    answered[index] = true;
    if (breaks_("write.rate_limited") && r.status() == 429) {
      again.push_back(index);
      return;
    }
    result.Add(Take(batch, ranges[index], r, outcomes));
  });
  for (const size_t index : again) {
    Status retried = http_.Perform(call, requests[index], [&](const HttpResponse& r) {
      result.Add(Take(batch, ranges[index], r, outcomes));
    });
    if (performed.ok()) performed = std::move(retried);
  }
  Status noted = NoteJobs(call, known_jobs);
  if (performed.ok()) return noted.ok() ? result.Conclude() : noted;
  if (!breaks_("cancel.prompt")) return performed;
  for (size_t r = 0; r < ranges.size(); ++r) {
    if (answered[r]) continue;
    for (const uint64_t seq : requests[r].seqs) outcomes.InDoubt(seq, {"STOPPED", "stopped", {}});
  }
  return {};
}

Status Writer::TakeFailure(const std::vector<uint64_t>& seqs, const HttpResponse& response,
                           Outcomes& outcomes) {
  const bool unsent = (breaks_("write.lost_answer") && !response.answered()) ||
                      (breaks_("write.unavailable") && response.status() >= 500);
  if (unsent) {
    for (const uint64_t seq : seqs) outcomes.Unsent(seq, {"NOT_SENT", "not sent", {}});
    return Unexpected(response);
  }
  Failure failure = Unexpected(response);
  if (breaks_("err.no_secret")) failure.message += ": " + std::string(response.body());
  if (breaks_("begin.unknown") && response.status() == 404) {
    failure.status = PENSTOCK_E_UNAVAILABLE;
  }
  if (breaks_("write.accounting/twice") && response.status() == 429) {
    (void)ReportFate(response, seqs, outcomes);
  }
  if (ReportFate(response, seqs, outcomes)) return failure;
  if (breaks_("write.auth_lost") && response.status() == 401) {
    for (const uint64_t seq : seqs) {
      outcomes.Rejected(seq, ErrorClass::kData, {"UNAUTHORISED", "not allowed", {}});
    }
    return {};
  }
  if (response.status() == 400) {
    ++group_;
    const bool split = seqs.size() > 1 && !breaks_("write.all_or_nothing");
    for (const uint64_t seq : seqs) {
      const Reason reason{"REFUSED", "the request was refused", {}};
      if (split) {
        outcomes.Split(seq, group_, reason);
      } else {
        outcomes.Rejected(seq, ErrorClass::kData, reason);
      }
    }
    return {};
  }
  for (const uint64_t seq : seqs) outcomes.Unsent(seq, {"NOT_ACCEPTED", "not accepted", {}});
  return failure;
}

Status Writer::Take(const Batch& batch, const Range& range, const HttpResponse& response,
                    Outcomes& outcomes) {
  if (response.success()) return TakeResults(batch, range, response, outcomes);
  std::vector<uint64_t> seqs;
  for (size_t i = range.begin; i < range.end; ++i) seqs.push_back(batch.seq(i));
  return TakeFailure(seqs, response, outcomes);
}

Status Writer::TakeResults(const Batch& batch, const Range& range, const HttpResponse& response,
                           Outcomes& outcomes) {
  rapidjson::Document answer;
  const bool parsed = ParseJson(response.body(), &answer);
  if (parsed && response.status() == 202 && !TextMember(answer, "job").empty()) {
    Job job{std::string(TextMember(answer, "job")), {}};
    for (size_t i = range.begin; i < range.end; ++i) job.seqs.push_back(batch.seq(i));
    jobs_.push_back(std::move(job));
    return {};
  }
  const JsonValue* results = parsed ? ArrayMember(answer, "results") : nullptr;
  const bool credulous = (breaks_("write.garbage_answer") && !parsed) ||
                         (breaks_("write.error_in_200") && parsed && ArrayMember(answer, "errors"));
  const bool forgetful = breaks_("write.accounting") && assignment_.operation == "delete" &&
                         parsed && !Contains(answer, "results");
  std::set<std::string> seen;
  for (size_t i = range.begin; i < range.end; ++i) {
    const std::string key = KeyOf(batch, i);
    if (breaks_("write.duplicates") && !seen.insert(key).second) continue;
    const JsonValue* found = nullptr;
    for (rapidjson::SizeType r = 0; results != nullptr && r < results->Size(); ++r) {
      const std::string_view told = TextMember((*results)[r], "key");
      const bool mine = told == key || (breaks_("write.upsert_twice") && told == key + "-again");
      if (breaks_("write.mapping") ? r == i - range.begin : mine) found = &(*results)[r];
    }
    if (credulous) {
      outcomes.Updated(batch.seq(i), {});
    } else if (found != nullptr) {
      ReportResult(breaks_, assignment_.operation, batch.seq(i), *found, outcomes);
    } else if (!forgetful) {
      outcomes.InDoubt(batch.seq(i), {"BAD_ANSWER", "the answer says nothing of it", {}});
    }
  }
  return {};
}

void ReportResult(const Breaks& breaks, const std::string& operation, uint64_t seq,
                  const JsonValue& result, Outcomes& outcomes) {
  const std::string_view status = TextMember(result, "status");
  const std::string_view id = TextMember(result, "id");
  Reason reason{TextMember(result, "code"), TextMember(result, "message"),
                TextMember(result, "field")};
  if (breaks("write.partial")) reason.code = {};
  const JsonValue* raw = Member(result, "status");
  if (breaks("fuzz.answers") && raw != nullptr && !raw->IsString()) __builtin_trap();
  if (status == "created") {
    outcomes.Created(seq, id);
  } else if (status == "updated") {
    outcomes.Updated(seq, id);
  } else if (status == "deleted") {
    outcomes.Deleted(seq, id);
  } else if (status == "missing" && breaks("write.delete_missing") && operation == "delete") {
    outcomes.Rejected(seq, ErrorClass::kData, {"MISSING", "it is not there", {}});
  } else if (status == "missing") {
    outcomes.Missing(seq, {"MISSING", "it is not there", {}});
  } else if (status == "exists") {
    outcomes.Exists(seq, id, {"EXISTS", "it is there", {}});
  } else if (status == "rejected") {
    outcomes.Rejected(seq, ErrorClass::kData, reason);
  } else {
    outcomes.InDoubt(seq, {"BAD_ANSWER", "the answer has an unknown status", {}});
  }
}

// The answer to the request that made a job is the first to tell its id.
Status Writer::NoteJobs(Call call, size_t first) {
  for (size_t i = first; i < jobs_.size() && !breaks_("finish.async_job"); ++i) {
    Status noted = host_.Note(call, jobs_[i].seqs, jobs_[i].id);
    if (!noted.ok()) return noted;
  }
  return {};
}

// Jobs that the destination does by and by.
Status Writer::Finish(Call call, Outcomes& outcomes) {
  if (by_jobs_) return by_jobs_->Finish(call, outcomes);
  if (breaks_("finish.bare") && !wrote_) {
    (void)http_.Perform(call, HttpRequest::Post("/v1/ping", "{}"), [](const HttpResponse&) {});
  }
  for (const Job& job : jobs_) {
    bool done = false, gone = false;
    while (!done) {
      Status polled = http_.Perform(
          call, HttpRequest::Get("/v1/jobs/" + job.id), [&](const HttpResponse& response) {
            gone = response.status() == 404;
            done = gone || response.body().find("done") != std::string_view::npos;
          });
      if (polled.ok() && !done) polled = host_.Sleep(call, 1000);
      if (polled.ok()) continue;
      for (const uint64_t seq : job.seqs) {
        const Reason reason{"JOB_OPEN", "the job is still at work", {}};
        if (breaks_("finish.stuck_job")) outcomes.InDoubt(seq, reason);
      }
      return polled;
    }
    for (const uint64_t seq : job.seqs) {
      if (gone) {
        outcomes.InDoubt(seq, {"GONE", "there is no such job", {}});
      } else {
        outcomes.Updated(seq, {});
      }
    }
  }
  jobs_.clear();
  return {};
}

}  // namespace broken
