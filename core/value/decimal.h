// Exact decimal numbers as text, and the text of doubles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/value/value.h"

namespace penstock {

/// Longest canonical decimal, in characters: more than PostgreSQL's numeric can hold.
inline constexpr size_t kMaxDecimalText = 150'000;

enum class DecimalText { kOk, kNotANumber, kTooLong };

/// The canonical form of a decimal number: "-12.5", "0"; no exponent, no leading or trailing zeros,
/// no "-0". Takes [+-]digits[.digits][e[+-]digits], also ".5" and "5."; an exponent is expanded
/// exactly, up to kMaxDecimalText. `*out` borrows `text` where that is canonical already, else
/// `arena`. [thread-safe] apart from the arena.
DecimalText CanonicalDecimal(std::string_view text, Arena* arena, std::string_view* out);

/// True for text that is a number and nothing else: -?(0|[1-9]digits)(.digits)?, so neither "042"
/// nor "+1", "1e3" or " 1". What text must look like to be taken for a number. [thread-safe]
bool IsPlainNumber(std::string_view text);

enum class IntegerOf { kOk, kFraction, kOverflow };
/// The integer that a canonical decimal is. [thread-safe]
IntegerOf DecimalToInt64(std::string_view canonical, int64_t* out);

/// Room that WriteDouble needs.
inline constexpr size_t kMaxDoubleText = 40;
/// Writes the shortest text that reads back as `d`: plain digits from 1e-7 up to 1e21, else with an
/// exponent ("1e+300"); "NaN", "Infinity", "-Infinity"; never "-0". Returns the end. [thread-safe]
char* WriteDouble(double d, char* out);

/// The canonical decimal of the shortest text of a finite double; in `arena`.
std::string_view DecimalOfDouble(double d, Arena* arena);

}  // namespace penstock
