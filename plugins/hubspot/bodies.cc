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

std::string ValueText(const penstock_value& value) { return sdk::JoinedText(value, ';', 3); }

std::string NormalKey(std::string_view property, std::string_view key) {
  return property == "email" ? sdk::AsciiLower(sdk::Trimmed(key)) : std::string(key);
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
