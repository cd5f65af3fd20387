// Writing records through a connector as the host does, and what came of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sdk/testing/kit/fake_host.h"
#include "sdk/testing/kit/records.h"
#include "sdk/testing/kit/trial.h"

namespace penstock::kit {

/// An outcome, kept.
struct Kept {
  int32_t outcome = 0;
  int32_t error_class = 0;
  uint32_t group = 0;
  std::string id, code, message, field, warning;

  bool success() const { return outcome >= PENSTOCK_CREATED && outcome <= PENSTOCK_UNCHANGED; }
  /// "REJECTED (BAD_EMAIL: ...)".
  std::string Show() const;
};

struct Written {
  sdk::Status status;  // the first failure of begin, write_batch, finish
  std::string where;   // which of them failed
  std::map<uint64_t, Kept> outcomes;
  std::vector<uint64_t> outstanding;

  /// Null when the record has none.
  const Kept* Of(uint64_t seq) const;
  /// Of a record, for sentences.
  std::string Show(uint64_t seq) const;
  /// "begin fails: CODE: sentence", or "ok".
  std::string ShowStatus() const;
};

struct WriteOptions {
  FakeHost* host = nullptr;                    // null: the trial's
  sdk::ConnectorInstance* instance = nullptr;  // null: the trial's
  bool split = true;  // halves of SPLIT records are handed back, as the host does
  bool finish = true;
  bool batches = true;  // false: not even an empty one
  int64_t timeout_ms = 0;
};

/// Begins, writes in batches of the plan's size, finishes. Stops at the first failure.
Written WriteRows(Trial& trial, const WritePlan& plan, const std::vector<Row>& rows,
                  const WriteOptions& options = {});

/// The part after begin: writes in batches of the plan's size, finishes.
void WriteThrough(const WritePlan& plan, const std::vector<Row>& rows, sdk::ConnectorWriter& writer,
                  Written* written, const WriteOptions& options = {});

/// Fails the check unless every row is a success. False then.
bool ExpectSuccess(Trial& trial, const Written& written, const std::vector<Row>& rows,
                   const std::string& what);

/// CREATED, REJECTED, ... for sentences.
std::string OutcomeName(int32_t outcome);

}  // namespace penstock::kit
