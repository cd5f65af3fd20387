// A destination account for property and crash tests: what it holds lives in a file that survives
// the death of the process, so that a killed run meets the same account again. It follows the ABI's
// contract and misbehaves on request.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/run/destination.h"

namespace penstock::testing {

/// One record as the account holds it. Values are canonical text; nullopt: empty.
struct HeldRecord {
  std::string id;
  std::map<std::string, std::string> fields;  // without empty ones
  bool ours = false;                          // written by us at least once
  uint64_t writes = 0;
  bool operator==(const HeldRecord&) const = default;
};

/// The account itself: an append-only log of applied writes, replayed on opening. [thread-safe]
class FakeAccount {
 public:
  explicit FakeAccount(std::string log_path);

  /// Reads what another process has done since.
  void Reload();
  /// Content by key (lower-case).
  std::map<std::string, HeldRecord> Records() const;
  /// A record that somebody else made.
  void Seed(const std::string& key, const std::map<std::string, std::string>& fields);
  /// Somebody made `key` a second key of the record `of` (a merge, a secondary address).
  void Alias(const std::string& key, const std::string& of);

  struct Applied {
    int32_t outcome = 0;
    std::string id, code;
    int32_t error_class = 0;
  };
  using Values = std::vector<std::pair<std::string, const Value*>>;
  /// Judges one write, and applies it unless `judge_only`. With its `job`, what became of it is
  /// kept with what it did: whoever dies, both are there or neither is.
  Applied Write(int32_t op, const std::string& key, const std::string& id, const Values& values,
                bool judge_only, const std::string& job = "");
  /// By key: what became of a job's writes.
  std::map<std::string, Applied> ResultsOf(const std::string& job) const;
  std::optional<std::string> FindId(const std::string& key) const;
  const std::string& path() const { return path_; }

 private:
  Applied Judge(int32_t op, const std::string& key, const std::string& id, const Values& values,
                std::string* line) const;
  void Append(const std::string& line);
  void Replay(const std::string& line);
  std::string KeyOfId(const std::string& id) const;
  /// The record's own key, if `key` is another one of it.
  std::string OwnKey(const std::string& key) const;

  std::string path_;
  mutable std::mutex mutex_;
  std::map<std::string, HeldRecord> records_;
  std::map<std::string, std::string> aliases_;
  std::map<std::string, std::map<std::string, Applied>> results_;  // by job and key
  uint64_t next_id_ = 1;
};

/// How a destination misbehaves.
struct FaultSettings {
  uint32_t seed = 0;
  double per_request = 0;        // share of requests with a fault
  bool all_or_nothing = false;   // one bad record sinks its request: SPLIT
  bool lose_answers = false;     // everything is applied, nothing is answered
  bool dies = false;             // the connector fails after it sent, without a word
  bool presumes = false;         // everything is applied; a success is told though no answer came
  bool boasts = false;           // nothing is applied, as the host knows; a success is told
  bool twice = false;            // after the answered request a second one is certainly not applied
  bool forget_seqs = false;      // the connector does not say which records a request changes
  bool makes_up = false;         // a success is told of every record, and no request is made
  bool ends_badly = false;       // finish fails, though every record has its outcome
  bool late = false;             // what is refused as a whole is told by finish
  bool jobs = false;             // it writes by asynchronous jobs
  bool job_stuck = false;        // they do not end
  bool job_half = false;         // they end with rows that were not processed
  bool job_noted_again = false;  // one that is handed back gets another token
  bool job_done_early = false;   // they are done before anybody asks
  bool job_complains = false;    // the write that makes one fails, because of something else
  bool bars_crashed = false;     // once the connector was brought down, all requests are refused
  std::string die_at;            // a step of a job: the process ends there
  std::set<std::string> shared;  // keys that, as a lookup finds, several records have
};

class FakeJobs;

/// The connector and its host adapter in one.
class FakeDestination final : public Destination {
 public:
  FakeDestination(FakeAccount* account, FaultSettings faults);
  ~FakeDestination() override;

  const sdk::Manifest& manifest() const override { return manifest_; }
  sdk::Result<sdk::CheckReport> Check(const CallLimits& limits) override;
  sdk::Result<sdk::Catalog> Discover(const std::vector<std::string>& objects,
                                     const CallLimits& limits) override;
  sdk::Result<std::unique_ptr<DestinationWriter>> Begin(const sdk::Assignment& assignment,
                                                        std::span<const OpenNote> notes,
                                                        RequestJournal* journal,
                                                        const CallLimits& limits) override;
  bool can_lookup() const override { return true; }
  sdk::Status Lookup(const sdk::Assignment& assignment, std::span<const Value> keys,
                     std::vector<LookupHit>* hits, const CallLimits& limits) override;
  uint64_t requests() const override { return requests_; }

  /// Keys whose records a request was sent for, in this object's life, in order.
  std::vector<std::string> sent() const;
  void set_account_id(const std::string& id) { account_id_ = id; }
  void set_version(const std::string& version) { manifest_.version = version; }

  enum class Fault {
    kNone,
    kLostApplied,
    kLostNotApplied,
    kNotSent,
    kRefused,
    kGarbage,
    kSilent,
    kDown,
    kDies  // the connector fails after it sent, without a word
  };
  // For its writers.
  Fault Draw();
  uint64_t NextRequest() { return ++requests_; }
  void Sent(const std::string& key);
  void WentDown() { went_down_ = true; }
  const FaultSettings& faults() const { return faults_; }
  FakeJobs* jobs() { return jobs_.get(); }

 private:
  friend class FakeWriter;

  FakeAccount* const account_;
  const FaultSettings faults_;
  sdk::Manifest manifest_;
  std::string account_id_ = "42";
  std::atomic<uint64_t> requests_ = 0;
  std::atomic<bool> went_down_ = false;
  mutable std::mutex mutex_;
  std::mt19937 random_;
  std::unique_ptr<FakeJobs> jobs_;
  std::vector<std::string> sent_;
};

/// The catalog of the fake object "people": key email (trim, lower), score (decimal), name (string,
/// at most 12), note.
sdk::Catalog FakeCatalog();

}  // namespace penstock::testing
