// "Did you mean ...?": the nearest of the known names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// The name of `known` nearest to `wrong` by edit distance (case does not count; a swap of
/// neighbours is one edit), or "" when none is near: more than a third of the letters differ.
/// Of equally near names the first one wins. [thread-safe]
std::string Suggest(std::string_view wrong, const std::vector<std::string>& known);

/// "Did you mean \"name\"?", or "" when nothing is near: ready to be an Error's hint. [thread-safe]
std::string DidYouMean(std::string_view wrong, const std::vector<std::string>& known);

}  // namespace penstock
