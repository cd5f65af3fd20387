// The writer of the fake connector where it works by asynchronous jobs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/property/fake_account.h"
#include "tests/property/fake_jobs.h"

namespace penstock::testing {

class FakeJobWriter final : public DestinationWriter {
 public:
  FakeJobWriter(FakeDestination* destination, sdk::Assignment assignment, int32_t op,
                std::span<const OpenNote> notes, RequestJournal* journal, CallLimits limits);
  sdk::Status Write(const penstock_batch& batch, const OutcomeCallback& report) override;
  sdk::Status Finish(const OutcomeCallback& report) override;

 private:
  struct Sent {
    std::string job;
    std::map<std::string, uint64_t> seqs;  // by key
    bool handed_back = false;
  };

  std::string KeyOf(const penstock_batch& batch, size_t i) const;
  void Step(const char* step) const;
  sdk::Status Send(const OutcomeCallback& report);
  sdk::Status Poll(const Sent& sent, const OutcomeCallback& report);
  void Report(uint64_t seq, const FakeAccount::Applied& applied, const OutcomeCallback& report);
  void ReportAll(const Sent& sent, int32_t outcome, const OutcomeCallback& report);

  FakeDestination* const destination_;
  FakeJobs* const jobs_;
  const FaultSettings faults_;
  const sdk::Assignment assignment_;
  const int32_t op_;
  RequestJournal* const journal_;
  const CallLimits limits_;
  std::vector<JobRow> rows_;
  std::map<std::string, uint64_t> seqs_;
  std::vector<Sent> sent_;
};

}  // namespace penstock::testing
