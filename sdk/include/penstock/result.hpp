// Errors as values for connectors and for the readers of SDK documents.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "penstock/connector.h"

namespace penstock::sdk {

/// Why a call failed: one of PENSTOCK_E_..., a machine-readable code and one sentence. Never holds
/// a secret.
struct Failure {
  penstock_status status = PENSTOCK_E_INTERNAL;
  std::string code;
  std::string message;
  int64_t retry_after_ms = 0;  // 0: unknown
};

/// Success, or one Failure.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Failure failure) : failure_(std::move(failure)) {}  // NOLINT(google-explicit-constructor)
  bool ok() const { return !failure_.has_value(); }
  /// Only when !ok().
  const Failure& failure() const { return *failure_; }

 private:
  std::optional<Failure> failure_;
};

/// A T, or one Failure.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::in_place_index<0>, std::move(value)) {}            // NOLINT
  Result(Failure failure) : value_(std::in_place_index<1>, std::move(failure)) {}  // NOLINT
  bool ok() const { return value_.index() == 0; }
  /// Only when !ok().
  const Failure& failure() const { return std::get<1>(value_); }
  /// Only when ok().
  T& operator*() & { return std::get<0>(value_); }
  const T& operator*() const& { return std::get<0>(value_); }
  T&& operator*() && { return std::get<0>(std::move(value_)); }
  T* operator->() { return &std::get<0>(value_); }
  const T* operator->() const { return &std::get<0>(value_); }

 private:
  std::variant<T, Failure> value_;
};

}  // namespace penstock::sdk
