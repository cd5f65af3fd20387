// Sending a batch: which records a request is about, and an outcome for each of them, whatever
// comes back.
//
//   WriteRequests requests(batch);
//   for (const Range& range : Chunk(batch.size(), 100)) requests.Add(BodyOf(batch, range), range);
//   return requests.Send(http, call, outcomes,
//                        [&](size_t, const HttpResponse& response, RequestOutcomes& records) {
//                          return Take(response, records);
//                        });
//
// `Take` says what the answer means. What it cannot know (a lost answer, a 503) is reported before
// it is called, what it leaves out after it returned: no record can be forgotten.
#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/host.hpp"
#include "penstock/http.hpp"
#include "penstock/records.hpp"

namespace penstock::sdk {

/// The records of one write request, by their place in it, and what became of each. A record's
/// first outcome counts: the functions return false, and report nothing, for a place that has one
/// already or that the request does not have. When this object ends, records without an outcome
/// get the one that `rest` says. Borrows `seqs` and `outcomes`. [serial:writer]
class RequestOutcomes {
 public:
  /// `rest`: PENSTOCK_IN_DOUBT (the request may have been applied) or PENSTOCK_UNSENT (certainly
  /// not), for what is left at the end; `why` is borrowed for as long as this object lives.
  RequestOutcomes(std::span<const uint64_t> seqs, Outcomes& outcomes, int32_t rest,
                  const Reason& why)
      : seqs_(seqs),
        outcomes_(&outcomes),
        settled_(seqs.size(), false),
        left_(seqs.size()),
        rest_(rest),
        why_(why) {}
  ~RequestOutcomes() { Rest(rest_, why_); }
  RequestOutcomes(const RequestOutcomes&) = delete;
  RequestOutcomes& operator=(const RequestOutcomes&) = delete;

  size_t size() const { return seqs_.size(); }
  /// Records that have no outcome yet.
  size_t left() const { return left_; }
  /// Also true for a place that the request does not have.
  bool settled(size_t place) const { return place >= size() || settled_[place]; }
  uint64_t seq(size_t place) const { return seqs_[place]; }

  bool Created(size_t place, std::string_view id, std::string_view warning = {}) {
    if (!Settle(place)) return false;
    outcomes_->Created(seqs_[place], id, warning);
    return true;
  }
  bool Updated(size_t place, std::string_view id, std::string_view warning = {}) {
    if (!Settle(place)) return false;
    outcomes_->Updated(seqs_[place], id, warning);
    return true;
  }
  bool Deleted(size_t place, std::string_view id) {
    if (!Settle(place)) return false;
    outcomes_->Deleted(seqs_[place], id);
    return true;
  }
  bool Unchanged(size_t place, std::string_view id) {
    if (!Settle(place)) return false;
    outcomes_->Unchanged(seqs_[place], id);
    return true;
  }
  bool Missing(size_t place, const Reason& reason) {
    if (!Settle(place)) return false;
    outcomes_->Missing(seqs_[place], reason);
    return true;
  }
  bool Exists(size_t place, std::string_view id, const Reason& reason) {
    if (!Settle(place)) return false;
    outcomes_->Exists(seqs_[place], id, reason);
    return true;
  }
  bool Rejected(size_t place, ErrorClass error_class, const Reason& reason) {
    if (!Settle(place)) return false;
    outcomes_->Rejected(seqs_[place], error_class, reason);
    return true;
  }
  bool Unsent(size_t place, const Reason& reason) {
    if (!Settle(place)) return false;
    outcomes_->Unsent(seqs_[place], reason);
    return true;
  }
  bool InDoubt(size_t place, const Reason& reason) {
    if (!Settle(place)) return false;
    outcomes_->InDoubt(seqs_[place], reason);
    return true;
  }
  /// Records with equal `group` are split together; GroupOf names a group after one of them.
  bool Split(size_t place, uint32_t group, const Reason& reason) {
    if (!Settle(place)) return false;
    outcomes_->Split(seqs_[place], group, reason);
    return true;
  }
  /// Another number for each record of a call (seqs are given out one after the other).
  uint32_t GroupOf(size_t place) const { return static_cast<uint32_t>(seqs_[place]); }

  // For every record that is left.
  void RestUnsent(const Reason& reason) { Rest(PENSTOCK_UNSENT, reason); }
  void RestInDoubt(const Reason& reason) { Rest(PENSTOCK_IN_DOUBT, reason); }
  void RestRejected(ErrorClass error_class, const Reason& reason) {
    for (size_t i = 0; i < size(); ++i) Rejected(i, error_class, reason);
  }
  /// The destination refused the request as a whole and applied nothing of it: several records are
  /// SPLIT, so that the host finds the one to blame; a single one is to blame itself.
  void RestRefused(const Reason& reason, ErrorClass error_class = ErrorClass::kData) {
    if (left_ == 1) return RestRejected(error_class, reason);
    uint32_t group = 0;
    bool has_group = false;
    for (size_t i = 0; i < size(); ++i) {
      if (settled_[i]) continue;
      if (!has_group) group = GroupOf(i);
      has_group = true;
      Split(i, group, reason);
    }
  }
  /// UNSENT or IN_DOUBT, as FateOf says.
  void RestFate(int32_t fate, const Reason& reason) { Rest(fate, reason); }

 private:
  bool Settle(size_t place) {
    if (settled(place)) return false;
    settled_[place] = true;
    --left_;
    return true;
  }
  void Rest(int32_t fate, const Reason& reason) {
    for (size_t i = 0; left_ > 0 && i < size(); ++i) {
      if (Settle(i)) outcomes_->Fate(fate, seqs_[i], reason);
    }
  }

  std::span<const uint64_t> seqs_;
  Outcomes* outcomes_;
  std::vector<bool> settled_;
  size_t left_;
  int32_t rest_;
  Reason why_;
};

/// The requests of one call of Write, each with its records. Borrows the batch.
class WriteRequests {
 public:
  explicit WriteRequests(const Batch& batch) : batch_(&batch) {}

  /// `records`: their indices in the batch; a record belongs to one request only. Fills in
  /// request.seqs.
  void Add(HttpRequest request, std::vector<size_t> records) {
    request.seqs.clear();
    request.seqs.reserve(records.size());
    for (const size_t record : records) request.seqs.push_back(batch_->seq(record));
    requests_.push_back(std::move(request));
    records_.push_back(std::move(records));
  }
  void Add(HttpRequest request, const Range& range) {
    std::vector<size_t> records(range.size());
    std::iota(records.begin(), records.end(), range.begin);
    Add(std::move(request), std::move(records));
  }

  size_t size() const { return requests_.size(); }
  const HttpRequest& request(size_t index) const { return requests_[index]; }
  /// Indices in the batch of a request's records, in the order of their places.
  const std::vector<size_t>& records(size_t index) const { return records_[index]; }

  /// Sends all of them and calls `take(index, response, records)` once for each answer or
  /// failure, in order of completion, on this thread; it returns a Status: not ok when the run
  /// should stop or the request may go later (CallResult weighs them). Before it is called, the
  /// records of a request that FateOf knows the fate of have it. After it, those left are IN_DOUBT
  /// if the answer was a success, else UNSENT: the destination refused the request. Returns what
  /// the call came to. Blocks. [serial:writer]
  template <typename Take>
  Status Send(const Http& http, Call call, Outcomes& outcomes, const Take& take) const {
    if (requests_.empty()) return {};
    CallResult result;
    std::vector<bool> answered(size(), false);
    Status performed =
        http.PerformAll(call, requests_, [&](size_t index, const HttpResponse& response) {
          answered[index] = true;
          result.Add(TakeOne(index, response, outcomes, take));
        });
    for (size_t i = 0; !performed.ok() && i < size(); ++i) {
      if (answered[i]) continue;
      for (const uint64_t seq : requests_[i].seqs) {
        outcomes.Unsent(seq, {"NOT_SENT", performed.failure().message, {}});
      }
    }
    return performed.ok() ? result.Conclude() : performed;
  }

 private:
  template <typename Take>
  Status TakeOne(size_t index, const HttpResponse& response, Outcomes& outcomes,
                 const Take& take) const {
    const std::string code = "HTTP_" + std::to_string(response.status());
    const Reason why = response.success()
                           ? Reason{"NOT_IN_ANSWER", "the answer says nothing of this record", {}}
                           : Reason{code, "the destination refused the request", {}};
    RequestOutcomes records(
        requests_[index].seqs, outcomes,
        response.success() ? int32_t{PENSTOCK_IN_DOUBT} : int32_t{PENSTOCK_UNSENT}, why);
    ReportFate(response, records);
    return take(index, response, records);
  }

  static void ReportFate(const HttpResponse& response, RequestOutcomes& records) {
    const int32_t fate = FateOf(response);
    if (fate == 0) return;
    const FateText text(response, fate);
    records.RestFate(fate, text.reason());
  }

  const Batch* batch_;
  std::vector<HttpRequest> requests_;
  std::vector<std::vector<size_t>> records_;
};

}  // namespace penstock::sdk
