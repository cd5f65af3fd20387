// Errors as values: Status and Result<T>.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/base/error.h"

namespace penstock {

/// Success, or one Error. Cheap to move; not thread-shared.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return !error_.has_value(); }
  /// Only when !ok().
  const Error& error() const { return *error_; }
  Error& error() { return *error_; }

 private:
  std::optional<Error> error_;
};

/// A T, or one Error. T must be movable.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::in_place_index<0>, std::move(value)) {}      // NOLINT
  Result(Error error) : value_(std::in_place_index<1>, std::move(error)) {}  // NOLINT
  /// From a Status that is not ok.
  Result(Status status) : value_(std::in_place_index<1>, std::move(status.error())) {}  // NOLINT

  bool ok() const { return value_.index() == 0; }
  /// Only when !ok().
  const Error& error() const { return std::get<1>(value_); }
  Status status() const { return ok() ? Status() : Status(error()); }
  /// Only when ok().
  T& operator*() & { return std::get<0>(value_); }
  const T& operator*() const& { return std::get<0>(value_); }
  T&& operator*() && { return std::get<0>(std::move(value_)); }
  T* operator->() { return &std::get<0>(value_); }
  const T* operator->() const { return &std::get<0>(value_); }

 private:
  std::variant<T, Error> value_;
};

}  // namespace penstock

#define PENSTOCK_CONCAT_INNER(a, b) a##b
#define PENSTOCK_CONCAT(a, b) PENSTOCK_CONCAT_INNER(a, b)

/// Returns the error of a Status expression from the enclosing function.
#define PENSTOCK_RETURN_IF_ERROR(expr)                                      \
  do {                                                                      \
    ::penstock::Status penstock_status_ = (expr);                           \
    if (!penstock_status_.ok()) return std::move(penstock_status_.error()); \
  } while (false)

/// Declares `lhs` from a Result expression, or returns its error from the enclosing function.
#define PENSTOCK_ASSIGN_OR_RETURN(lhs, expr) \
  PENSTOCK_ASSIGN_OR_RETURN_INNER(PENSTOCK_CONCAT(penstock_result_, __LINE__), lhs, expr)
#define PENSTOCK_ASSIGN_OR_RETURN_INNER(tmp, lhs, expr) \
  auto tmp = (expr);                                    \
  if (!tmp.ok()) return tmp.error();                    \
  lhs = *std::move(tmp)
