#include "plugins/hubspot/bodies.h"

namespace penstock::hubspot {

namespace {

// Text is taken from the batch as it is, without a copy in between.
void AppendValue(const penstock_value& value, sdk::JsonWriter* json) {
  const bool is_text = value.type == PENSTOCK_STRING || value.type == PENSTOCK_DECIMAL;
  if (is_text) {
    json->String(sdk::TextOf(value));
  } else {
    json->String(ValueText(value));
  }
}

}  // namespace

std::string ValueText(const penstock_value& value) {
  switch (value.type) {
    case PENSTOCK_TIMESTAMP:
      return sdk::TimestampText(value.v.i64, 3);
    case PENSTOCK_LIST: {
      std::string joined;
      for (uint32_t i = 0; i < value.len; ++i) {
        if (i > 0) joined += ';';
        joined += ValueText(value.v.list[i]);
      }
      return joined;
    }
    default:
      return sdk::PlainText(value);
  }
}

std::string NormalKey(std::string_view property, std::string_view key) {
  if (property != "email") return std::string(key);
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const size_t begin = key.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  std::string normal(key.substr(begin, key.find_last_not_of(kSpace) - begin + 1));
  for (char& c : normal) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return normal;
}

void AppendProperties(const Shape& shape, const sdk::Batch& batch, size_t record,
                      sdk::JsonWriter* json) {
  json->BeginObject();
  for (size_t f = 0; f < shape.fields.size(); ++f) {
    const penstock_value& value = batch.value(record, f);
    if (value.type == PENSTOCK_ABSENT) continue;
    if (f == shape.key_field && shape.key_property.empty()) continue;  // a record id is no property
    AppendValue(value, &json->Key(shape.fields[f]));
  }
  json->EndObject();
}

}  // namespace penstock::hubspot
