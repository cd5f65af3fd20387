#include "sdk/testing/kit/model_jobs.h"

#include <cstdlib>

namespace penstock::kit {
namespace {

constexpr size_t kKept = 100;
constexpr size_t kSlowLooks = 3;
// A job that fails has written this many by then.
size_t WrittenByFailed(const std::string& mood) { return mood == "failed_empty" ? 0 : 1; }

}  // namespace

ModelJobs::Job* ModelJobs::Find(const std::string& id) {
  const auto at = jobs_.find(std::strtoull(id.c_str(), nullptr, 10));
  return at == jobs_.end() || std::to_string(at->first) != id ? nullptr : &at->second;
}

std::string ModelJobs::Create(const std::string& object) {
  jobs_[next_].object = object;
  if (jobs_.size() > kKept) jobs_.erase(jobs_.begin());
  return std::to_string(next_++);
}

ModelJobs::Answer ModelJobs::Upload(const std::string& id, Content content) {
  Job* job = Find(id);
  if (job == nullptr) return Answer::kUnknown;
  if (job->state != "open" || job->filled) return Answer::kWrongState;
  content.object = job->object;
  job->content = std::move(content);
  job->filled = true;
  return Answer::kDone;
}

ModelJobs::Answer ModelJobs::Start(const std::string& id) {
  Job* job = Find(id);
  if (job == nullptr) return Answer::kUnknown;
  if (job->state != "open" || !job->filled) return Answer::kWrongState;
  job->state = "running";
  job->mood = mood_;
  return Answer::kDone;
}

ModelJobs::Answer ModelJobs::Abort(const std::string& id) {
  Job* job = Find(id);
  if (job == nullptr) return Answer::kUnknown;
  if (job->over()) return Answer::kWrongState;
  job->state = "aborted";
  return Answer::kDone;
}

ModelJobs::Answer ModelJobs::Look(const std::string& id, std::string* state) {
  Job* job = Find(id);
  if (job == nullptr) return Answer::kUnknown;
  const size_t needed = job->mood == "slow" ? kSlowLooks : 0;
  const bool ends = job->state == "running" && job->mood != "stuck" && job->looks++ >= needed;
  if (ends) Finish(job);
  *state = job->state;
  return Answer::kDone;
}

ModelJobs::Answer ModelJobs::Results(const std::string& id, const std::vector<Result>** results) {
  Job* job = Find(id);
  if (job == nullptr) return Answer::kUnknown;
  if (!job->over()) return Answer::kWrongState;
  *results = &job->results;
  return Answer::kDone;
}

void ModelJobs::End() {
  for (auto& [number, job] : jobs_) {
    if (job.state == "running" && job.mood != "stuck") Finish(&job);
  }
}

void ModelJobs::Finish(Job* job) {
  const bool fails = job->mood == "failed" || job->mood == "failed_empty";
  job->state = fails ? "failed" : "done";
  rapidjson::Document body;
  if (!ParseExact(job->content.body, &body)) return;
  const Json* records = At(body, job->content.pointer);
  if (records == nullptr || !records->IsArray()) return;
  for (const Json& record : records->GetArray()) {
    const bool writes = !fails || job->results.size() < WrittenByFailed(job->mood);
    job->results.push_back(write_(job->content, record, writes));
  }
}

}  // namespace penstock::kit
