// The thread that works on the jobs, and what tests tell it.
#include <algorithm>

#include "plugins/salesforce/sandbox/ingest.h"

namespace penstock::sandbox::salesforce {

// Works on all jobs in turn, a batch each.
void Ingest::Run() {
  std::deque<std::pair<JobPointer, std::unique_ptr<Work>>> active;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    std::erase_if(queue_, [&](const JobPointer& job) {
      if (hold_ && !job->abort.load()) return false;
      job->state = JobState::kInProgress;
      ++at_work_;
      active.emplace_back(job, std::make_unique<Work>(org_, *job, mutex_, folder_));
      return true;
    });
    const auto ready = std::find_if(active.begin(), active.end(), [&](const auto& one) {
      return !one.second->Stalled() && (!hold_ || one.first->abort.load());
    });
    if (ready == active.end()) {
      changed_.wait(lock);
      continue;
    }
    auto one = std::move(*ready);
    active.erase(ready);
    lock.unlock();
    const std::uint64_t before = one.second->batches();
    const bool goes_on = one.second->Step();
    batches_.Add(org_.sandbox().clock.NowMs(),
                 static_cast<std::int64_t>(one.second->batches() - before));
    lock.lock();
    if (goes_on) {
      active.push_back(std::move(one));
    } else {
      --at_work_;
    }
    changed_.notify_all();
  }
}

bool Ingest::SetFaults(const JsonValue& list) {
  static const std::map<std::string, JobFault::Kind, std::less<>> kinds = {
      {"fail", JobFault::Kind::kFail},
      {"abort", JobFault::Kind::kAbort},
      {"unprocessed", JobFault::Kind::kUnprocessed},
      {"stall", JobFault::Kind::kStall}};
  if (!list.IsArray()) return false;
  std::vector<Rule> rules;
  for (const JsonValue& item : list.GetArray()) {
    if (!item.IsObject()) return false;
    Rule rule;
    rule.fault.message =
        "TooManyLockFailure : Too many lock failures. Trying to process the batch again";
    for (const auto& member : item.GetObject()) {
      const std::string_view name = Text(member.name);
      const JsonValue& value = member.value;
      if (name == "kind" && value.IsString() && kinds.contains(Text(value))) {
        rule.fault.kind = kinds.find(Text(value))->second;
      } else if (name == "object" && value.IsString()) {
        rule.object = Text(value);
      } else if (name == "operation" && value.IsString()) {
        rule.operation = Text(value);
      } else if (name == "message" && value.IsString()) {
        rule.fault.message = Text(value);
      } else if (name == "at" && value.IsUint64()) {
        rule.fault.at = value.GetUint64();
      } else if (name == "count" && value.IsUint64()) {
        rule.fault.count = value.GetUint64();
      } else if (name == "after" && value.IsInt64()) {
        rule.after = value.GetInt64();
      } else if (name == "times" && value.IsInt64()) {
        rule.times = value.GetInt64();
      } else {
        return false;
      }
    }
    if (rule.fault.kind == JobFault::Kind::kNone) return false;
    rules.push_back(std::move(rule));
  }
  std::lock_guard lock(mutex_);
  rules_ = std::move(rules);
  return true;
}

// What an administrator does in the org's setup.
void Ingest::AbortJobs(std::string_view id) {
  std::lock_guard lock(mutex_);
  for (const auto& [name, job] : jobs_) {
    if ((id != "*" && id != name) || IsOver(job->state)) continue;
    if (job->state == JobState::kOpen) job->state = JobState::kAborted;
    job->abort.store(true);
  }
  changed_.notify_all();
}

// Returns when nothing that can go on is left to do.
void Ingest::EndJobs(std::unique_lock<std::mutex>& lock) {
  if (hold_) return;
  for (const auto& [id, job] : jobs_) job->released.store(true);
  changed_.notify_all();
  changed_.wait(lock, [&] { return stopping_ || hold_ || (queue_.empty() && at_work_ == 0); });
}

bool Ingest::Configure(std::string_view name, const JsonValue& value) {
  if (name == "bulk_faults") return SetFaults(value);
  if (name == "bulk_abort" && value.IsString()) {
    AbortJobs(Text(value));
    return true;
  }
  std::unique_lock lock(mutex_);
  if (name == "bulk_latency_ms" && value.IsInt64()) {
    latency_ms_ = value.GetInt64();
  } else if (name == "bulk_polls" && value.IsUint64()) {
    polls_ = value.GetUint64();
  } else if (name == "bulk_hold" && value.IsBool()) {
    hold_ = value.GetBool();
  } else if (name == "bulk_release" && value.IsTrue()) {
    for (const auto& [id, job] : jobs_) job->released.store(true);
  } else if (name == "bulk_end" && value.IsTrue()) {
    EndJobs(lock);
    return true;
  } else {
    return false;
  }
  changed_.notify_all();
  return true;
}

void Ingest::WriteStats(JsonWriter& json) {
  std::lock_guard lock(mutex_);
  std::map<std::string, std::uint64_t> states;
  for (const auto& [id, job] : jobs_) ++states[StateName(job->state)];
  json.Key("jobs");
  json.StartObject();
  for (const auto& [state, count] : states) {
    json.Key(state.c_str());
    json.Uint64(count);
  }
  json.EndObject();
  json.Key("uploads");
  json.Uint64(uploads_);
}

void Ingest::Reset() {
  std::unique_lock lock(mutex_);
  for (const auto& [id, job] : jobs_) job->abort.store(true);
  for (const JobPointer& job : queue_) job->state = JobState::kAborted;  // somebody may wait for it
  jobs_.clear();
  queue_.clear();
  next_ = 1;
  rules_.clear();
  uploads_ = 0;
  polls_ = 0;
  hold_ = false;
  latency_ms_ = first_latency_ms_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return stopping_ || at_work_ == 0; });
}

}  // namespace penstock::sandbox::salesforce
