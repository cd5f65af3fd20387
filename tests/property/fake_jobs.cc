#include "tests/property/fake_jobs.h"

#include <unistd.h>

#include <utility>

#include "tests/property/log.h"

namespace penstock::testing {
namespace {

std::string Hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

std::string FromHex(const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace

FakeJobs::FakeJobs(std::string log_path, FakeAccount* account)
    : path_(std::move(log_path)), account_(account) {
  Reload();
}

void FakeJobs::Reload() {
  const std::lock_guard lock(mutex_);
  jobs_.clear();
  for (const std::string& line : ReadLog(path_)) Replay(line);
}

std::map<std::string, FakeJob> FakeJobs::Jobs() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, FakeJob> jobs = jobs_;
  for (auto& [name, job] : jobs) job.results = account_->ResultsOf(name);
  return jobs;
}

void FakeJobs::Append(const std::string& line) {
  AppendToLog(path_, line);
  Replay(line);
}

/// VERB JOB [what it takes]
void FakeJobs::Replay(const std::string& line) {
  const std::vector<std::string> parts = Split(line);
  FakeJob& job = jobs_[parts[1]];
  if (parts[0] == "create") job.op = std::stoi(parts[2]);
  if (parts[0] == "uploaded") ++job.uploads;
  if (parts[0] == "completed") job.completed = true;
  if (parts[0] == "processed") job.processed = true;
  if (parts[0] == "aborted") job.aborted = true;
  if (parts[0] == "gone") job.gone = true;
  if (parts[0] == "row") {
    JobRow row{parts[2], parts[3] == "-" ? "" : parts[3], {}};
    for (size_t i = 4; i < parts.size(); ++i) {
      const size_t equals = parts[i].find('=');
      row.values.emplace_back(parts[i].substr(0, equals), FromHex(parts[i].substr(equals + 1)));
    }
    job.rows.push_back(std::move(row));
  }
}

std::string FakeJobs::Create(int32_t op) {
  const std::lock_guard lock(mutex_);
  const std::string job = "job" + std::to_string(jobs_.size() + 1);
  Append("create\t" + job + kTab + std::to_string(op));
  return job;
}

void FakeJobs::Upload(const std::string& job, const std::vector<JobRow>& rows) {
  const std::lock_guard lock(mutex_);
  for (const JobRow& row : rows) {
    std::string line = "row\t" + job + kTab + row.key + kTab + (row.id.empty() ? "-" : row.id);
    for (const auto& [field, value] : row.values) line += kTab + field + "=" + Hex(value);
    Append(line);
  }
  Append("uploaded\t" + job);
}

void FakeJobs::Complete(const std::string& job) {
  const std::lock_guard lock(mutex_);
  if (!jobs_[job].completed && !jobs_[job].aborted) Append("completed\t" + job);
}

void FakeJobs::Process(const std::string& name, bool half) {
  const std::lock_guard lock(mutex_);
  const FakeJob job = jobs_[name];
  if (!job.completed || job.processed || job.gone) return;
  const auto results = account_->ResultsOf(name);
  const size_t n = half ? job.rows.size() / 2 : job.rows.size();
  for (size_t i = 0; i < n; ++i) {
    // Done by a process that died over it: a destination does not die with its clients.
    if (results.contains(job.rows[i].key)) continue;
    Arena arena;
    std::vector<Value> values;
    std::vector<std::pair<std::string, const Value*>> fields;
    for (const auto& [field, encoded] : job.rows[i].values) {
      std::string_view bytes = encoded;
      values.push_back(*DecodeValue(&bytes, &arena));
    }
    for (size_t v = 0; v < values.size(); ++v) {
      fields.emplace_back(job.rows[i].values[v].first, &values[v]);
    }
    account_->Write(job.op, job.rows[i].key, job.rows[i].id, fields, false, name);
  }
  Append("processed\t" + name);
}

void FakeJobs::Abort(const std::string& job) {
  const std::lock_guard lock(mutex_);
  if (!jobs_[job].completed) Append("aborted\t" + job);
}

void FakeJobs::Die(int status) {
  const std::lock_guard lock(mutex_);
  ::_exit(status);
}

void FakeJobs::Forget(const std::string& job) {
  const std::lock_guard lock(mutex_);
  Append("gone\t" + job);
}

}  // namespace penstock::testing
