#include "host/engine/sample_record.h"

#include <algorithm>

namespace penstock::engine {
namespace {

penstock_value NumberValue(uint8_t type, int64_t number) {
  penstock_value value{};
  value.type = type;
  value.v.i64 = number;
  return value;
}

}  // namespace

SampleRecord::SampleRecord(const sdk::Object& object, const std::string& operation) {
  assignment_.object = object.name;
  assignment_.operation = operation;
  assignment_.limits = object.limits;
  assignment_.integration = assignment_.environment = assignment_.run = "tryout";
  assignment_.expected_records = 1;
  for (const auto& identifier : object.operations.at(operation).identifiers) {
    if (identifier.size() == 1 && identifier[0] == "id") continue;
    assignment_.identifier = identifier;
    break;
  }
  for (const sdk::Field& field : object.fields) {
    const bool key = IsKey(field.name);
    const bool writable = field.createable && (operation != "update" || field.updateable);
    if (!key && !writable) continue;
    assignment_.fields.push_back({field.name, field.type, key});
    values_.push_back(ValueOf(field));
  }
}

penstock_batch SampleRecord::batch() const {
  return {sizeof(penstock_batch),
          static_cast<uint32_t>(values_.size()),
          1,
          values_.data(),
          &seq_,
          nullptr};
}

bool SampleRecord::IsKey(const std::string& name) const {
  return std::find(assignment_.identifier.begin(), assignment_.identifier.end(), name) !=
         assignment_.identifier.end();
}

penstock_value SampleRecord::TextValue(std::string text, uint8_t type) {
  texts_.push_back(std::move(text));
  penstock_value value{};
  value.type = type;
  value.len = static_cast<uint32_t>(texts_.back().size());
  value.v.text = texts_.back().data();
  return value;
}

penstock_value SampleRecord::StringOf(const sdk::Field& field) {
  if (!field.allowed.empty()) return TextValue(field.allowed.front(), PENSTOCK_STRING);
  const bool mail = field.name.find("mail") != std::string::npos;
  std::string text = mail ? "sample@example.com" : "sample " + field.name;
  if (field.max_length > 0 && text.size() > field.max_length) text.resize(field.max_length);
  return TextValue(std::move(text), PENSTOCK_STRING);
}

penstock_value SampleRecord::ListOf(const sdk::Field& field) {
  lists_.push_back(StringOf(field));
  penstock_value value{};
  value.type = PENSTOCK_LIST;
  value.len = 1;
  value.v.list = &lists_.back();
  return value;
}

penstock_value SampleRecord::ValueOf(const sdk::Field& field) {
  switch (field.type) {
    case sdk::FieldType::kString:
      return StringOf(field);
    case sdk::FieldType::kBoolean:
      return NumberValue(PENSTOCK_BOOL, 1);
    case sdk::FieldType::kInteger:
      return NumberValue(PENSTOCK_INT64, 42);
    case sdk::FieldType::kDecimal:
      return TextValue("12.50", PENSTOCK_DECIMAL);
    case sdk::FieldType::kDouble: {
      penstock_value value{};
      value.type = PENSTOCK_DOUBLE;
      value.v.f64 = 0.5;
      return value;
    }
    case sdk::FieldType::kDate:
      return NumberValue(PENSTOCK_DATE, 20514);  // 2026-03-02
    case sdk::FieldType::kTimestamp:
      return NumberValue(PENSTOCK_TIMESTAMP, 1772445600000000);  // 2026-03-02T10:00:00Z
    case sdk::FieldType::kJson:
      return TextValue(R"({"sample":true})", PENSTOCK_JSON);
    case sdk::FieldType::kBytes:
      return TextValue("sample", PENSTOCK_BYTES);
    case sdk::FieldType::kList:
      return ListOf(field);
  }
  return penstock_value{};
}

}  // namespace penstock::engine
