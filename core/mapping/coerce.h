// One value onto one field: the type it takes, or why it cannot be taken. Nothing is guessed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/value/time.h"
#include "core/value/value.h"
#include "penstock/documents.hpp"

namespace penstock {

/// Where a coercion puts what it makes, and why it failed. Reused from row to row.
struct CoerceScratch {
  Arena arena;
  std::string text;
  std::string_view code;  // of the latest failure: "WRONG_TYPE", ...
  std::string message;    // one sentence; never a sensitive value
};

/// The coercion onto one field, compiled. What a field takes, by its type:
///   string     every value in its canonical text, NaN and infinity too; text must be UTF-8
///   boolean    bool, the integers 0 and 1, the texts true false t f 1 0
///   integer    int64; decimal and double without a fraction; text that is a plain number without
///              one (IsPlainNumber: no leading zeros, no sign +, no exponent, no spaces)
///   decimal    int64, decimal, finite double (shortest text that reads back), plain number text
///   double     the same; integers must be held exactly, fractions are rounded to the nearest
///   date       date; timestamp at exactly midnight UTC; ISO text of a date
///   timestamp  timestamp; date (midnight UTC); ISO text, in the integration's zone if it has none
///   json       JSON; list; bool, number, date, timestamp; text that is JSON
///   bytes      bytes; base64 text
///   list       list, its items in canonical text and none of them NULL; text split by ";" where
///              the field takes several of a set (then sorted and without repetitions)
/// Immutable, [thread-safe] with a scratch per thread.
class Coercer {
 public:
  /// `field` is copied. `normalise`: apply the field's normalisers to text.
  Coercer(const sdk::Field& field, bool normalise, bool sensitive, const TimeZone& zone);

  /// `in` is neither NULL nor ABSENT. False with code and message in the scratch. `*out` borrows
  /// `in`, the scratch's arena or both.
  bool Apply(const Value& in, CoerceScratch* scratch, Value* out) const;

  const std::string& name() const { return field_.name; }
  sdk::FieldType type() const { return field_.type; }

 private:
  bool Fail(std::string_view code, std::string_view why, const Value& in, CoerceScratch* s) const;
  bool WrongType(const Value& in, CoerceScratch* s) const;
  bool ToString(const Value& in, CoerceScratch* s, Value* out) const;
  bool ToBoolean(const Value& in, CoerceScratch* s, Value* out) const;
  bool ToNumber(const Value& in, CoerceScratch* s, Value* out) const;
  bool ToInteger(std::string_view decimal, const Value& in, CoerceScratch* s, Value* out) const;
  bool ToDouble(std::string_view decimal, const Value& in, CoerceScratch* s, Value* out) const;
  bool ToDate(const Value& in, CoerceScratch* s, Value* out) const;
  bool ToTimestamp(const Value& in, CoerceScratch* s, Value* out) const;
  bool ToJson(const Value& in, CoerceScratch* s, Value* out) const;
  bool ToBytes(const Value& in, CoerceScratch* s, Value* out) const;
  bool ToList(const Value& in, CoerceScratch* s, Value* out) const;
  bool SplitText(std::string_view text, CoerceScratch* s, Value* out) const;
  bool Checked(std::string_view text, const Value& in, CoerceScratch* s) const;
  bool Allowed(const Value& out, const Value& in, CoerceScratch* s) const;

  sdk::Field field_;
  bool normalise_;
  bool sensitive_;
  TimeZone zone_;
  std::string allowed_text_;  // for messages
};

/// The value in canonical form and of its own type: decimals and JSON rewritten, in lists too.
/// False when text is not UTF-8 or not what its type says. [thread-safe] with a scratch per thread.
bool Canonical(const Value& in, CoerceScratch* scratch, Value* out);

}  // namespace penstock
