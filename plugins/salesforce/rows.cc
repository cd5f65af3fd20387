#include "plugins/salesforce/rows.h"

#include "plugins/salesforce/bodies.h"
#include "plugins/salesforce/csv.h"

namespace penstock::salesforce {

namespace {

constexpr std::string_view kNull = "#N/A", kLowerNull = "#n/a";
constexpr size_t kMaxCell = 32000;
constexpr size_t kMaxRow = 400000;
constexpr std::string_view kLineBreak = "\r\n";

bool ById(const Shape& shape) { return shape.verb == Verb::kUpdate || shape.verb == Verb::kDelete; }

// Texts that a cell may not mean: NULL is written like that; and line breaks of another kind than
// the job's own, even in quotes, are reported to fail whole jobs.
bool IsAmbiguous(std::string_view text) {
  return sdk::AsciiLower(sdk::Trimmed(text)) == kLowerNull ||
         text.find(kLineBreak) != std::string_view::npos;
}

std::string ColumnOf(const SentField& field) {
  if (field.kind != SentField::Kind::kRelation) return field.target;
  const std::string name = field.relation.relationship + "." + field.relation.field;
  return field.relation.object.empty() ? name : field.relation.object + ":" + name;
}

std::string CellOf(const Shape& shape, const SentField& field, const penstock_value& value) {
  if (value.type == PENSTOCK_ABSENT) return {};
  if (field.checkbox && IsEmpty(value)) return "false";
  if (IsEmpty(value)) return std::string(kNull);
  if (field.kind != SentField::Kind::kRecordType) return ValueText(value);
  const auto type = shape.object->record_types.find(std::string(sdk::TextOf(value)));
  return type == shape.object->record_types.end() ? std::string(kNull) : type->second;
}

}  // namespace

bool FitsCsv(const Shape& shape, const sdk::Batch& batch, size_t record) {
  if (shape.verb == Verb::kDelete) return true;
  size_t size = 0;
  for (size_t f = 0; f < shape.fields.size(); ++f) {
    const SentField& field = shape.fields[f];
    const penstock_value& value = batch.value(record, f);
    if (field.kind == SentField::Kind::kOmitted || value.type == PENSTOCK_ABSENT) continue;
    if (field.kind == SentField::Kind::kRelation && IsEmpty(value)) return false;
    if (value.type != PENSTOCK_STRING && value.type != PENSTOCK_LIST) continue;
    const std::string text = ValueText(value);
    if (IsAmbiguous(text) || text.size() > kMaxCell) return false;
    size += text.size();
  }
  return size <= kMaxRow;
}

std::string CsvHeader(const Shape& shape) {
  std::string header;
  const auto add = [&](const std::string& name) {
    if (!header.empty()) header += ',';
    if (name.find_first_of(",\"\r\n") == std::string::npos) {
      header += name;
    } else {
      AppendCsvCell(name, &header);
    }
  };
  if (ById(shape)) add("Id");
  if (shape.verb != Verb::kDelete) {
    for (const SentField& field : shape.fields) {
      if (field.kind != SentField::Kind::kOmitted) add(ColumnOf(field));
    }
  }
  return header + "\n";
}

void AppendCsvRow(const Shape& shape, const sdk::Batch& batch, const Item& item, std::string* out) {
  bool first = true;
  const auto add = [&](std::string_view text) {
    if (!first) out->push_back(',');
    first = false;
    if (!text.empty()) AppendCsvCell(text, out);
  };
  if (ById(shape)) add(item.id);
  if (shape.verb != Verb::kDelete) {
    for (size_t f = 0; f < shape.fields.size(); ++f) {
      const SentField& field = shape.fields[f];
      if (field.kind == SentField::Kind::kOmitted) continue;
      add(CellOf(shape, field, batch.value(item.record, f)));
    }
  }
  out->push_back('\n');
}

std::string ResultColumn(const Shape& shape) { return ById(shape) ? "Id" : shape.key_name(); }

std::string ResultKey(const Shape& shape, const sdk::Batch& batch, const Item& item) {
  return ResultKeyOf(shape,
                     ById(shape) ? item.id : ValueText(batch.value(item.record, shape.key_index)));
}

std::string ResultKeyOf(const Shape& shape, std::string_view text) {
  if (ById(shape)) return std::string(text.substr(0, 15));
  const std::string_view trimmed = sdk::Trimmed(text);
  return shape.key != nullptr && shape.key->type == "email" ? sdk::AsciiLower(trimmed)
                                                            : std::string(trimmed);
}

}  // namespace penstock::salesforce
