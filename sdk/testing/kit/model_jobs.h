// Asynchronous jobs of a model: made, filled, started, looked at; what they write is there when
// they end and not before.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sdk/testing/kit/filling.h"

namespace penstock::kit {

/// One thread at a time.
class ModelJobs {
 public:
  struct Result {
    std::string verdict;  // created, rejected, ...; "unprocessed"
    Names names;
  };
  struct Content {
    std::string object;
    std::string body;     // JSON, with the records
    std::string pointer;  // to their list
    size_t route = 0;     // that took them
  };
  /// Writes a record, or tells only its names where it is not to be written.
  using Write = std::function<Result(const Content& content, const Json& record, bool write)>;
  enum class Answer { kDone, kUnknown, kWrongState };

  explicit ModelJobs(Write write) : write_(std::move(write)) {}

  void Clear() { jobs_.clear(); }
  /// Of jobs that are started from now on: "slow", "stuck", "failed", "failed_empty" (with nothing
  /// written); others end at the first look.
  void SetMood(const std::string& mood) { mood_ = mood; }

  /// The new job's id. Of the oldest ones nothing is known any more.
  std::string Create(const std::string& object);
  /// Once, while it is open. The object of `content` is the job's.
  Answer Upload(const std::string& id, Content content);
  Answer Start(const std::string& id);
  Answer Abort(const std::string& id);
  /// open, running, done, failed, aborted.
  Answer Look(const std::string& id, std::string* state);
  /// Of a job that is over.
  Answer Results(const std::string& id, const std::vector<Result>** results);
  /// What is at work is over now, but for what is stuck.
  void End();

 private:
  struct Job {
    std::string object, mood, state = "open";
    Content content;
    bool filled = false;
    size_t looks = 0;
    std::vector<Result> results;
    bool over() const { return state != "open" && state != "running"; }
  };
  Job* Find(const std::string& id);
  void Finish(Job* job);

  const Write write_;
  std::string mood_;
  std::map<uint64_t, Job> jobs_;
  uint64_t next_ = 1;
};

}  // namespace penstock::kit
