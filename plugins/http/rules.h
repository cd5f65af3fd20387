// Questions to an answer: what its status and its JSON say.
#pragma once

#include <rapidjson/pointer.h>

#include <optional>
#include <string>
#include <vector>

#include "penstock/json_reader.hpp"

namespace penstock::http_plugin {

using Pointer = rapidjson::Pointer;

// A whole answer, or one element of a list in it.
struct Said {
  int status = 0;                        // of the answer; 0 of an element
  const sdk::JsonValue* json = nullptr;  // null: there is none, or it is no JSON
};

enum class Truth { kNo, kYes, kUnknown };

// All parts that are given must hold.
struct Condition {
  std::vector<int> statuses;        // one of these; empty: any
  std::optional<Pointer> at;        // what stands there …
  std::vector<std::string> equals;  // … is one of these, as text; empty: is not nothing
  bool absent = false;              // … is nothing: missing, null, false or empty

  bool Lists(int status) const;
};

// kUnknown when the answer is no JSON, or has nothing at the place whose value is asked for.
Truth Judge(const Condition& condition, const Said& said);
// Only a clear yes.
bool Holds(const std::optional<Condition>& condition, const Said& said);

// How one record's fate is read. Every part may be missing.
struct Reading {
  std::optional<Condition> success, created, unchanged, missing, exists;
  std::optional<Condition> conflict, reference, destination;  // classes of a refusal
  std::optional<Pointer> id, code, message, field;
};

// A scalar as text, numbers with all their digits; empty for anything else.
std::string TextAt(const std::optional<Pointer>& pointer, const sdk::JsonValue* json);
std::string ScalarText(const sdk::JsonValue& value);

}  // namespace penstock::http_plugin
