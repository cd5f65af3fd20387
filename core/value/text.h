// UTF-8 and base64: the little that values need of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock {

/// True when `text` is well-formed UTF-8 (no overlong forms, no surrogates); NUL is a character
/// like any other. [thread-safe]
bool ValidUtf8(std::string_view text);

/// Characters (code points) of well-formed UTF-8. [thread-safe]
size_t CodePoints(std::string_view text);

/// Appends standard base64 with padding. [thread-safe]
void AppendBase64(std::string_view bytes, std::string* out);

/// Strict standard base64 with padding and nothing else; false otherwise, with `out` unspecified.
/// [thread-safe]
bool DecodeBase64(std::string_view text, std::string* out);

}  // namespace penstock
