// Names in the patterns and templates of a model: {name} in a path, ${name} in an answer.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "sdk/testing/kit/exact_json.h"

namespace penstock::kit {

using Names = std::map<std::string, std::string>;  // what ${name} stands for: JSON text

/// "/v1/{object}/batch" against a path; fills `names`.
bool Match(std::string_view pattern, std::string_view path, Names* names);

/// The text that is written as a JSON string; other JSON as it is.
std::string Unquoted(const std::string& json);

/// The JSON text of `value` with every ${name} replaced; a string that is one ${name} becomes that
/// value whatever its type. A text without names stands as it is.
std::string Filled(const Json& value, const Names& names);

}  // namespace penstock::kit
