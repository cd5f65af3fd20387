// A record with a plausible value in every field, for trying a connector out.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "penstock/connector.h"
#include "penstock/documents.hpp"

namespace penstock::engine {

/// Owns what batch() points to. Not movable for that reason.
class SampleRecord {
 public:
  /// `operation`: one that the object has. The key is its first identifier that is not the id.
  SampleRecord(const sdk::Object& object, const std::string& operation);
  SampleRecord(const SampleRecord&) = delete;
  SampleRecord& operator=(const SampleRecord&) = delete;

  const sdk::Assignment& assignment() const { return assignment_; }
  /// One record, seq 1.
  penstock_batch batch() const;

 private:
  bool IsKey(const std::string& name) const;
  penstock_value TextValue(std::string text, uint8_t type);
  penstock_value StringOf(const sdk::Field& field);
  penstock_value ListOf(const sdk::Field& field);
  penstock_value ValueOf(const sdk::Field& field);

  sdk::Assignment assignment_;
  std::vector<penstock_value> values_;
  std::deque<std::string> texts_;
  std::deque<penstock_value> lists_;
  uint64_t seq_ = 1;
};

}  // namespace penstock::engine
