// Words for the messages of the mapping.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/value/value.h"
#include "penstock/documents.hpp"

namespace penstock {

/// "takes an integer", by the field's type. [thread-safe]
std::string_view WhatItTakes(const sdk::Field& field);

/// Appends `the text "12a"`, `the number 1.5`, `a list`: shortened, control characters escaped. Of
/// a sensitive value only its kind. [thread-safe]
void AppendDescription(const Value& v, bool sensitive, std::string* out);

/// Sorts texts in place and drops repetitions: what a field that takes several of a set holds has
/// no order.
Value SortedSet(std::span<Value> items);

}  // namespace penstock
