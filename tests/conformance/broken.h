// A connector that keeps every rule but the one that its configuration names.
#pragma once

#include <string>
#include <vector>

#include "penstock/connector.hpp"
#include "penstock/json_reader.hpp"

namespace broken {

using namespace penstock::sdk;  // NOLINT(google-build-using-namespace): what a connector is written
                                // in

/// Which rule is broken: the id of a check, and for some a suffix.
class Breaks {
 public:
  explicit Breaks(std::string rule) : rule_(std::move(rule)) {}
  bool operator()(std::string_view rule) const { return rule_ == rule; }

 private:
  std::string rule_;
};

/// A failure for a request without a usable answer.
Failure Unexpected(const HttpResponse& response);

class Writer {
 public:
  Writer(Host host, Breaks breaks, Assignment assignment, size_t key);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Status Write(Call call, const Batch& batch, Outcomes& outcomes);
  Status Finish(Call call, Outcomes& outcomes);
  /// A job of an earlier run.
  void HandBack(NotedRecords note) {
    if (breaks_("finish.open_notes")) return;
    jobs_.push_back({std::move(note.token), std::move(note.seqs), true});
  }

 private:
  struct Job {
    std::string id;
    std::vector<uint64_t> seqs;
    bool handed_back = false;
  };

  void BeforeWrite(const Batch& batch);
  std::string Operation() const;
  std::string TextFor(const Batch& batch, size_t record, size_t field) const;
  HttpRequest Request(const Batch& batch, const Range& range);
  Status Take(const Batch& batch, const Range& range, const HttpResponse& response,
              Outcomes& outcomes);
  Status TakeFailure(const std::vector<uint64_t>& seqs, const HttpResponse& response,
                     Outcomes& outcomes);
  Status TakeResults(const Batch& batch, const Range& range, const HttpResponse& response,
                     Outcomes& outcomes);
  void One(uint64_t seq, const JsonValue& result, Outcomes& outcomes);
  std::string KeyOf(const Batch& batch, size_t record) const;

  Host host_;
  Http http_;
  Breaks breaks_;
  Assignment assignment_;
  size_t key_;
  uint32_t group_ = 0;
  bool wrote_ = false;
  std::vector<Job> jobs_;
  std::vector<std::string> sent_;  // keys, for write.upsert_twice
};

}  // namespace broken
