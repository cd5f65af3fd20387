#include "host/sources/postgres_types.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "host/sources/big_endian.h"

namespace penstock::sources {
namespace {

constexpr int64_t kDaysTo2000 = 10957;
constexpr int kMaxDimensions = 6;

template <typename T>
bool DecodeInteger(std::string_view bytes, const DecodeContext&, Value* out) {
  if (bytes.size() != sizeof(T)) return false;
  *out = IntValue(static_cast<int64_t>(ReadBig<T>(bytes.data())));
  return true;
}

bool DecodeBool(std::string_view bytes, const DecodeContext&, Value* out) {
  if (bytes.size() != 1) return false;
  *out = BoolValue(bytes[0] != 0);
  return true;
}

bool DecodeFloat4(std::string_view bytes, const DecodeContext&, Value* out) {
  if (bytes.size() != 4) return false;
  const auto bits = ReadBig<uint32_t>(bytes.data());
  float f;
  std::memcpy(&f, &bits, 4);
  double d = f;
  if (std::isfinite(f)) {
    // Through the shortest text of the float, so that 0.1 does not become 0.10000000149011612.
    char text[32];
    const char* end = std::to_chars(text, text + sizeof text, f).ptr;
    std::from_chars(text, end, d);
  }
  *out = DoubleValue(d);
  return true;
}

bool DecodeFloat8(std::string_view bytes, const DecodeContext&, Value* out) {
  if (bytes.size() != 8) return false;
  const auto bits = ReadBig<uint64_t>(bytes.data());
  double d;
  std::memcpy(&d, &bits, 8);
  *out = DoubleValue(d);
  return true;
}

bool DecodeText(std::string_view bytes, const DecodeContext&, Value* out) {
  *out = StringValue(bytes);
  return true;
}

bool DecodeBytea(std::string_view bytes, const DecodeContext&, Value* out) {
  *out = TextValue(ValueType::kBytes, bytes);
  return true;
}

bool DecodeJson(std::string_view bytes, const DecodeContext&, Value* out) {
  *out = TextValue(ValueType::kJson, bytes);
  return true;
}

bool DecodeJsonb(std::string_view bytes, const DecodeContext&, Value* out) {
  if (bytes.empty() || bytes[0] != 1) return false;  // version
  *out = TextValue(ValueType::kJson, bytes.substr(1));
  return true;
}

bool DecodeUuid(std::string_view bytes, const DecodeContext& context, Value* out) {
  constexpr char kHex[] = "0123456789abcdef";
  if (bytes.size() != 16) return false;
  char* const start = context.arena->Bytes(36);
  char* p = start;
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *p++ = '-';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    *p++ = kHex[byte >> 4];
    *p++ = kHex[byte & 15];
  }
  *out = StringValue({start, 36});
  return true;
}

Value Infinity(bool positive) { return StringValue(positive ? "infinity" : "-infinity"); }

bool DecodeDate(std::string_view bytes, const DecodeContext&, Value* out) {
  if (bytes.size() != 4) return false;
  const auto days = ReadBig<int32_t>(bytes.data());
  if (days == std::numeric_limits<int32_t>::max() || days == std::numeric_limits<int32_t>::min()) {
    *out = Infinity(days > 0);
    return true;
  }
  *out = DateValue(days + kDaysTo2000);
  return true;
}

// Microseconds since 2000 to a timestamp. Past the year 294246 64 bits since 1970 do not reach:
// text.
bool DecodeMoment(std::string_view bytes, const DecodeContext& context, const TimeZone* zone,
                  Value* out) {
  if (bytes.size() != 8) return false;
  const auto micros = ReadBig<int64_t>(bytes.data());
  if (micros == std::numeric_limits<int64_t>::max() ||
      micros == std::numeric_limits<int64_t>::min()) {
    *out = Infinity(micros > 0);
    return true;
  }
  int64_t since_1970 = 0;
  if (!__builtin_add_overflow(micros, kDaysTo2000 * kMicrosPerDay, &since_1970)) {
    const auto utc = zone == nullptr ? std::optional(since_1970) : zone->ToUtc(since_1970);
    if (utc) {
      *out = TimestampValue(*utc);
      return true;
    }
  }
  char* const start = context.arena->Bytes(kMaxTimestampText);
  const char* end =
      WriteTimestamp(micros / kMicrosPerDay + kDaysTo2000, micros % kMicrosPerDay, start);
  *out = StringValue({start, static_cast<size_t>(end - start)});
  return true;
}

bool DecodeTimestamp(std::string_view bytes, const DecodeContext& context, Value* out) {
  return DecodeMoment(bytes, context, context.zone->utc() ? nullptr : context.zone, out);
}

bool DecodeTimestamptz(std::string_view bytes, const DecodeContext& context, Value* out) {
  return DecodeMoment(bytes, context, nullptr, out);
}

char* WriteGroup(int group, char* out) {
  out[0] = static_cast<char>('0' + group / 1000);
  out[1] = static_cast<char>('0' + group / 100 % 10);
  out[2] = static_cast<char>('0' + group / 10 % 10);
  out[3] = static_cast<char>('0' + group % 10);
  return out + 4;
}

// Groups of four digits, the first of them worth 10000^weight: to text without needless zeros.
bool DecodeNumeric(std::string_view bytes, const DecodeContext& context, Value* out) {
  constexpr uint16_t kMinus = 0x4000, kNaN = 0xC000, kPlusInfinity = 0xD000,
                     kMinusInfinity = 0xF000;
  if (bytes.size() < 8) return false;
  const int groups = ReadBig<int16_t>(bytes.data());
  const int weight = ReadBig<int16_t>(bytes.data() + 2);
  const auto sign = ReadBig<uint16_t>(bytes.data() + 4);
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  if (sign == kNaN) *out = DoubleValue(std::numeric_limits<double>::quiet_NaN());
  if (sign == kPlusInfinity) *out = DoubleValue(kInfinite);
  if (sign == kMinusInfinity) *out = DoubleValue(-kInfinite);
  if (sign == kNaN || sign == kPlusInfinity || sign == kMinusInfinity) return true;
  if (groups < 0 || bytes.size() != 8 + 2 * static_cast<size_t>(groups)) return false;
  const auto group = [&](int i) {
    return i >= 0 && i < groups ? ReadBig<int16_t>(bytes.data() + 8 + 2 * i) : int16_t{0};
  };
  for (int i = 0; i < groups; ++i) {
    if (group(i) < 0 || group(i) > 9999) return false;
  }
  const int fraction = std::max(groups - 1 - weight, 0);  // groups after the point
  const size_t room = 4 * static_cast<size_t>(std::max(weight + 1, 1) + fraction) + 2;
  char* const start = context.arena->Bytes(room);
  char* p = start;
  if (sign == kMinus && groups > 0) *p++ = '-';
  char* const integer = p;
  for (int i = 0; i <= weight; ++i) p = WriteGroup(group(i), p);
  if (weight < 0) *p++ = '0';
  const char* first = integer;
  while (first + 1 < p && *first == '0') ++first;
  std::memmove(integer, first, static_cast<size_t>(p - first));
  p -= first - integer;
  if (fraction > 0) {
    *p++ = '.';
    for (int i = weight + 1; i < groups; ++i) p = WriteGroup(group(i), p);
    while (p[-1] == '0') --p;
    if (p[-1] == '.') --p;
  }
  const auto used = static_cast<size_t>(p - start);
  context.arena->Unused(room - used);
  *out = TextValue(ValueType::kDecimal, {start, used});
  return true;
}

constexpr PostgresType kTypes[] = {
    {25, 1009, "text", "text[]", DecodeText},
    {20, 1016, "int8", "int8[]", DecodeInteger<int64_t>},
    {23, 1007, "int4", "int4[]", DecodeInteger<int32_t>},
    {21, 1005, "int2", "int2[]", DecodeInteger<int16_t>},
    {26, 1028, "oid", "oid[]", DecodeInteger<uint32_t>},
    {16, 1000, "bool", "bool[]", DecodeBool},
    {700, 1021, "float4", "float4[]", DecodeFloat4},
    {701, 1022, "float8", "float8[]", DecodeFloat8},
    {1700, 1231, "numeric", "numeric[]", DecodeNumeric},
    {1043, 1015, "varchar", "varchar[]", DecodeText},
    {1042, 1014, "bpchar", "bpchar[]", DecodeText},
    {19, 1003, "name", "name[]", DecodeText},
    {1082, 1182, "date", "date[]", DecodeDate},
    {1114, 1115, "timestamp", "timestamp[]", DecodeTimestamp},
    {1184, 1185, "timestamptz", "timestamptz[]", DecodeTimestamptz},
    {2950, 2951, "uuid", "uuid[]", DecodeUuid},
    {17, 1001, "bytea", "bytea[]", DecodeBytea},
    {114, 199, "json", "json[]", DecodeJson},
    {3802, 3807, "jsonb", "jsonb[]", DecodeJsonb},
};

// Reads the items of an array, dimension by dimension.
class ArrayReader {
 public:
  ArrayReader(std::string_view items, const int32_t* sizes, int dimensions,
              const PostgresType& element, const DecodeContext& context)
      : bytes_(items),
        sizes_(sizes),
        dimensions_(dimensions),
        element_(element),
        context_(context) {}

  bool Read(int dimension, Value* out) {
    // Every item takes four bytes at least: a huge count in few bytes allocates nothing.
    if (static_cast<size_t>(sizes_[dimension]) > bytes_.size() / 4) return false;
    const std::span<Value> items = context_.arena->Values(static_cast<size_t>(sizes_[dimension]));
    for (Value& item : items) {
      if (!(dimension + 1 < dimensions_ ? Read(dimension + 1, &item) : ReadItem(&item)))
        return false;
    }
    *out = ListValue(items);
    return true;
  }
  bool done() const { return bytes_.empty(); }

 private:
  bool ReadItem(Value* out) {
    if (bytes_.size() < 4) return false;
    const auto size = ReadBig<int32_t>(bytes_.data());
    bytes_.remove_prefix(4);
    if (size == -1) {
      *out = NullValue();
      return true;
    }
    if (size < 0 || static_cast<size_t>(size) > bytes_.size()) return false;
    const std::string_view item = bytes_.substr(0, static_cast<size_t>(size));
    bytes_.remove_prefix(item.size());
    return element_.decode(item, context_, out);
  }

  std::string_view bytes_;
  const int32_t* sizes_;
  int dimensions_;
  const PostgresType& element_;
  const DecodeContext& context_;
};

}  // namespace

const PostgresType* FindPostgresType(uint32_t oid) {
  for (const PostgresType& type : kTypes) {
    if (type.oid == oid) return &type;
  }
  return nullptr;
}

const PostgresType* FindPostgresArray(uint32_t oid) {
  for (const PostgresType& type : kTypes) {
    if (type.array_oid == oid) return &type;
  }
  return nullptr;
}

bool DecodePostgresArray(std::string_view bytes, const PostgresType& element,
                         const DecodeContext& context, Value* out) {
  if (bytes.size() < 12) return false;
  const auto dimensions = ReadBig<int32_t>(bytes.data());
  if (ReadBig<uint32_t>(bytes.data() + 8) != element.oid) return false;
  bytes.remove_prefix(12);
  if (dimensions == 0) {
    *out = ListValue({});
    return bytes.empty();
  }
  if (dimensions < 0 || dimensions > kMaxDimensions ||
      bytes.size() < 8 * static_cast<size_t>(dimensions)) {
    return false;
  }
  int32_t sizes[kMaxDimensions];
  for (int i = 0; i < dimensions; ++i) {
    sizes[i] = ReadBig<int32_t>(bytes.data() + 8 * i);
    if (sizes[i] <= 0) return false;
  }
  bytes.remove_prefix(8 * static_cast<size_t>(dimensions));
  ArrayReader reader(bytes, sizes, dimensions, element, context);
  return reader.Read(0, out) && reader.done();
}

}  // namespace penstock::sources
