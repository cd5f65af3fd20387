// The coercions, from the files in cases/.
#include <rapidjson/document.h>

#include <charconv>
#include <filesystem>
#include <fstream>

#include "core/value/text.h"
#include "core/value/time.h"
#include "tests/mapping/fixture.h"

namespace penstock::testing {
namespace {

namespace fs = std::filesystem;

std::string Trimmed(std::string text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  text.erase(0, text.find_first_not_of(' '));
  return text;
}

std::vector<std::string> Split(const std::string& text, char by) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == by) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

sdk::Field ParseField(const std::string& text, Integration* integration) {
  sdk::Field field = MakeField("f");
  for (const std::string& word : Split(text, ' ')) {
    for (int i = 0; i <= static_cast<int>(sdk::FieldType::kList); ++i) {
      const auto type = static_cast<sdk::FieldType>(i);
      if (word == sdk::FieldTypeName(type)) field.type = type;
    }
    for (int i = 0; i <= static_cast<int>(sdk::Normaliser::kE164); ++i) {
      const auto normaliser = static_cast<sdk::Normaliser>(i);
      if (word != sdk::NormaliserName(normaliser)) continue;
      field.unique = true;
      field.normalisers.push_back(normaliser);
    }
    if (word == "multiple") field.multiple = true;
    if (word.starts_with("max="))
      field.max_length = static_cast<uint32_t>(std::stoul(word.substr(4)));
    if (word.starts_with("allowed=")) field.allowed = Split(word.substr(8), ',');
    if (word.starts_with("zone=")) integration->time_zone = word.substr(5);
  }
  return field;
}

Value FromJson(const rapidjson::Value& json, Arena* arena) {
  if (json.IsNull()) return NullValue();
  if (json.IsBool()) return BoolValue(json.GetBool());
  if (json.IsInt64()) return IntValue(json.GetInt64());
  return StringValue(arena->Copy({json.GetString(), json.GetStringLength()}));
}

Value ParseList(const std::string& text, Arena* arena) {
  rapidjson::Document json;
  json.Parse(text);
  if (!json.IsArray()) {
    ADD_FAILURE() << "not a list: " << text;
    return NullValue();
  }
  const std::span<Value> items = arena->Values(json.Size());
  for (rapidjson::SizeType i = 0; i < json.Size(); ++i) items[i] = FromJson(json[i], arena);
  return ListValue(items);
}

Value ParseScalar(ValueType type, const std::string& text, Arena* arena) {
  if (type == ValueType::kBool) return BoolValue(text == "true");
  if (type == ValueType::kInt64) return IntValue(std::stoll(text));
  if (type == ValueType::kDouble) return DoubleValue(std::strtod(text.c_str(), nullptr));
  if (type == ValueType::kDate) return DateValue(ParseDate(text).value());
  if (type == ValueType::kTimestamp) return TimestampValue(ParseTimestamp(text).value().micros);
  if (type == ValueType::kList) return ParseList(text, arena);
  std::string content = text;
  if (type == ValueType::kBytes) DecodeBase64(text, &content);
  if (type == ValueType::kString && text.starts_with('"')) {
    rapidjson::Document json;
    json.Parse(text);
    EXPECT_TRUE(json.IsString()) << text;
    content.assign(json.GetString(), json.GetStringLength());
  }
  return TextValue(type, arena->Copy(content));
}

// "int64 5". Nullopt when the first word is no type.
std::optional<Value> ParseValue(const std::string& text, Arena* arena) {
  const size_t space = std::min(text.find(' '), text.size());
  for (int i = 0; i <= PENSTOCK_LIST; ++i) {
    const auto type = static_cast<ValueType>(i);
    if (text.substr(0, space) != TypeName(type)) continue;
    return ParseScalar(type, Trimmed(text.substr(space)), arena);
  }
  return std::nullopt;
}

void RunCase(const std::string& line) {
  const std::vector<std::string> parts = Split(line, '|');
  ASSERT_EQ(parts.size(), 3u);
  Integration integration = MakeIntegration({{"f", "column"}});
  const sdk::Object object = Contacts({ParseField(Trimmed(parts[0]), &integration)});
  Arena arena;
  const auto source = ParseValue(Trimmed(parts[1]), &arena);
  ASSERT_TRUE(source.has_value());
  const auto mapper = MakeMapper(integration, {"email", "column"}, object);
  ASSERT_NE(mapper, nullptr);
  const Value row[] = {StringValue("a@b.example"), *source};
  const Record& record = mapper->Map(row);
  const std::string expected = Trimmed(parts[2]);
  const auto value = ParseValue(expected, &arena);
  if (!value) {
    EXPECT_FALSE(record.valid) << Described(record.valid ? record.values[1] : NullValue());
    EXPECT_EQ(record.invalid_code, expected) << record.invalid_message;
    EXPECT_EQ(record.invalid_field, "f");
    EXPECT_TRUE(record.invalid_message.starts_with("\"f\" ")) << record.invalid_message;
    return;
  }
  ASSERT_TRUE(record.valid) << record.invalid_code << ": " << record.invalid_message;
  EXPECT_TRUE(SameValue(record.values[1], *value)) << Described(record.values[1]);
}

TEST(Coercion, Cases) {
  int cases = 0;
  for (const auto& entry :
       fs::directory_iterator(fs::path(PENSTOCK_TEST_SOURCE_DIR) / "tests/mapping/cases")) {
    if (entry.path().extension() != ".txt") continue;
    std::ifstream in(entry.path());
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
      if (line.empty() || line[0] == '#') continue;
      SCOPED_TRACE(entry.path().filename().string() + ":" + std::to_string(number) + ": " + line);
      RunCase(line);
      ++cases;
    }
  }
  EXPECT_GT(cases, 150);
}

TEST(Coercion, TextThatIsNotUtf8MakesTheRowInvalid) {
  for (const sdk::FieldType type : {sdk::FieldType::kString, sdk::FieldType::kList}) {
    const auto mapper =
        MakeMapper(MakeIntegration({{"f", "c"}}), {"email", "c"}, Contacts({MakeField("f", type)}));
    const Value bad = StringValue("\xFFx");
    const Value row[] = {StringValue("a"),
                         type == sdk::FieldType::kList ? ListValue({&bad, 1}) : bad};
    const Record& record = mapper->Map(row);
    EXPECT_FALSE(record.valid);
    EXPECT_EQ(record.invalid_code, "NOT_TEXT");
    EXPECT_EQ(record.invalid_message.find('\xFF'), std::string_view::npos);
  }
}

}  // namespace
}  // namespace penstock::testing
