// The changes that a destination itself makes to keys and unique values before it compares them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/value/value.h"
#include "penstock/documents.hpp"

namespace penstock {

/// Applies the normalisers in order to well-formed UTF-8. Borrows `text` where nothing changes,
/// else `arena`.
///   trim    drops white space (Unicode's, and U+FEFF) from both ends
///   lower   Unicode's simple lower case, code point by code point, whatever the language
///   digits  keeps 0-9 only
///   e164    "+" and 7 to 15 digits, when the text is a number with its country code ("+" or "00")
///           apart from spaces and - . / ( ); any other text stays as it is, since no country is
///           guessed
std::string_view Normalise(std::string_view text, const std::vector<sdk::Normaliser>& normalisers,
                           Arena* arena);

}  // namespace penstock
