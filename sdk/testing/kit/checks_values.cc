// write.*: values arrive as they were sent.
#include <algorithm>
#include <limits>

#include "sdk/testing/kit/exact_json.h"
#include "sdk/testing/kit/holdings.h"
#include "sdk/testing/kit/text.h"
#include "sdk/testing/kit/writes.h"

namespace penstock::kit {
namespace {

using sdk::Field;
using sdk::FieldType;

// The operation that makes records with any set of fields.
std::string Making(Trial& t) {
  return HasOperation(t, "insert") && !HasOperation(t, "upsert") ? "insert" : MainOperation(t);
}

// One field of each type that checks may write.
std::vector<const Field*> OneOfEachType(Trial& t) {
  const sdk::Object* object = TheObject(t);
  const auto plan = PlanFor(t, Making(t), {});
  std::vector<const Field*> chosen;
  if (object == nullptr || !plan) return chosen;
  const std::string& key = plan->assignment.identifier[0];
  const auto take = [&](const Field& field) {
    const bool there = std::any_of(chosen.begin(), chosen.end(), [&](const Field* one) {
      return one->type == field.type && one->allowed.empty() == field.allowed.empty();
    });
    if (!there) chosen.push_back(&field);
  };
  for (const Field* field : WritableFields(t, *object, key)) take(*field);
  for (const Field& field : object->fields) {
    if (field.name != key && field.createable && field.updateable && !field.unique &&
        t.facts().fields.empty()) {
      take(field);
    }
  }
  return chosen;
}

// Writes each value into a record of its own. A value is held as it was sent, or its record is
// refused; never something else. `must`: how many of the first ones may not be refused.
void TryValues(Trial& t, const Field& field, const std::vector<Value>& values, size_t must) {
  const auto plan = PlanFor(t, Making(t), {field.name});
  if (!plan) return;
  static uint64_t next = 1;
  std::vector<Row> rows = SampleRows(t, *plan, next, values.size()), kept_rows;
  next += values.size();
  for (size_t i = 0; i < values.size(); ++i) rows[i].values[1] = values[i];
  const Written written = WriteRows(t, *plan, rows);
  if (!written.status.ok()) {
    return t.Fail("field " + field.name + ": " + written.ShowStatus());
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    const Kept* kept = written.Of(rows[i].seq);
    if (kept != nullptr && kept->success()) {
      kept_rows.push_back(rows[i]);
    } else if (i < must || kept == nullptr || kept->outcome != PENSTOCK_REJECTED) {
      t.Fail("field " + field.name + " = " + values[i].Show() + ": the record is " +
             written.Show(rows[i].seq));
    }
  }
  ExpectHeld(t, *plan, kept_rows, "values of type " + std::string(sdk::FieldTypeName(field.type)));
}

std::vector<Value> Ordinary(const Field& field) {
  std::vector<Value> values;
  if (!field.allowed.empty()) {
    for (size_t i = 0; i < field.allowed.size() && i < 3; ++i) {
      Value value = Value::Text(field.allowed[i]);
      if (field.type == FieldType::kList) {
        Value list;
        list.type = PENSTOCK_LIST;
        list.list = {value};
        if (i > 0) list.list.push_back(Value::Text(field.allowed[0]));
        value = list;
      }
      values.push_back(value);
    }
    return values;
  }
  switch (field.type) {
    case FieldType::kBoolean:
      return {Value::Number(PENSTOCK_BOOL, 1), Value::Number(PENSTOCK_BOOL, 0)};
    case FieldType::kInteger:
      return {Value::Number(PENSTOCK_INT64, 42), Value::Number(PENSTOCK_INT64, 0),
              Value::Number(PENSTOCK_INT64, -1)};
    case FieldType::kDecimal:
      return {Value::Text("12.5", PENSTOCK_DECIMAL), Value::Text("0", PENSTOCK_DECIMAL),
              Value::Text("-1.25", PENSTOCK_DECIMAL), Value::Text("1000000", PENSTOCK_DECIMAL)};
    case FieldType::kDouble:
      return {Value::Real(0.5), Value::Real(-2.25), Value::Real(0.1), Value::Real(1e21)};
    case FieldType::kDate:
      return {Value::Number(PENSTOCK_DATE, 20000), Value::Number(PENSTOCK_DATE, 0)};
    case FieldType::kTimestamp:
      return {Value::Number(PENSTOCK_TIMESTAMP, 1764028800000000),
              Value::Number(PENSTOCK_TIMESTAMP, 0)};
    case FieldType::kJson:
      return {Value::Text(R"({"a":[1,"x",null]})", PENSTOCK_JSON),
              Value::Text("[]", PENSTOCK_JSON)};
    case FieldType::kBytes:
      return {Value::Text(std::string("\x00\x01\xff", 3), PENSTOCK_BYTES)};
    case FieldType::kList: {
      Value list;
      list.type = PENSTOCK_LIST;
      list.list = {Value::Text("a"), Value::Text("b c")};
      return {list};
    }
    default:
      return {Value::Text("text"), Value::Text(" spaces around "), Value::Text("007"),
              Value::Text("true"), Value::Text("")};
  }
}

void Types(Trial& t) {
  const auto fields = OneOfEachType(t);
  for (const Field* field : fields) {
    std::vector<Value> values = Ordinary(*field);
    if (t.facts().trims)
      std::erase_if(values, [](const Value& value) { return value.text.starts_with(' '); });
    TryValues(t, *field, values, 1);
  }
  if (fields.empty()) t.Skip("no field beside the key can be written");
}

// Every number and text of a body.
void Tokens(const Json& json, std::vector<std::string>* tokens) {
  if (json.IsObject()) {
    for (const auto& member : json.GetObject()) Tokens(member.value, tokens);
  } else if (json.IsArray()) {
    for (const Json& item : json.GetArray()) Tokens(item, tokens);
  } else if (json.IsString()) {
    tokens->push_back(ExactText(json));
  }
}

// What goes over the wire: a destination may round what it is sent, a connector may not.
void SendNumbers(Trial& t, const Field& field, const std::vector<Value>& values) {
  const auto plan = PlanFor(t, Making(t), {field.name});
  if (!plan) return;
  for (size_t i = 0; i < values.size(); ++i) {
    std::vector<Row> rows = SampleRows(t, *plan, 500 + i, 1);
    rows[0].values[1] = values[i];
    t.host().Forget();
    (void)WriteRows(t, *plan, rows);
    bool sent = false, any = false;
    for (const Exchange& exchange : t.host().writes()) {
      rapidjson::Document body;
      std::vector<std::string> tokens;
      any = true;
      if (ParseExact(exchange.request.body, &body)) Tokens(body, &tokens);
      sent = std::any_of(tokens.begin(), tokens.end(), [&](const std::string& token) {
        return Difference(values[i], &token).empty();
      });
      const std::string text = exchange.request.url + exchange.request.body;
      sent = sent || text.find(values[i].Show()) != std::string::npos;
      if (sent) break;
    }
    if (any && !sent)
      t.Fail("field " + field.name + ": " + values[i].Show() + " is not sent exactly");
  }
}

void ExactNumbers(Trial& t) {
  bool any = false;
  for (const Field* field : OneOfEachType(t)) {
    if (field->type == FieldType::kInteger) {
      SendNumbers(t, *field,
                  {Value::Number(PENSTOCK_INT64, 9007199254740993),
                   Value::Number(PENSTOCK_INT64, std::numeric_limits<int64_t>::max()),
                   Value::Number(PENSTOCK_INT64, std::numeric_limits<int64_t>::min())});
    } else if (field->type == FieldType::kDecimal) {
      SendNumbers(t, *field,
                  {Value::Text("9007199254740993", PENSTOCK_DECIMAL),
                   Value::Text("9223372036854775807", PENSTOCK_DECIMAL),
                   Value::Text("-9223372036854775808", PENSTOCK_DECIMAL),
                   Value::Text("12345678901234567890123456789012345678", PENSTOCK_DECIMAL),
                   Value::Text("0.10000000000000000000000000001", PENSTOCK_DECIMAL),
                   Value::Text("-0.0", PENSTOCK_DECIMAL)});
    } else if (field->type == FieldType::kDouble) {
      SendNumbers(t, *field,
                  {Value::Real(1e308), Value::Real(5e-324), Value::Real(-0.0),
                   Value::Real(0.30000000000000004)});
    } else {
      continue;
    }
    any = true;
  }
  if (!any && !t.failed()) t.Skip("no field holds numbers");
}

void Texts(Trial& t) {
  const Field* field = nullptr;
  for (const Field* one : OneOfEachType(t)) {
    if (one->type == FieldType::kString && one->allowed.empty()) field = one;
  }
  if (field == nullptr) {
    if (!t.failed()) t.Skip("no field holds free text");
    return;
  }
  std::string controls;
  for (char c = 1; c < 0x20; ++c) controls += c;
  const size_t longest =
      field->max_length == 0 ? 65536 : std::min<size_t>(field->max_length, 65536);
  TryValues(t, *field,
            {Value::Text("plain"), Value::Text("\xF0\x9F\x98\x80 \xF0\x90\x8D\x88"),
             Value::Text("\xD8\xB3\xD9\x84\xD8\xA7\xD9\x85 \xE2\x80\x8F"),
             Value::Text("say \"yes\" \\ / </script> ' `"), Value::Text("a\nb\tc\rd"),
             Value::Text("x" + controls + "y"), Value::Text(std::string("a\0b", 3)),
             Value::Text("e\xCC\x81 \xC3\xA9"), Value::Text("${n} {{x}} %s"),
             Value::Text(std::string(longest, 'x'))},
            1);
}

void Times(Trial& t) {
  bool any = false;
  for (const Field* field : OneOfEachType(t)) {
    if (field->type == FieldType::kDate) {
      TryValues(t, *field,
                {Value::Number(PENSTOCK_DATE, 19782), Value::Number(PENSTOCK_DATE, -1),
                 Value::Number(PENSTOCK_DATE, 2932896), Value::Number(PENSTOCK_DATE, -25567)},
                1);
    } else if (field->type == FieldType::kTimestamp) {
      std::vector<Value> values = {Value::Number(PENSTOCK_TIMESTAMP, 1709164799000000),
                                   Value::Number(PENSTOCK_TIMESTAMP, -1000000),
                                   Value::Number(PENSTOCK_TIMESTAMP, 253402300799000000),
                                   Value::Number(PENSTOCK_TIMESTAMP, 1764028800123456),
                                   Value::Number(PENSTOCK_TIMESTAMP, -123456)};
      if (t.facts().whole_seconds) values.resize(3);
      TryValues(t, *field, values, 1);
    } else {
      continue;
    }
    any = true;
  }
  if (!any && !t.failed()) t.Skip("no field holds dates or times");
}

// NULL clears, ABSENT leaves alone, in each field once.
void NullAbsent(Trial& t) {
  const bool updates = HasOperation(t, "update");
  const sdk::Object* object = TheObject(t);
  if (object == nullptr) return;
  if (!updates &&
      (object->operations.count("upsert") == 0 || !object->operations.at("upsert").sparse)) {
    return t.Skip("no operation changes some fields of a record and leaves others alone");
  }
  std::vector<std::string> names;
  for (const Field* field : OneOfEachType(t)) {
    if (!field->required) names.push_back(field->name);
  }
  if (names.size() > 8) names.resize(8);
  const auto make = PlanFor(t, Making(t), names);
  const auto change = PlanFor(t, updates ? "update" : "upsert", names);
  if (!make || !change || names.empty()) return;
  // A number above 0, so that no sample is what clearing leaves behind.
  const std::vector<Row> rows = SampleRows(t, *make, 11, 2);
  if (!ExpectSuccess(t, WriteRows(t, *make, rows), rows, "making records")) return;
  ExpectHeld(t, *make, rows, "making records");
  std::vector<Row> changes = rows;
  for (size_t i = 0; i < changes.size(); ++i) {
    // What an update does not need (and an upsert does) stands behind the fields in question.
    changes[i].values.resize(change->assignment.fields.size());
    for (size_t f = 1; f < names.size() + 1; ++f) {
      changes[i].values[f] = (f + i) % 2 == 0 ? Value::Null() : Value::Absent();
    }
  }
  if (!ExpectSuccess(t, WriteRows(t, *change, changes), changes, "clearing fields")) return;
  const Holdings holdings = Holdings::Of(t, *change);
  for (size_t i = 0; i < rows.size(); ++i) {
    const StoredRecord* stored = holdings.Find(rows[i].values[0]);
    if (stored == nullptr) return t.Fail("a record is gone after its fields were cleared");
    for (size_t f = 1; f < names.size() + 1; ++f) {
      const auto it = stored->fields.find(names[f - 1]);
      const std::string* value = it == stored->fields.end() ? nullptr : &it->second;
      const bool cleared = changes[i].values[f].type == PENSTOCK_NULL;
      const std::string difference = Difference(cleared ? Value::Null() : rows[i].values[f], value);
      if (!difference.empty()) {
        t.Fail("field " + names[f - 1] + " was " + (cleared ? "NULL" : "ABSENT") + ": " +
               difference);
      }
    }
  }
}

void HugeRecord(Trial& t) {
  const Field* field = nullptr;
  for (const Field* one : OneOfEachType(t)) {
    if (one->type == FieldType::kString && one->allowed.empty()) field = one;
  }
  if (field == nullptr) {
    if (!t.failed()) t.Skip("no field holds free text");
    return;
  }
  const auto plan = PlanFor(t, Making(t), {field->name});
  if (!plan) return;
  std::vector<Row> rows = SampleRows(t, *plan, 1, 4);
  rows[2].values[1] = Value::Text(std::string(3 << 20, 'h'));
  const Written written = WriteRows(t, *plan, rows);
  if (!written.status.ok()) return t.Fail("a record of 3 MiB: " + written.ShowStatus());
  const Kept* huge = written.Of(3);
  if (huge == nullptr || (!huge->success() && huge->outcome != PENSTOCK_REJECTED)) {
    t.Fail("a record of 3 MiB is " + written.Show(3) + "; write it or REJECT it");
  }
  if (huge == nullptr || !huge->success()) rows.erase(rows.begin() + 2);
  if (ExpectSuccess(t, written, rows, "records beside one of 3 MiB")) {
    ExpectHeld(t, *plan, rows, "records beside one of 3 MiB");
  }
}

}  // namespace

std::vector<Check> ValueChecks() {
  return {
      {"write.null_absent", 3, "NULL clears a field, ABSENT leaves it as it is", kOracle,
       NullAbsent},
      {"write.types", 3, "values of every type arrive as they were sent", kOracle, Types},
      {"write.exact_numbers", 3, "numbers go out with every digit", kDestination, ExactNumbers},
      {"write.text", 3, "text of any characters and any length arrives unchanged", kOracle, Texts},
      {"write.times", 3, "dates and times are the same instant at the other end", kOracle, Times},
      {"write.huge_record", 3, "one huge record does not spoil the others", kOracle, HugeRecord},
  };
}

}  // namespace penstock::kit
