// Numbers as decimal texts: what Salesforce keeps has more digits than a double.
#pragma once

#include <string>
#include <string_view>

namespace penstock::sandbox::salesforce {

// Brings "+001.50e2" to "150": no exponent, no zeros that say nothing. False if it is no number,
// or one of more than 100 digits.
bool ReadDecimal(std::string_view text, std::string* normal);
// Rounds a normal text half up to `scale` digits behind the point. False if more than `precision`
// - `scale` digits are before it.
bool RoundDecimal(std::string* normal, int precision, int scale);
// Whether a normal text is a whole number of 32 bits.
bool FitsInt(std::string_view normal);
// Less than 0, 0, or more than 0, as a is less than, equal to or more than b; both normal.
int CompareDecimals(std::string_view a, std::string_view b);

}  // namespace penstock::sandbox::salesforce
