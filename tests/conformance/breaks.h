// What both ways of the broken connector to write have in common.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

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

  /// What is kept in an account's memory, where it must not be relied on.
  std::string& memory() const { return *memory_; }

 private:
  std::string rule_;
  std::shared_ptr<std::string> memory_ = std::make_shared<std::string>();
};

/// A failure for a request without a usable answer.
Failure Unexpected(const HttpResponse& response);

/// What a result says of a record.
void ReportResult(const Breaks& breaks, const std::string& operation, uint64_t seq,
                  const JsonValue& result, Outcomes& outcomes);

}  // namespace broken
