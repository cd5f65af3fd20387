// How the broken connector writes values.
#pragma once

#include "tests/conformance/breaks.h"

namespace broken {

/// Appends the value as JSON, changed where the broken rule is about values.
void AppendValue(const Breaks& breaks, const penstock_value& value, JsonWriter* json);

}  // namespace broken
