#include "tests/bench/diff_bench_rows.h"

#include <charconv>
#include <cstring>
#include <numeric>

namespace penstock::bench {
namespace {

constexpr size_t kPool = 4096;
constexpr const char* kColumns[] = {"email",  "first_name", "last_name", "company",
                                    "city",   "phone",      "age",       "score",
                                    "active", "created",    "updated",   "stage"};
constexpr size_t kFields = std::size(kColumns);
constexpr size_t kChangingField = 11;

/// A number that spreads; the rows' order and contents.
uint64_t Mix(uint64_t x) {
  x ^= x >> 31;
  x *= 0x9E3779B97F4A7C15u;
  x ^= x >> 29;
  return x;
}

size_t WriteKey(uint64_t number, char* out) {
  std::memcpy(out, "user", 4);
  char* end = std::to_chars(out + 4, out + 20, number).ptr;
  std::memcpy(end, "@shop.de", 8);
  return static_cast<size_t>(end + 8 - out);
}

bool IsChanged(const RowRange& range, uint64_t number) {
  return range.changed_every != 0 && number % range.changed_every == 0;
}

/// A step that visits all of [0, count) in an order that is not theirs.
uint64_t StepFor(uint64_t count) {
  uint64_t step = count * 618 / 1000 | 1;
  while (std::gcd(step, count) != 1) step += 2;
  return step;
}

sdk::Object SyntheticObject() {
  using sdk::FieldType;
  constexpr FieldType kTypes[] = {FieldType::kString,    FieldType::kString,    FieldType::kString,
                                  FieldType::kString,    FieldType::kString,    FieldType::kString,
                                  FieldType::kInteger,   FieldType::kDouble,    FieldType::kBoolean,
                                  FieldType::kTimestamp, FieldType::kTimestamp, FieldType::kString};
  sdk::Object object;
  object.name = "contacts";
  object.operations["upsert"].identifiers = {{"email"}};
  object.operations["delete"].identifiers = {{"id"}};
  for (size_t i = 0; i < kFields; ++i) {
    sdk::Field field;
    field.name = kColumns[i];
    field.type = kTypes[i];
    if (i == 0) field.normalisers = {sdk::Normaliser::kTrim, sdk::Normaliser::kLower};
    object.fields.push_back(field);
  }
  return object;
}

class PoolMapper : public Mapper {
 public:
  explicit PoolMapper(const Hasher& hasher) : hasher_(hasher) {
    // In the order of names, as a real mapper has them: the key is the fifth.
    for (const char* name : {"active", "age", "city", "company", "created", "email", "first_name",
                             "last_name", "phone", "score", "stage", "updated"}) {
      MappedField field;
      field.name = name;
      field.key = field.name == "email";
      fields_.push_back(field);
    }
    for (size_t i = 0; i < kPool; ++i) {
      std::string before, after;
      for (size_t f = 0; f < kFields; ++f) {
        const std::string text = std::string(3 + Mix(i * 31 + f) % 17, static_cast<char>('a' + f));
        if (f == key_field()) continue;
        EncodeValue(StringValue(text), f < key_field() ? &before : &after);
      }
      before_.push_back(before);
      after_.push_back(after);
    }
  }
  const std::vector<MappedField>& fields() const override { return fields_; }
  size_t key_field() const override { return 5; }
  const Record& Map(std::span<const Value> row) override {
    const Value& key = row[0];
    const size_t pool = row[kChangingField].len * 64 + key.v.text[key.len - 9] % 64;
    payload_.assign(before_[pool % kPool]);
    const size_t at = payload_.size();
    EncodeValue(key, &payload_);
    const size_t size = payload_.size() - at;
    payload_.append(after_[pool % kPool]);
    record_.payload = payload_;
    record_.key = std::string_view(payload_).substr(at, size);
    record_.key_text = TextOf(key);
    record_.key_hash = hasher_.Bytes(record_.key);
    record_.fingerprint = hasher_.Bytes(record_.payload);
    return record_;
  }

 private:
  Hasher hasher_;
  std::vector<MappedField> fields_;
  std::vector<std::string> before_, after_;
  std::string payload_;
  Record record_;
};

}  // namespace

SyntheticRows::SyntheticRows(const RowRange& range)
    : range_(range), step_(StepFor(range.count)), values_(kFields) {
  for (const char* name : kColumns) columns_.push_back({name, "text"});
  constexpr ValueType kTypes[] = {ValueType::kString,    ValueType::kString,    ValueType::kString,
                                  ValueType::kString,    ValueType::kString,    ValueType::kString,
                                  ValueType::kInt64,     ValueType::kDouble,    ValueType::kBool,
                                  ValueType::kTimestamp, ValueType::kTimestamp, ValueType::kString};
  for (size_t i = 0; i < kFields; ++i) values_[i] = MakeScalar(kTypes[i]);
  for (size_t i = 0; i < kPool + 64; ++i) pool_.push_back(static_cast<char>('a' + Mix(i) % 26));
}

Result<std::span<const Value>> SyntheticRows::Next() {
  if (next_ == range_.count) return std::span<const Value>();
  ++next_;
  at_ += step_;
  if (at_ >= range_.count) at_ -= range_.count;
  const uint64_t number = range_.first + at_;
  const uint64_t mixed = Mix(number);
  // Fields are set in place: a Value made elsewhere and copied costs more than all the rest here.
  const auto text = [&](size_t field, int which, uint32_t length) {
    values_[field].len = length;
    values_[field].v.text = pool_.data() + ((mixed >> which) % kPool);
  };
  const auto number_in = [&](size_t field, uint64_t i) {
    values_[field].v.i64 = static_cast<int64_t>(i);
  };
  values_[0].len = static_cast<uint32_t>(WriteKey(number, key_));
  values_[0].v.text = key_;
  text(1, 3, 6);
  text(2, 7, 8);
  text(3, 11, 14);
  text(4, 13, 9);
  text(5, 17, 13);
  number_in(6, mixed % 64);
  values_[7].v.f64 = static_cast<double>(mixed % 65'536) / 64;
  number_in(8, mixed % 2);
  number_in(9, 1'500'000'000'000'000 + mixed % (1ull << 40));
  number_in(10, 1'600'000'000'000'000 + mixed % (1ull << 41));
  text(11, 19, IsChanged(range_, number) ? 11 : 10);
  return std::span<const Value>(values_);
}

Result<std::unique_ptr<Mapper>> RealMapper(const Hasher& hasher) {
  Integration integration;
  integration.id = "contacts";
  integration.object = "contacts";
  integration.mode = Mode::kMirror;
  integration.key.field = "email";
  integration.key.columns = {"email"};
  for (size_t i = 1; i < kFields; ++i) {
    FieldMapping mapping;
    mapping.field = mapping.column = kColumns[i];
    integration.mapping.push_back(mapping);
  }
  std::vector<Column> columns;
  for (const char* name : kColumns) columns.push_back({name, "text"});
  return Mapper::Compile(integration, columns, SyntheticObject(), hasher, {});
}

std::unique_ptr<Mapper> HashingMapper(const Hasher& hasher) {
  return std::make_unique<PoolMapper>(hasher);
}

}  // namespace penstock::bench
