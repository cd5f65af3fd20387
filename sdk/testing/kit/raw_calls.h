// Calls into a connector's table by hand, each with its own penstock_call.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sdk/testing/kit/raw_host.h"
#include "sdk/testing/kit/records.h"

namespace penstock::kit {

class Trial;

/// What came of one call.
struct RawResult {
  penstock_status status = PENSTOCK_OK;
  std::string code, message;
  std::string broken;       // how status and fail() contradict each other, else empty
  bool handle_set = false;  // open and begin: the handle is not null
  std::string text;         // check and discover
};

/// Fails the check where the call broke the rules of errors.
void Report(Trial& trial, const RawResult& result, const std::string& what);
/// Fails the check where a blob was used that there is not.
void ReportBlobs(Trial& trial, const RawHost& host);

/// The fixture's configuration, or one made up from the schema.
std::string RawConfig(Trial& trial);
/// An upsert of the fixture's object by its key with one more field; made-up names without a
/// fixture.
std::string AnAssignment(const Trial& trial);

/// Requests of `host` go to the trial's destination from now on, if there is one.
void Connect(Trial& trial, RawHost* host);

class RawDestination {
 public:
  RawDestination(const penstock_connector* table, Shape shape, uint64_t starve_at = 0)
      : starve(starve_at), table_(table), shape_(shape) {}
  ~RawDestination() { Close(); }
  RawDestination(const RawDestination&) = delete;
  RawDestination& operator=(const RawDestination&) = delete;

  RawResult Open(RawHost& host, const std::string& config);
  RawResult Check();
  RawResult Discover(const std::string& request);
  void Close();
  /// Leaves the handle alone: it must not be closed.
  void Forget() { destination_ = nullptr; }
  penstock_destination* c() const { return destination_; }
  uint64_t starve;  // the n-th allocation of each call fails; 0: none

 private:
  const penstock_connector* table_;
  Shape shape_;
  penstock_destination* destination_ = nullptr;
};

class RawWriter {
 public:
  RawWriter(const penstock_connector* table, Shape shape) : table_(table), shape_(shape) {}
  ~RawWriter() { End(); }
  RawWriter(const RawWriter&) = delete;
  RawWriter& operator=(const RawWriter&) = delete;

  RawResult Begin(const RawDestination& destination, const std::string& assignment);
  /// `n` records of two text fields.
  RawResult Write(size_t n);
  RawResult Write(const penstock_batch& batch);
  RawResult Finish();
  void End();
  penstock_writer* c() const { return writer_; }
  uint64_t starve = 0;  // the n-th allocation of each call fails; 0: none
  /// Outcomes reported so far, by seq and kind.
  std::vector<std::pair<uint64_t, int32_t>> outcomes;

 private:
  static penstock_status Take(const penstock_outcomes* self, const penstock_outcome* items,
                              size_t n, size_t stride);
  const penstock_connector* table_;
  Shape shape_;
  penstock_writer* writer_ = nullptr;
  uint64_t seq_ = 0;
  // Kept after the calls, so that a report that comes too late is seen, not a crash.
  penstock_outcomes table_out_{sizeof(penstock_outcomes), 0, this, Take};
};

/// Writes rows by hand, until a call fails, and counts what was reported: all of it is seen, also
/// what a host does not listen to. `before` answers requests in place of the destination, or lets
/// them go there. "" or what was reported twice or was never given.
std::string Miscounted(Trial& trial, const WritePlan& plan, const std::vector<Row>& rows,
                       const std::function<std::optional<PeerAnswer>(const PeerRequest&)>& before);

}  // namespace penstock::kit
