// How the broken connector writes values.
#include <cstdlib>

#include "tests/conformance/broken_values.h"

namespace broken {

namespace {

std::string Decimal(const Breaks& breaks, const penstock_value& value) {
  const std::string text(TextOf(value));
  if (!breaks("write.exact_numbers") || text.size() < 16) return text;
  return DoubleText(std::strtod(text.c_str(), nullptr));
}

std::string Text(const Breaks& breaks, std::string_view text) {
  if (breaks("write.types") && text.empty()) return "(empty)";
  if (breaks("write.text")) return std::string(text.substr(0, text.find('\0')));
  if (breaks("write.huge_record")) return std::string(text.substr(0, 1 << 20));
  return std::string(text);
}

}  // namespace

void AppendValue(const Breaks& breaks, const penstock_value& value, JsonWriter* json) {
  penstock_value changed = value;
  switch (value.type) {
    case PENSTOCK_DECIMAL:
      json->Raw(Decimal(breaks, value));
      return;
    case PENSTOCK_STRING:
      json->String(Text(breaks, TextOf(value)));
      return;
    case PENSTOCK_TIMESTAMP:
      if (breaks("write.times") && value.v.i64 < 0) changed.v.i64 += 1000000;
      break;
    default:
      break;
  }
  json->Value(changed);
}

}  // namespace broken
