#include "core/mapping/describe.h"

#include <algorithm>

#include "core/value/json.h"
#include "core/value/text.h"

namespace penstock {
namespace {

constexpr size_t kShownBytes = 60;

// A prefix of at most kShownBytes that does not cut a character: a value may be as long as a book,
// and `why --whole` shows it.
std::string_view Shortened(std::string_view text) {
  if (text.size() <= kShownBytes) return text;
  size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

std::string_view Kind(ValueType type) {
  switch (type) {
    case ValueType::kBool:
      return "boolean";
    case ValueType::kInt64:
    case ValueType::kDouble:
    case ValueType::kDecimal:
      return "number";
    case ValueType::kString:
      return "text";
    case ValueType::kDate:
      return "date";
    case ValueType::kTimestamp:
      return "timestamp";
    case ValueType::kJson:
      return "JSON";
    case ValueType::kBytes:
      return "bytes";
    case ValueType::kList:
      return "list";
    default:
      return "NULL";
  }
}

}  // namespace

std::string_view WhatItTakes(const sdk::Field& field) {
  switch (field.type) {
    case sdk::FieldType::kString:
      return "takes text";
    case sdk::FieldType::kBoolean:
      return "takes a boolean";
    case sdk::FieldType::kInteger:
      return "takes an integer";
    case sdk::FieldType::kDecimal:
    case sdk::FieldType::kDouble:
      return "takes a number";
    case sdk::FieldType::kDate:
      return "takes a date";
    case sdk::FieldType::kTimestamp:
      return "takes a timestamp";
    case sdk::FieldType::kJson:
      return "takes JSON";
    case sdk::FieldType::kBytes:
      return "takes bytes or base64 text";
    case sdk::FieldType::kList:
      return field.multiple ? "takes a list, or text with \";\" between the values"
                            : "takes a list";
  }
  return "takes another type";
}

void AppendDescription(const Value& v, bool sensitive, std::string* out) {
  const ValueType type = TypeOf(v);
  const std::string_view kind = Kind(type);
  if (sensitive) {
    out->append("a sensitive value (").append(kind).append(")");
    return;
  }
  if (type == ValueType::kList || type == ValueType::kBytes) {
    out->append(type == ValueType::kList ? "a list" : "bytes");
    return;
  }
  if (type == ValueType::kString && !ValidUtf8(TextOf(v))) {
    out->append("text that is not UTF-8");
    return;
  }
  out->append("the ").append(kind).push_back(' ');
  const std::string text = ToText(v);
  std::string shown(Shortened(text));
  if (shown.size() < text.size()) shown += "…";
  if (type == ValueType::kString) {
    AppendJsonString(shown, out);
  } else {
    out->append(shown);
  }
}

Value SortedSet(std::span<Value> items) {
  const auto less = [](const Value& a, const Value& b) { return TextOf(a) < TextOf(b); };
  const auto same = [](const Value& a, const Value& b) { return TextOf(a) == TextOf(b); };
  std::sort(items.begin(), items.end(), less);
  const auto end = std::unique(items.begin(), items.end(), same);
  return ListValue(items.first(static_cast<size_t>(end - items.begin())));
}

}  // namespace penstock
