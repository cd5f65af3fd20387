// The part of SOQL that the sandbox understands, read and resolved against the org.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/salesforce/sandbox/errors.h"
#include "plugins/salesforce/sandbox/org.h"

namespace penstock::sandbox::salesforce {

// Field, or Relationship.Field. Of a polymorphic relationship only Id and Name.
struct Path {
  const Field* relationship = nullptr;  // nullptr: a field of the object itself
  std::string name;
  const Field* field = nullptr;  // of the object or the one target
};

enum class Comparison {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kMore,
  kMoreEqual,
  kLike,
  kIn,
  kNotIn
};

struct Condition {
  enum class Kind { kAnd, kOr, kNot, kCompare };
  Kind kind = Kind::kCompare;
  std::vector<Condition> parts;
  Path path;
  Comparison comparison = Comparison::kEqual;
  std::vector<std::optional<std::string>> values;  // in the form that is kept; nullopt is null
};

struct Order {
  Path path;
  bool descending = false, nulls_last = false;
};

struct Soql {
  Object* object = nullptr;
  bool count = false;  // COUNT()
  std::vector<Path> fields;
  std::optional<Condition> where;
  std::vector<Order> order;
  std::optional<std::uint64_t> limit;
  std::uint64_t offset = 0;
};

// The error of a query that is none, or that names what is not there.
std::optional<ApiError> ReadSoql(const Org& org, std::string_view text, Soql* soql);

}  // namespace penstock::sandbox::salesforce
