// Which records still owe an outcome: exactly one each. For the files of this folder only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "penstock/connector.h"
#include "penstock/result.hpp"

namespace penstock::sdk {

/// One record's outcome, checked: known enumerators, full struct. Text borrowed during the
/// callback.
using OutcomeCallback = std::function<void(const penstock_outcome&)>;

namespace runtime {

/// Of one writer. One thread at a time. Memory grows with the records that are outstanding.
class Ledger {
 public:
  /// `operation`: PENSTOCK_OP_..., to tell outcomes that cannot be.
  explicit Ledger(int32_t operation) : operation_(operation) {}

  /// Records handed to the connector. A record may come again after SPLIT.
  void Expect(const uint64_t* seqs, size_t n);

  /// As the C table; `report` gets what is valid. SPLIT is held back until Settle.
  penstock_status Report(const penstock_outcome* items, size_t n, size_t stride,
                         const OutcomeCallback& report);

  /// At the end of a call: passes on what was held back, then says what was wrong since the last
  /// time, naming the records.
  Status Settle(std::string_view connector, const OutcomeCallback& report);

  /// Seqs without an outcome, sorted.
  std::vector<uint64_t> Outstanding() const;

 private:
  struct Split {
    uint64_t seq = 0;
    uint32_t group = 0;
    std::string code, message;
  };

  penstock_outcome Checked(const penstock_outcome& item);

  int32_t operation_;
  std::unordered_set<uint64_t> outstanding_;
  std::vector<Split> splits_;
  std::vector<uint64_t> unknown_;  // reported twice or never handed out; at most kNamed
  uint64_t n_unknown_ = 0;
};

/// PENSTOCK_OP_... of an assignment's operation; 0 when there is none of that name.
int32_t OperationCode(const std::string& name);

/// "1, 2, 3 and 7 more".
std::string SeqList(const std::vector<uint64_t>& seqs, uint64_t total);

}  // namespace runtime
}  // namespace penstock::sdk
