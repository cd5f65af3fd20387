#include "sdk/testing/kit/records.h"

#include <algorithm>
#include <cstring>

#include "penstock/json.hpp"
#include "sdk/testing/kit/trial.h"

namespace penstock::kit {

using sdk::Field;
using sdk::FieldType;

Value Value::Text(std::string text, uint8_t type) {
  Value value;
  value.type = type;
  value.text = std::move(text);
  return value;
}
Value Value::Number(uint8_t type, int64_t number) {
  Value value;
  value.type = type;
  value.number = number;
  return value;
}
Value Value::Real(double real) {
  Value value;
  value.type = PENSTOCK_DOUBLE;
  value.real = real;
  return value;
}

std::string Value::Show() const {
  switch (type) {
    case PENSTOCK_ABSENT:
      return "ABSENT";
    case PENSTOCK_NULL:
      return "NULL";
    case PENSTOCK_BOOL:
      return number != 0 ? "true" : "false";
    case PENSTOCK_INT64:
      return std::to_string(number);
    case PENSTOCK_DOUBLE:
      return sdk::DoubleText(real);
    case PENSTOCK_DATE:
      return sdk::DateText(number);
    case PENSTOCK_TIMESTAMP:
      return sdk::TimestampText(number);
    case PENSTOCK_LIST: {
      std::string all;
      for (const Value& item : list) all += (all.empty() ? "" : ", ") + item.Show();
      return "[" + all + "]";
    }
    default:
      return Transcript::Short(text, 60);
  }
}

namespace {

// Lays values out behind each other in one piece of memory: first counted, then written.
class Packer {
 public:
  explicit Packer(char* memory) : memory_(memory) {}

  void* Take(size_t n, size_t alignment) {
    used_ = (used_ + alignment - 1) / alignment * alignment;
    void* at = memory_ == nullptr ? nullptr : memory_ + used_;
    used_ += n;
    return at;
  }
  const char* Put(const std::string& text) {
    void* at = Take(text.size(), 1);
    if (at != nullptr && !text.empty()) std::memcpy(at, text.data(), text.size());
    return static_cast<const char*>(at);
  }
  void Put(const Value& from, penstock_value* to) {
    penstock_value value{};
    value.type = from.type;
    switch (from.type) {
      case PENSTOCK_DOUBLE:
        value.v.f64 = from.real;
        break;
      case PENSTOCK_DECIMAL:
      case PENSTOCK_STRING:
      case PENSTOCK_BYTES:
      case PENSTOCK_JSON:
        value.len = static_cast<uint32_t>(from.text.size());
        value.v.text = Put(from.text);
        break;
      case PENSTOCK_LIST: {
        value.len = static_cast<uint32_t>(from.list.size());
        auto* items = static_cast<penstock_value*>(
            Take(from.list.size() * sizeof(penstock_value), alignof(penstock_value)));
        for (size_t i = 0; i < from.list.size(); ++i) {
          Put(from.list[i], items == nullptr ? nullptr : items + i);
        }
        value.v.list = items;
        break;
      }
      default:
        value.v.i64 = from.number;
    }
    if (to != nullptr) *to = value;
  }
  size_t used() const { return used_; }

 private:
  char* memory_;
  size_t used_ = 0;
};

penstock_batch Pack(const std::vector<Row>& rows, size_t n_fields, Packer* packer) {
  const size_t n = rows.size();
  auto* values = static_cast<penstock_value*>(
      packer->Take(n * n_fields * sizeof(penstock_value), alignof(penstock_value)));
  auto* seqs = static_cast<uint64_t*>(packer->Take(n * sizeof(uint64_t), alignof(uint64_t)));
  auto* ids =
      static_cast<penstock_str*>(packer->Take(n * sizeof(penstock_str), alignof(penstock_str)));
  for (size_t i = 0; i < n; ++i) {
    for (size_t f = 0; f < n_fields; ++f) {
      packer->Put(rows[i].values[f], values == nullptr ? nullptr : values + i * n_fields + f);
    }
    const char* id = packer->Put(rows[i].id);
    if (seqs != nullptr) seqs[i] = rows[i].seq;
    if (ids != nullptr) ids[i] = {rows[i].id.empty() ? nullptr : id, rows[i].id.size()};
  }
  return {sizeof(penstock_batch), static_cast<uint32_t>(n_fields), n, values, seqs, ids};
}

}  // namespace

PackedBatch::PackedBatch(const std::vector<Row>& rows, size_t n_fields) {
  Packer counter(nullptr);
  (void)Pack(rows, n_fields, &counter);
  memory_ = std::make_unique<Guarded>((counter.used() + 15) / 16 * 16);
  Packer packer(static_cast<char*>(memory_->data()));
  batch_ = Pack(rows, n_fields, &packer);
}

const sdk::Object* TheObject(Trial& trial) {
  const sdk::Catalog* catalog = trial.catalog();
  if (catalog == nullptr) return nullptr;
  const std::string& wanted = trial.facts().object;
  const sdk::Object* best = nullptr;
  for (const sdk::Object& object : catalog->objects) {
    if (object.name == wanted) return &object;
    if (best == nullptr || object.operations.size() > best->operations.size()) best = &object;
  }
  if (best == nullptr || !wanted.empty()) {
    trial.Fail(wanted.empty() ? "the catalog has no object"
                              : "the catalog has no object \"" + wanted + "\"");
    return nullptr;
  }
  return best;
}

bool HasOperation(Trial& trial, const std::string& operation) {
  const sdk::Object* object = TheObject(trial);
  return object != nullptr && object->operations.count(operation) > 0;
}

std::string MainOperation(Trial& trial) {
  for (const char* operation : {"upsert", "insert", "update"}) {
    if (HasOperation(trial, operation)) return operation;
  }
  trial.Skip("the object has no operation that writes values");
  return {};
}

namespace {

std::string KeyFor(Trial& trial, const sdk::Object& object, const std::string& operation) {
  const auto& identifiers = object.operations.at(operation).identifiers;
  const std::string& wanted = trial.facts().key;
  for (const auto& identifier : identifiers) {
    if (identifier.size() != 1) continue;
    if (wanted.empty() ? identifier[0] != "id" : identifier[0] == wanted) return identifier[0];
  }
  // An insert may have no identifier: then the key is just one more field.
  if (identifiers.empty() && !wanted.empty()) return wanted;
  return {};
}

FieldType TypeFor(const sdk::Object& object, const std::string& name) {
  const Field* field = object.FindField(name);
  return field == nullptr ? FieldType::kString : field->type;
}

bool IsSet(const sdk::Object& object, const sdk::Assignment& assignment, const std::string& name) {
  return std::any_of(assignment.fields.begin(), assignment.fields.end(), [&](const auto& assigned) {
    const Field* field = object.FindField(assigned.name);
    return field != nullptr && field->target() == name;
  });
}

}  // namespace

std::vector<const Field*> WritableFields(Trial& trial, const sdk::Object& object,
                                         const std::string& key) {
  std::vector<const Field*> fields;
  for (const std::string& name : trial.facts().fields) {
    const Field* field = object.FindField(name);
    if (field == nullptr) {
      trial.Fail("the fixture's field \"" + name + "\" is not in the catalog");
    } else if (name != key) {
      fields.push_back(field);
    }
  }
  if (!trial.facts().fields.empty()) return fields;
  for (const Field& field : object.fields) {
    const bool alone = std::none_of(fields.begin(), fields.end(), [&](const Field* other) {
      return other->target() == field.target();
    });
    if (alone && field.name != key && field.name != "id" && field.createable && field.updateable &&
        !field.unique && fields.size() < 12) {
      fields.push_back(&field);
    }
  }
  return fields;
}

std::optional<WritePlan> PlanFor(Trial& trial, const std::string& operation,
                                 const std::vector<std::string>& fields) {
  const sdk::Object* object = TheObject(trial);
  if (object == nullptr || operation.empty()) return std::nullopt;
  if (object->operations.count(operation) == 0) {
    trial.Skip("the object " + object->name + " has no operation " + operation);
    return std::nullopt;
  }
  const std::string key = KeyFor(trial, *object, operation);
  if (key.empty()) {
    trial.Skip("no single field but the id identifies a record of " + object->name);
    return std::nullopt;
  }
  WritePlan plan;
  plan.object = object;
  plan.assignment.object = object->name;
  plan.assignment.operation = operation;
  plan.assignment.identifier = {key};
  plan.assignment.limits = object->limits;
  plan.assignment.options = trial.facts().options_json;
  plan.assignment.integration = "kit";
  plan.assignment.environment = "kit";
  plan.assignment.run = "1";
  plan.assignment.fields.push_back({key, TypeFor(*object, key), true});
  for (const std::string& name : fields) {
    plan.assignment.fields.push_back({name, TypeFor(*object, name), false});
  }
  // What creation needs is there, behind the fields that were asked for.
  const bool creates = operation == "upsert" || operation == "insert";
  for (const Field& field : object->fields) {
    if (!creates || !field.required || IsSet(*object, plan.assignment, field.name)) continue;
    plan.assignment.fields.push_back({field.name, field.type, false});
  }
  return plan;
}

std::optional<WritePlan> PlanFor(Trial& trial, const std::string& operation) {
  const sdk::Object* object = TheObject(trial);
  if (object == nullptr || operation.empty()) return std::nullopt;
  std::vector<std::string> fields;
  if (operation != "delete" && object->operations.count(operation) > 0) {
    for (const Field* field : WritableFields(trial, *object, KeyFor(trial, *object, operation))) {
      fields.push_back(field->name);
    }
  }
  auto plan = PlanFor(trial, operation, fields);
  if (trial.failed()) return std::nullopt;
  return plan;
}

namespace {

std::string Replaced(std::string text, uint64_t n) {
  const size_t at = text.find("{n}");
  return at == std::string::npos ? text : text.replace(at, 3, std::to_string(n));
}

Value TextSample(const Field& field, uint64_t n) {
  if (!field.allowed.empty()) return Value::Text(field.allowed[n % field.allowed.size()]);
  if (field.name.find("email") != std::string::npos) {
    return Value::Text("kit" + std::to_string(n) + "@example.com");
  }
  const bool digits =
      std::any_of(field.normalisers.begin(), field.normalisers.end(), [](sdk::Normaliser one) {
        return one == sdk::Normaliser::kDigits || one == sdk::Normaliser::kE164;
      });
  if (digits) return Value::Text("+4930" + std::to_string(1000000 + n));
  std::string text = "kit-" + field.name.substr(0, 20) + "-" + std::to_string(n);
  const bool lower = std::find(field.normalisers.begin(), field.normalisers.end(),
                               sdk::Normaliser::kLower) != field.normalisers.end();
  if (lower) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (field.max_length > 0 && text.size() > field.max_length) text = std::to_string(n);
  return Value::Text(text);
}

}  // namespace

Value Sample(const Trial& trial, const Field& field, uint64_t n) {
  const auto given = trial.facts().samples.find(field.name);
  const std::string text = given == trial.facts().samples.end() ? "" : Replaced(given->second, n);
  const auto number = static_cast<int64_t>(n % 100000);
  switch (field.type) {
    case FieldType::kBoolean:
      return Value::Number(PENSTOCK_BOOL, number % 2);
    case FieldType::kInteger:
      return Value::Number(PENSTOCK_INT64, number);
    case FieldType::kDecimal:
      return Value::Text(text.empty() ? std::to_string(number) + ".25" : text, PENSTOCK_DECIMAL);
    case FieldType::kDouble:
      return Value::Real(static_cast<double>(number) + 0.5);
    case FieldType::kDate:
      return Value::Number(PENSTOCK_DATE, 20000 + number % 3000);
    case FieldType::kTimestamp:
      return Value::Number(PENSTOCK_TIMESTAMP, 1764028800000000 + number * 1000000);
    case FieldType::kJson:
      return Value::Text("{\"n\":" + std::to_string(number) + "}", PENSTOCK_JSON);
    case FieldType::kBytes:
      return Value::Text("bytes " + std::to_string(number), PENSTOCK_BYTES);
    case FieldType::kList: {
      Value value;
      value.type = PENSTOCK_LIST;
      const size_t n_allowed = field.allowed.size();
      value.list.push_back(
          Value::Text(n_allowed == 0 ? "kit-" + std::to_string(n) : field.allowed[n % n_allowed]));
      return value;
    }
    default:
      return text.empty() ? TextSample(field, n) : Value::Text(text);
  }
}

Row SampleRow(const Trial& trial, const WritePlan& plan, uint64_t n) {
  Row row;
  row.seq = n;
  for (const auto& assigned : plan.assignment.fields) {
    const Field* known = plan.object->FindField(assigned.name);
    Field field;
    field.name = assigned.name;
    field.type = assigned.type;
    row.values.push_back(Sample(trial, known == nullptr ? field : *known, n));
  }
  return row;
}

std::vector<Row> SampleRows(const Trial& trial, const WritePlan& plan, uint64_t first, size_t n) {
  std::vector<Row> rows;
  for (size_t i = 0; i < n; ++i) rows.push_back(SampleRow(trial, plan, first + i));
  return rows;
}

}  // namespace penstock::kit
