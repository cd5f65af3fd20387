#include "plugins/salesforce/bodies.h"

namespace penstock::salesforce {

namespace {

// Numbers and booleans as such; all else as text.
void AppendValue(const penstock_value& value, sdk::JsonWriter* json) {
  switch (value.type) {
    case PENSTOCK_TIMESTAMP:
      json->String(sdk::TimestampText(value.v.i64, 3));
      break;
    case PENSTOCK_LIST:
      if (value.len == 0) {
        json->Raw("null");
      } else {
        json->String(ValueText(value));
      }
      break;
    case PENSTOCK_JSON:
      json->String(sdk::TextOf(value));
      break;
    default:
      json->Value(value);
  }
}

}  // namespace

std::string ValueText(const penstock_value& value) { return sdk::JoinedText(value, ';', 3); }

bool IsEmpty(const penstock_value& value) {
  if (value.type == PENSTOCK_STRING) return sdk::Trimmed(sdk::TextOf(value)).empty();
  return value.type == PENSTOCK_NULL || (value.type == PENSTOCK_LIST && value.len == 0);
}

Unsayable FindUnsayable(const Shape& shape, const sdk::Batch& batch, size_t record) {
  for (size_t f = 0; f < shape.fields.size(); ++f) {
    const SentField& field = shape.fields[f];
    const penstock_value& value = batch.value(record, f);
    if (field.kind == SentField::Kind::kRecordType && !IsEmpty(value) &&
        value.type != PENSTOCK_ABSENT &&
        shape.object->record_types.count(std::string(sdk::TextOf(value))) == 0) {
      return {"UNKNOWN_RECORD_TYPE",
              "the object has no record type of this developer name that the user may use",
              field.name};
    }
    if (value.type != PENSTOCK_LIST) continue;
    for (uint32_t i = 0; i < value.len; ++i) {
      if (sdk::TextOf(value.v.list[i]).find(';') == std::string_view::npos) continue;
      return {
          "SEMICOLON_IN_LIST",
          "Salesforce separates the values of this field by semicolons, so no value can hold one",
          field.name};
    }
  }
  return {};
}

Body::Body(const Shape& shape) : shape_(shape) {
  json_.BeginObject().Key("allOrNone").Raw("false").Key("records").BeginArray();
}

void Body::Add(const sdk::Batch& batch, size_t record, std::string_view id) {
  json_.BeginObject();
  json_.Key("attributes").BeginObject().Key("type").String(shape_.object->name).EndObject();
  if (!id.empty()) json_.Key("id").String(id);
  for (size_t f = 0; f < shape_.fields.size(); ++f) {
    const penstock_value& value = batch.value(record, f);
    if (value.type != PENSTOCK_ABSENT) AddField(shape_.fields[f], value);
  }
  json_.EndObject();
}

void Body::AddField(const SentField& field, const penstock_value& value) {
  switch (field.kind) {
    case SentField::Kind::kOmitted:
      return;
    case SentField::Kind::kValue:
      json_.Key(field.target);
      if (field.checkbox && value.type == PENSTOCK_NULL) {
        json_.Raw("false");
      } else {
        AppendValue(value, &json_);
      }
      return;
    case SentField::Kind::kRecordType: {
      json_.Key(field.target);
      const auto type = shape_.object->record_types.find(std::string(sdk::TextOf(value)));
      if (type == shape_.object->record_types.end()) {
        json_.Raw("null");
      } else {
        json_.String(type->second);
      }
      return;
    }
    case SentField::Kind::kRelation:
      // A reference is cleared through its own field: there is no record without a key.
      if (IsEmpty(value)) {
        json_.Key(field.target).Raw("null");
        return;
      }
      json_.Key(field.relation.relationship).BeginObject();
      if (!field.relation.object.empty()) {
        json_.Key("attributes").BeginObject().Key("type").String(field.relation.object).EndObject();
      }
      AppendValue(value, &json_.Key(field.relation.field));
      json_.EndObject();
      return;
  }
}

std::string Body::Take() {
  json_.EndArray().EndObject();
  return json_.Take();
}

}  // namespace penstock::salesforce
