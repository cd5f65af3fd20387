#include "plugins/http/rules.h"

#include <algorithm>

#include "penstock/values.hpp"

namespace penstock::http_plugin {

namespace {

bool IsNothing(const sdk::JsonValue* value) {
  if (value == nullptr || value->IsNull() || value->IsFalse()) return true;
  if (value->IsString()) return value->GetStringLength() == 0;
  if (value->IsArray()) return value->Empty();
  return value->IsObject() && value->ObjectEmpty();
}

}  // namespace

std::string ScalarText(const sdk::JsonValue& value) {
  if (value.IsString()) return std::string(sdk::JsonText(value));
  if (value.IsBool()) return value.IsTrue() ? "true" : "false";
  if (value.IsInt64()) return std::to_string(value.GetInt64());
  if (value.IsUint64()) return std::to_string(value.GetUint64());
  if (value.IsDouble()) return sdk::DoubleText(value.GetDouble());
  return {};
}

bool Condition::Lists(int status) const {
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

Truth Judge(const Condition& condition, const Said& said) {
  if (!condition.statuses.empty() && !condition.Lists(said.status)) return Truth::kNo;
  if (!condition.at) return Truth::kYes;
  if (said.json == nullptr) return Truth::kUnknown;
  const sdk::JsonValue* value = condition.at->Get(*said.json);
  if (condition.absent) return IsNothing(value) ? Truth::kYes : Truth::kNo;
  if (condition.equals.empty()) return IsNothing(value) ? Truth::kNo : Truth::kYes;
  if (value == nullptr || value->IsNull()) return Truth::kUnknown;
  const bool scalar = !value->IsObject() && !value->IsArray();
  const bool equal = scalar && std::find(condition.equals.begin(), condition.equals.end(),
                                         ScalarText(*value)) != condition.equals.end();
  return equal ? Truth::kYes : Truth::kNo;
}

bool Holds(const std::optional<Condition>& condition, const Said& said) {
  return condition && Judge(*condition, said) == Truth::kYes;
}

std::string TextAt(const std::optional<Pointer>& pointer, const sdk::JsonValue* json) {
  if (!pointer || json == nullptr) return {};
  const sdk::JsonValue* value = pointer->Get(*json);
  return value == nullptr ? std::string() : ScalarText(*value);
}

}  // namespace penstock::http_plugin
